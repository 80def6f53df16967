"""Settings that have no effect: right on their own, and about nothing that is in the plan.

A rule gives the key path, why it has no effect and what would give it one; one engine says so where it is written.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from planner.base.words import some
from planner.families import declared
from planner.family.declared import HELD, PAID_AT_START, OnlyWith, SwitchesBlock
from planner.family.table_columns import bools, floats, texts
from planner.inputs.existing import market_share_frac, stated_sites
from planner.inputs.failover import has_failover
from planner.inputs.halls import first_delivery
from planner.inputs.power import moves_between_sites
from planner.inputs.scope import LEADS, own_key
from planner.inputs.sites import in_need_of_block
from planner.inputs.supply_figures import SourceFigures, sources_in_play
from planner.inputs.tariffs import billed_sites
from planner.scenario.contradictions import ID_KEYS, NEW_ID_KEYS, written_at
from planner.scenario.keys import KEYS, field_at, is_by_year, marks, marks_on
from planner.scenario.messages import problem_at
from planner.scenario.tree import EACH, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.errors import Problem
    from planner.family.references import IdOf, NewIdOf
    from planner.inputs.case import ScopedCase
    from planner.scenario.tree import Keys, Node, Place

_SWITCHES: Final = tuple(tuple(keys.split(".")) for keys, mark in marks() if isinstance(mark, SwitchesBlock))
_ONLY_WITH: Final = tuple((tuple(keys.split(".")), mark) for keys, mark in marks() if isinstance(mark, OnlyWith))
_IS: Final = ("is in scope", "is not in scope")
_HAS_A_SITE: Final = ("has a site in scope", "has no site in scope")
_NAMED: Final = 8
_REMOVE: Final = "remove it, or widen the scope"


class _Idle(NamedTuple):
    """A setting without effect."""

    keys: Keys
    why: str
    fix: str = ""  # what gives it an effect
    subject: str = ""  # what has none, where the key path does not name it

    def problem(self, tree: Node) -> Problem:
        """Say it where it is written."""
        what_is = f"{self.subject or '.'.join(map(str, self.keys))} has no effect{self.why}"
        return problem_at(tree, self.keys, what_is, "", f"{self.fix}, or remove it" if self.fix else "remove it")


def settings_without_effect(case: ScopedCase) -> tuple[Problem, ...]:
    """Find settings that have no effect in the plan."""
    tree = case.scenario.tree
    rules = (
        *_of_sources(case),
        *_after_the_plan(case),
        *_switched_off(tree),
        *_without_another(case),
        *_alone(case),
        *(
            _Idle((name, idle.key), f": {idle.why}", idle.fix)
            for name, found in declared("without_effect")
            for idle in found(case)
        ),
        *_of_tariffs(case),
        *_of_blocks(case),
        *_of_sites(case),
    )
    found = (*_out_of_scope(case), *(idle.problem(tree) for idle in rules if tree.at(*idle.keys)))
    # What an extended file says for its own scope and years is no mistake here.
    handed_down = {str(path) for path in case.scenario.source_files[1:]}
    return tuple(problem for problem in found if problem.file not in handed_down)


def _out_of_scope(case: ScopedCase) -> Iterator[Problem]:
    in_scope = {
        "sites": ("site", *_IS, case.ids("sites")),
        "workloads": ("class", *_IS, case.ids("workloads")),
        "grid_zones": ("zone", *_HAS_A_SITE, texts(case.sites, "zone")),
        "facility_market": ("market", *_HAS_A_SITE, texts(case.sites, "market")),
    }
    left_out = {id_ for id_, own in {**case.scenario.new_sites, **case.scenario.sites}.items() if own.exclude}
    marked: dict[str, IdOf | NewIdOf] = {**ID_KEYS, **NEW_ID_KEYS}
    for keys, mark in marked.items():
        if not mark.in_scope:
            continue
        noun, some_are, none_are, ids_in_scope = in_scope[mark.table]
        # Figures of a site and that it is left out may be given together.
        is_figures = mark.table == "sites" and keys.endswith(KEYS)
        known = {*ids_in_scope, *(left_out if is_figures else ())}
        of_file: dict[str, dict[str, Place]] = {}
        for id_, place in written_at(case.scenario.tree, keys):
            if id_ not in known:
                of_file.setdefault(place.file, {}).setdefault(id_, place)
        block = keys.split(f".{EACH}")[0].removesuffix(f".{KEYS}")
        for places in of_file.values():
            ids = list(places)
            what_is = f"{ids[0]} under {block} has no effect: {noun} {ids[0]} {none_are}"
            if len(ids) > 1:
                named = some(ids, _NAMED)
                what_is = f"{named} under {block} have no effect: none of them {some_are}"
            yield places[ids[0]].problem(what_is, "", _REMOVE)


def _after_the_plan(case: ScopedCase) -> Iterator[_Idle]:
    last = case.scenario.years[-1]
    for key_path, node in walk(case.scenario.tree):
        if not (node.children and is_by_year(key_path)):
            continue
        later = sorted(int(year) for year in node.children if int(year) > last)
        field = field_at(key_path)
        said = [mark for _, mark in marks_on(field.rebuild_annotation())] if field else []
        is_line = HELD not in said and str(last) not in node.children
        if is_line or PAID_AT_START in said:
            later = later[1:]  # the line toward the first of them is read
        if later:
            name = f"{'.'.join(map(str, key_path))} for {', '.join(map(str, later))}"
            yield _Idle((*key_path, str(later[0])), f": {last} is the last model year", "add years", name)


def _switched_off(tree: Node) -> Iterator[_Idle]:
    for *key_path, switch in _SWITCHES:
        node = tree.at(*key_path)
        if node is None or switch in node.children:
            continue  # what is switched off by hand is meant so
        for key in node.children:
            if (*key_path, key) not in {keys[:-1] for keys in _SWITCHES}:
                other = ".".join((*key_path, switch))
                yield _Idle((*key_path, key), f" without {other}", f"give {other}")


def _without_another(case: ScopedCase) -> Iterator[_Idle]:
    """Keys that say of themselves that they have no effect without another one."""
    for keys, mark in _ONLY_WITH:
        *block, _ = keys
        if block == ["failover"] and not has_failover(case):
            continue  # the whole block has no effect
        other = ".".join((*block, mark.key))
        if mark.value is None:
            partner = case.scenario.tree.at(*block, mark.key)
            if partner is None or partner.value is None:
                yield _Idle(keys, f" without {other}", f"give {other}")
        elif (value := attrgetter(other)(case.scenario)) != mark.value:
            yield _Idle(keys, f": {mark.why or f'{other} is {value}'}", mark.fix)


_ALLOW_SOURCE: Final = "allow one under supply.allow"
_NONE_WHOLE: Final = "no openings, phases, blocks, plants or racks are integers"
_MAKE_WHOLE: Final = "set siting.whole_openings: true, or another of them"
_MAKE_GAP: Final = f"{_MAKE_WHOLE}, or solver.method: decomposed"
_NO_EXPORT, _ALLOW_EXPORT = "no source makes power to sell", "allow a source under supply.allow"
_BY_MARKET: Final = "there is no target, and carbon is not counted by market"
_SHED: Final = "load is shed at sites with non-firm connection, and none is allowed"
_MOVES: Final = "no workload in scope has work that may move between sites"
_MOVE: Final = "give a workload moves_between_sites: true under workloads"
_FAILOVER: Final = "give a workload `failover: true` under workloads"


def _alone(case: ScopedCase) -> Iterator[_Idle]:
    s = case.scenario
    operator, siting, failover, years, non_firm = s.operator, s.siting, s.failover, s.years, s.grid.non_firm
    in_play, sources = sources_in_play(case), case.tables["onsite_sources"]
    roles = {*sources["role"][sources["onsite"].isin(in_play)]}
    waits = floats(case.workloads, "deferrable_frac") > 0.0
    whole = siting.whole_openings, siting.block_mw, siting.table_blocks, s.racks.whole
    is_whole = any(whole) or case.sites["phase_mw"].notna().any() or (s.supply.whole_sources and s.supply.allow)
    # A stress study bars pairs whether or not a workload asks for failover.
    node = s.tree.children.get("failover")
    plans_failover = node is not None and not all(key.startswith("barred_") for key in node.children)
    window, most, n, fails_over = s.foresight.window_years, siting.at_most_sites, len(case.sites), has_failover(case)
    has_no_share = operator.stock_sites and not market_share_frac(case, operator.stock_share_frac)
    is_by_market = s.contracts.matching.target_frac is not None or s.carbon.accounting == "market"
    moves = (moves_between_sites(case) & waits).any()
    is_late = plans_failover and fails_over and (failover.from_year or 0) > years[-1]
    sees_all, any_number = window is not None and window >= len(years), most is not None and most >= n
    no_share, give_share = "nothing that exists is a share of the market's", "give operator.stock_share_frac"
    from_year = f"it is {failover.from_year}, and {years[-1]} is the last model year"
    sheds_nothing = non_firm.shed.allow and not non_firm.allow
    builds_none = s.supply.whole_sources and not s.supply.allow
    for keys, is_idle, why, fix in (
        ("operator.stock_sites", has_no_share, no_share, give_share),
        ("contracts.matching.mode", not is_by_market, _BY_MARKET, "give contracts.matching.target_frac"),
        ("grid.non_firm.shed.allow", sheds_nothing, _SHED, "give grid.non_firm.allow: true"),
        ("flexibility.move_usd_per_mwh", not moves, _MOVES, _MOVE),
        ("supply.sites", not in_play, "no source is allowed, exists or runs as standby", _ALLOW_SOURCE),
        ("supply.whole_sources", builds_none, "no source may be built", _ALLOW_SOURCE),
        ("supply.export.allow", s.supply.export.allow and roles <= {"storage"}, _NO_EXPORT, _ALLOW_EXPORT),
        ("solver.whole_numbers", not is_whole, _NONE_WHOLE, _MAKE_WHOLE),
        ("solver.gap_frac", not is_whole and s.solver.method != "decomposed", _NONE_WHOLE, _MAKE_GAP),
        ("failover", plans_failover and not fails_over, "no workload in scope has it", _FAILOVER),
        ("failover.from_year", is_late, from_year, "name a model year"),
        ("foresight.window_years", sees_all, f"it is {window}, and the plan has {len(years)} model years", "lower it"),
        ("siting.at_most_sites", any_number, f"it is {most}, and {n} sites are in scope", "lower it"),
    ):
        if is_idle:
            yield _Idle(tuple(keys.split(".")), f": {why}", fix)


def _of_sources(case: ScopedCase) -> Iterator[_Idle]:
    """Figures of on-site sources that are neither there nor allowed, and sources that come after the plan."""
    supply, last = case.scenario.supply, case.scenario.years[-1]
    table = case.tables["onsite_sources"].drop_duplicates("onsite").set_index("onsite")
    known = [id_ for id_ in sources_in_play(case) if id_ in table.index]
    fuels = set(table.loc[known, "fuel"].dropna())
    for key, ids, may, why in (
        ("max_mw", supply.max_mw, set(supply.allow), "is not in supply.allow"),
        ("override", supply.override, set(known), "is neither allowed nor existing"),
        ("fuel_price_usd_per_mmbtu", supply.fuel_price_usd_per_mmbtu, fuels, "is burnt by none"),
    ):
        for id_ in (id_ for id_ in ids if id_ not in may):
            yield _Idle(("supply", key, id_), f": {id_} {why}", "allow a source that it is about under supply.allow")
    allow = [(at, id_) for at, id_ in enumerate(supply.allow) if id_ in table.index]
    figures = SourceFigures(case, tuple(id_ for _, id_ in allow))
    for (at, id_), start, months in zip(allow, figures.start, figures.operating("lead_months"), strict=True):
        if start >= last + 1.0:
            why = f": it cannot serve before {int(start)}, {months:g} months from the first decision, and {last} is"
            fix = "add years, give its lead_months under supply.override"
            yield _Idle(("supply", "allow", at), f"{why} the last model year", fix, f"{id_} under supply.allow")


def _of_tariffs(case: ScopedCase) -> Iterator[_Idle]:
    """Tariffs written out that bill nobody, or have no energy charge to bundle."""
    energy = case.scenario.energy
    for id_, own in energy.own_tariffs.items():
        keys = ("energy", "own_tariffs", id_)
        if id_ not in {use.tariff for use in energy.tariffs}:
            yield _Idle(keys, ": no entry of energy.tariffs names it", "name it there")
        elif "bundle" in own.model_fields_set and own.bundle == "bundled" and not own.energy:
            why = f": {id_} has no energy charge, and energy is bought at the wholesale price"
            yield _Idle((*keys, "bundle"), why, "write one")


def _of_blocks(case: ScopedCase) -> Iterator[_Idle]:
    """Round trips and first years of workloads that need no block, or need one from that year on anyway, or never."""
    siting, years, needed = case.scenario.siting, case.years.years, in_need_of_block(case)
    first = min((year for year in years if year >= first_delivery(case)), default=years[-1])
    for key, names in (("block_rtt_ms", siting.block_rtt_ms), ("block_from_year", siting.block_from_year)):
        for name in (name for name in names if name not in needed):
            yield _Idle(("siting", key, name), f": {name} needs no block", f"set siting.block_mw of {name}")
    for name, year in siting.block_from_year.items():
        keys = ("siting", "block_from_year", name)
        if name in needed and year <= first:
            why = f": {first} is the first model year in which racks ordered now can serve, and no block is needed"
            yield _Idle(keys, f"{why} before", f"name a year after {first}")
        elif name in needed and year > years[-1]:
            why = f": {name} never needs it, as siting.block_from_year is {year} and {years[-1]} the last model year"
            yield _Idle(keys, why, "name a model year", f"The block of {name}")


def _of_sites(case: ScopedCase) -> Iterator[_Idle]:
    for site, figures in idle_figures(case).items():
        for figure, why in figures.items():
            if key_path := own_key(case.scenario, site, figure):
                yield _Idle(key_path, f": {why}")


def idle_figures(case: ScopedCase) -> Mapping[str, Mapping[str, str]]:
    """Find the figures that have no effect at each site, whoever gave them."""
    billed = np.isin(np.arange(len(case.sites)), list(billed_sites(case)))
    closed = ~bools(case.sites, "new_halls")
    exists = stated_sites(case) | (floats(case.sites, "existing_mw") > 0.0)
    _, of_hall, of_grid = (~np.isnan(floats(case.sites, column)) for column in LEADS)
    free = np.full(len(case.sites), not case.scenario.energy.demand_charge)
    rules = (
        ("retail_usd_per_mwh", billed, "a tariff bills it from the first year"),
        ("demand_charge_usd_per_kw_month", billed, "a tariff bills it from the first year"),
        ("demand_charge_usd_per_kw_month", free, "energy.demand_charge is false"),
        ("build_rate_mw_per_year", closed, "new_halls is false there"),
        ("lead_time_months", of_hall & of_grid, "halls and connection have each their own lead"),
        ("hall_lead_months", closed, "new_halls is false there"),
        ("phase_mw", closed, "new_halls is false there"),
        ("opening_usd", exists, "it is open already"),
        ("minimum_size_mw", exists, "it is open already"),
    )
    found: dict[str, dict[str, str]] = {}
    for figure, is_idle, why in rules:
        for row in np.flatnonzero(is_idle):
            found.setdefault(case.ids("sites")[row], {}).setdefault(figure, why)
    return found
