"""Settings that change nothing: right on their own, and about nothing that is in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.words import some
from planner.inputs.frames import floats, texts
from planner.inputs.migration import moves_between_sites
from planner.inputs.supply_figures import SourceFigures, sources_in_play
from planner.scenario.ids import ID_KEYS, NEW_ID_KEYS, written_at
from planner.scenario.keys import EACH, KEYS
from planner.scenario.messages import problem_at
from planner.scenario.tree import Node, is_year_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.errors import Problem
    from planner.inputs.case import Case
    from planner.scenario.references import IdOf, NewIdOf
    from planner.scenario.tree import Keys, Place

__all__ = ["HELD", "SWITCHES", "settings_without_effect"]

_PAID_AT_START: Final = frozenset({"capex_usd_per_kw", "energy_capex_usd_per_kwh"})
"""Paths read where service begins, which may be after the start of the last model year."""
HELD: Final = frozenset(
    {
        "cap_kt",
        "capex_budget_musd",
        "grid_firm_mw",
        "price_usd_per_h100e_hour",
        "price_usd_per_t",
        "target_frac",
    }
)
"""Paths by year that hold until the next figure; the others are straight lines between them."""
SWITCHES: Final = (
    (("energy", "load_price"), "allow"),
    (("grid", "non_firm"), "allow"),
    (("grid", "non_firm", "shed"), "allow"),
    (("heat",), "sell"),
    (("lease",), "allow"),
    (("supply", "bridge"), "sources"),
    (("supply", "export"), "allow"),
    (("supply", "standby"), "allow"),
)
"""Blocks that say nothing until a key of theirs switches them on."""
_OF_SEASONS: Final = ("season_days", "peak_day_days", "peak_month")
"""Keys of time that a series of days does without."""
_OF_FORM: Final = {"nearest_standbys": "pairs", "neighbour_users_frac": "neighbours"}
"""Keys of failover that one form alone looks at."""
_IS: Final = ("is in scope", "is not in scope")
_HAS_A_SITE: Final = ("has a site in scope", "has no site in scope")
_NAMED: Final = 8
_REMOVE: Final = "remove it, or widen the scope"


def settings_without_effect(case: Case) -> tuple[Problem, ...]:
    """Find settings that change nothing in the plan.

    Parameters
    ----------
    case : Case
        Scope and settings.

    Returns
    -------
    tuple of Problem
        Where each is written, that it changes nothing and why, and what to do. None of them
        keeps a plan from being made. Those of a file that is extended are left out.
    """
    found = (
        *_out_of_scope(case),
        *_of_sources(case),
        *_out_of_time(case),
        *_after_the_plan(case, case.scenario.tree, ()),
        *_switched_off(case.scenario.tree),
        *_of_own_round_trips(case.scenario.tree),
        *_without_company(case),
        *_of_failover(case),
        *_of_own_tariffs(case),
        *_of_siting(case),
    )
    # What an extended file says for its own scope and years is no mistake here.
    handed_down = {str(path) for path in case.scenario.source_files[1:]}
    return tuple(problem for problem in found if problem.file not in handed_down)


def _out_of_scope(case: Case) -> Iterator[Problem]:
    in_scope = {
        "sites": ("site", *_IS, case.ids("sites")),
        "workloads": ("class", *_IS, case.ids("workloads")),
        "grid_zones": ("zone", *_HAS_A_SITE, texts(case.sites, "zone")),
        "facility_market": ("market", *_HAS_A_SITE, texts(case.sites, "market")),
    }
    given = {**case.scenario.new_sites, **case.scenario.sites}
    left_out = {id_ for id_, own in given.items() if own.exclude}
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
            what_is = f"{ids[0]} under {block} changes nothing, as {noun} {ids[0]} {none_are}"
            if len(ids) > 1:
                named = some(ids, _NAMED)
                what_is = f"{named} under {block} change nothing, as none of them {some_are}"
            yield places[ids[0]].problem(what_is, "", _REMOVE)


def _of_sources(case: Case) -> Iterator[Problem]:
    supply, tree = case.scenario.supply, case.scenario.tree
    table = case.tables["onsite_sources"].drop_duplicates("onsite").set_index("onsite")
    found = len(case.findings.problems)
    known = [id_ for id_ in sources_in_play(case) if id_ in table.index]
    if len(case.findings.problems) > found:
        return
    fuels = set(table.loc[known, "fuel"].dropna())
    for key, ids, may, why in (
        ("max_mw", supply.max_mw, set(supply.allow), "is not in supply.allow"),
        ("override", supply.override, set(known), "is neither allowed nor standing"),
        ("fuel_price_usd_per_mmbtu", supply.fuel_price_usd_per_mmbtu, fuels, "is burnt by none"),
    ):
        for id_ in ids:
            if id_ not in may:
                what_is = f"supply.{key}.{id_} changes nothing, as {id_} {why}"
                mend = "remove it, or allow a source that it is about under supply.allow"
                yield problem_at(tree, ("supply", key, id_), what_is, "", mend)
    if supply.export.allow and set(table.loc[known, "role"]) <= {"storage"}:
        what_is = "supply.export.allow changes nothing, as no source makes power to sell"
        mend = "remove it, or allow a source under supply.allow"
        yield problem_at(tree, ("supply", "export", "allow"), what_is, "", mend)


def _out_of_time(case: Case) -> Iterator[Problem]:
    """Sources that may be built, and that cannot serve before the plan ends."""
    table = case.tables["onsite_sources"]
    known = set(table["onsite"])
    allow = [(at, id_) for at, id_ in enumerate(case.scenario.supply.allow) if id_ in known]
    figures = SourceFigures(case, tuple(id_ for _, id_ in allow))
    last, lead_months = case.scenario.years[-1], figures.operating("lead_months")
    for (at, id_), start, months in zip(allow, figures.start, lead_months, strict=True):
        if start >= last + 1.0:
            what_is = (
                f"{id_} under supply.allow changes nothing, as it cannot serve before"
                f" {int(start)}, {months:g} months from the first decision, and {last} is the"
                " last model year"
            )
            mend = "remove it, add years, or give its lead_months under supply.override"
            yield problem_at(case.scenario.tree, ("supply", "allow", at), what_is, "", mend)


def _after_the_plan(case: Case, node: Node, way: Keys) -> Iterator[Problem]:
    """Figures for years that the plan does not reach."""
    if is_year_path(node):
        last = case.scenario.years[-1]
        later = sorted(int(year) for year in node.children if int(year) > last)
        is_line = way[-1] not in HELD and str(last) not in node.children
        if is_line or way[-1] in _PAID_AT_START:
            later = later[1:]  # the line toward the first of them is read
        if later:
            name = ".".join(map(str, way))
            years = ", ".join(map(str, later))
            what_is = f"{name} for {years} changes nothing, as {last} is the last model year"
            mend = "remove it, or add years"
            yield problem_at(case.scenario.tree, (*way, str(later[0])), what_is, "", mend)
        return
    below = enumerate(node.value) if isinstance(node.value, tuple) else node.children.items()
    for key, entry in below:
        yield from _after_the_plan(case, entry, (*way, key))


def _of_own_round_trips(tree: Node) -> Iterator[Problem]:
    node = tree.children.get("latency")
    if node is None or "rtt_table" in node.children:
        return
    for key in ("own_rtt_includes_last_mile", "own_rtt_fill_missing"):
        if key in node.children:
            what_is = f"latency.{key} changes nothing without latency.rtt_table"
            mend = "give latency.rtt_table, or remove it"
            yield problem_at(tree, ("latency", key), what_is, "", mend)


def _switched_off(tree: Node) -> Iterator[Problem]:
    for way, switch in SWITCHES:
        node = _at(tree, way)
        if node is None or switch in node.children:
            continue  # what is switched off by hand is meant so
        for key in node.children:
            if (*way, key) in [block for block, _ in SWITCHES]:
                continue
            name = ".".join(way)
            what_is = f"{name}.{key} changes nothing without {name}.{switch}"
            mend = f"give {name}.{switch}, or remove it"
            yield problem_at(tree, (*way, key), what_is, "", mend)


def _at(tree: Node, way: Keys) -> Node | None:
    """Return the node that is written at a way, None where there is none."""
    for key in way:
        below = tree.children.get(str(key))
        if below is None:
            return None
        tree = below
    return tree


def _without_company(case: Case) -> Iterator[Problem]:
    """Settings that are about another one, which is not given."""
    scenario = case.scenario
    carbon, matching, siting = scenario.carbon, scenario.contracts.matching, scenario.siting
    has_buyer = set(texts(case.sites, "country")) & set(texts(case.tables["heat_reuse"], "country"))
    has_source = bool(sources_in_play(case))
    non_firm = scenario.grid.non_firm
    waits = floats(case.workloads, "deferrable_frac") > 0.0
    may_move = bool((moves_between_sites(case) & waits).any())
    rules: tuple[tuple[Keys, bool, str, str], ...] = (
        *(
            (
                ("time", key),
                scenario.time.chronological,
                "time.chronological tells the year by a series of days",
                "remove it",
            )
            for key in _OF_SEASONS
        ),
        (
            ("contracts", "matching", "mode"),
            matching.target_frac is None and carbon.accounting != "market",
            "there is no target, and carbon is not counted by market",
            "give contracts.matching.target_frac, or remove it",
        ),
        (
            ("siting", "open_rows"),
            not siting.whole_openings,
            "sites need not open in whole",
            "set siting.whole_openings: true, or remove it",
        ),
        (
            ("heat", "sell"),
            scenario.heat.sell and not has_buyer,
            "table heat_reuse has no row for the country of a site in scope",
            "add a row to a table of your own under data:, or remove it",
        ),
        (
            ("grid", "non_firm", "shed", "allow"),
            non_firm.shed.allow and not non_firm.allow,
            "load is shed at sites with non-firm connection, and none may be had",
            "give grid.non_firm.allow: true, or remove it",
        ),
        (
            ("flexibility", "move_usd_per_mwh"),
            not may_move,
            "no class in scope has work that may move between sites",
            "give a class moves_between_sites: true under workloads, or remove it",
        ),
        (
            ("supply", "sites"),
            not has_source,
            "no source is allowed, stands or runs as stand-by",
            "allow one under supply.allow, or remove it",
        ),
        (
            ("supply", "whole_sources"),
            scenario.supply.whole_sources and not scenario.supply.allow,
            "no source may be built",
            "allow one under supply.allow, or remove it",
        ),
    )
    is_whole = (
        siting.whole_openings
        or siting.block_mw
        or case.sites["phase_mw"].notna().any()
        or (scenario.supply.whole_sources and scenario.supply.allow)
    )
    rules += tuple(
        (
            ("solver", key),
            not is_whole,
            "no openings, phases, blocks or plants must be whole",
            "set siting.whole_openings: true, or another of them, or remove it",
        )
        for key in ("whole_numbers", "gap_frac")
    )
    for way, is_idle, why, mend in rules:
        node = _at(scenario.tree, way)
        if is_idle and node is not None:
            what_is = f"{'.'.join(map(str, way))} changes nothing, as {why}"
            yield problem_at(scenario.tree, way, what_is, "", mend)


def _of_failover(case: Case) -> Iterator[Problem]:
    scenario, failover = case.scenario, case.scenario.failover
    node = scenario.tree.children.get("failover")
    if node is None or not node.children:
        return
    # A stress study bars pairs whether or not a class asks for failover.
    if all(key.startswith("barred_") for key in node.children):
        return
    asks = [id_ for id_, own in scenario.workloads.items() if own.failover]
    if not set(asks) & set(case.ids("workloads")):
        what_is = "failover changes nothing, as no class in scope asks for it"
        mend = "give a class `failover: true` under workloads, or remove it"
        yield problem_at(scenario.tree, ("failover",), what_is, "", mend)
        return
    if failover.from_year is not None and failover.from_year > scenario.years[-1]:
        what_is = (
            f"failover is planned from {failover.from_year} on and changes nothing, as"
            f" {scenario.years[-1]} is the last model year"
        )
        yield problem_at(
            scenario.tree, ("failover", "from_year"), what_is, "", "name a model year, or remove it"
        )
    for key, form in _OF_FORM.items():
        if key in node.children and failover.form != form:
            what_is = f"failover.{key} changes nothing, as failover.form is {failover.form}"
            mend = f"take the form {form}, or remove it"
            yield problem_at(scenario.tree, ("failover", key), what_is, "", mend)


def _of_own_tariffs(case: Case) -> Iterator[Problem]:
    energy, tree = case.scenario.energy, case.scenario.tree
    used = {use.tariff for use in energy.tariffs}
    for id_, own in energy.own_tariffs.items():
        way = ("energy", "own_tariffs", id_)
        if id_ not in used:
            what_is = f"energy.own_tariffs.{id_} changes nothing, as no entry of energy.tariffs"
            mend = "name it there, or remove it"
            yield problem_at(tree, way, f"{what_is} names it", "", mend)
        elif "bundle" in own.model_fields_set and own.bundle == "bundled" and not own.energy:
            what_is = f"energy.own_tariffs.{id_}.bundle changes nothing, as {id_} has no energy"
            mend = "write one, or remove it: energy is bought at the wholesale price beside it"
            yield problem_at(tree, (*way, "bundle"), f"{what_is} charge", "", mend)


def _of_siting(case: Case) -> Iterator[Problem]:
    most, count = case.scenario.siting.at_most_sites, len(case.sites)
    if most is not None and most >= count:
        what_is = f"siting.at_most_sites changes nothing: it is {most}, and {count} sites are"
        mend = "lower it, or remove it"
        way = ("siting", "at_most_sites")
        yield problem_at(case.scenario.tree, way, f"{what_is} in scope", "", mend)
