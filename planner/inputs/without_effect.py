"""Settings that have no effect: right on their own, and about nothing that is in the plan."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from planner.base.words import some
from planner.inputs.existing import market_share_frac
from planner.inputs.failover import failover_without_effect, has_failover
from planner.inputs.foresight import foresight_without_effect
from planner.inputs.migration import moves_between_sites
from planner.inputs.sites_without_effect import sites_without_effect
from planner.inputs.siting import siting_without_effect
from planner.inputs.supply_figures import sources_in_play
from planner.inputs.supply_without_effect import sources_without_effect
from planner.inputs.table_columns import floats, texts
from planner.inputs.tariffs_uses import own_tariffs_without_effect
from planner.scenario.effects import HELD, PAID_AT_START, OnlyWith, SwitchesBlock
from planner.scenario.ids import ID_KEYS, NEW_ID_KEYS, written_at
from planner.scenario.keys import EACH, KEYS, field_at, is_by_year, marks
from planner.scenario.messages import problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.errors import Problem
    from planner.inputs.case import ScopedCase
    from planner.scenario.references import IdOf, NewIdOf
    from planner.scenario.tree import Keys, Node, Place

__all__ = ["settings_without_effect"]

_SWITCHES: Final = tuple(tuple(keys.split(".")) for keys, mark in marks() if isinstance(mark, SwitchesBlock))
_ONLY_WITH: Final = tuple((tuple(keys.split(".")), mark) for keys, mark in marks() if isinstance(mark, OnlyWith))
_IS: Final = ("is in scope", "is not in scope")
_HAS_A_SITE: Final = ("has a site in scope", "has no site in scope")
_NAMED: Final = 8
_REMOVE: Final = "remove it, or widen the scope"


def settings_without_effect(case: ScopedCase) -> tuple[Problem, ...]:
    """Find settings that have no effect in the plan."""
    found = (
        *_out_of_scope(case),
        *sources_without_effect(case),
        *_after_the_plan(case, case.scenario.tree, ()),
        *_switched_off(case.scenario.tree),
        *_without_another(case),
        *_without_company(case),
        *failover_without_effect(case),
        *foresight_without_effect(case),
        *own_tariffs_without_effect(case),
        *siting_without_effect(case),
        *sites_without_effect(case),
    )
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
            what_is = f"{ids[0]} under {block} has no effect: {noun} {ids[0]} {none_are}"
            if len(ids) > 1:
                named = some(ids, _NAMED)
                what_is = f"{named} under {block} have no effect: none of them {some_are}"
            yield places[ids[0]].problem(what_is, "", _REMOVE)


def _after_the_plan(case: ScopedCase, node: Node, key_path: Keys) -> Iterator[Problem]:
    """Figures for years that the plan does not reach."""
    if node.children and is_by_year(key_path):
        last = case.scenario.years[-1]
        later = sorted(int(year) for year in node.children if int(year) > last)
        field = field_at(key_path)
        said = [mark for _, mark in marks(field.rebuild_annotation())] if field else []
        is_line = HELD not in said and str(last) not in node.children
        if is_line or PAID_AT_START in said:
            later = later[1:]  # the line toward the first of them is read
        if later:
            name = ".".join(map(str, key_path))
            years = ", ".join(map(str, later))
            what_is = f"{name} for {years} has no effect: {last} is the last model year"
            fix = "remove it, or add years"
            yield problem_at(case.scenario.tree, (*key_path, str(later[0])), what_is, "", fix)
        return
    below = enumerate(node.value) if isinstance(node.value, tuple) else node.children.items()
    for key, entry in below:
        yield from _after_the_plan(case, entry, (*key_path, key))


def _switched_off(tree: Node) -> Iterator[Problem]:
    for *key_path, switch in _SWITCHES:
        node = _node_at(tree, tuple(key_path))
        if node is None or switch in node.children:
            continue  # what is switched off by hand is meant so
        for key in node.children:
            if (*key_path, key) in {keys[:-1] for keys in _SWITCHES}:
                continue
            name = ".".join(key_path)
            what_is = f"{name}.{key} has no effect without {name}.{switch}"
            fix = f"give {name}.{switch}, or remove it"
            yield problem_at(tree, (*key_path, key), what_is, "", fix)


def _without_another(case: ScopedCase) -> Iterator[Problem]:
    """Keys that say of themselves that they have no effect without another one."""
    for keys, mark in _ONLY_WITH:
        *block, _ = keys
        if _node_at(case.scenario.tree, keys) is None:
            continue
        if block == ["failover"] and not has_failover(case):
            continue  # the whole block has no effect
        name, other = ".".join(keys), ".".join((*block, mark.key))
        what_is, fix = "", mark.fix
        if mark.value is None:
            partner = _node_at(case.scenario.tree, (*block, mark.key))
            if partner is None or partner.value is None:
                what_is, fix = f"{name} has no effect without {other}", f"give {other}"
        elif (value := attrgetter(other)(case.scenario)) != mark.value:
            what_is = f"{name} has no effect: {mark.why or f'{other} is {value}'}"
        if what_is:
            fix = f"{fix}, or remove it" if fix else "remove it"
            yield problem_at(case.scenario.tree, keys, what_is, "", fix)


def _node_at(tree: Node, key_path: Keys) -> Node | None:
    """Return the node that is written at a key path, None where there is none."""
    for key in key_path:
        below = tree.children.get(str(key))
        if below is None:
            return None
        tree = below
    return tree


def _without_company(case: ScopedCase) -> Iterator[Problem]:
    """Settings that are about another one, which is not given."""
    scenario = case.scenario
    carbon, matching, siting = scenario.carbon, scenario.contracts.matching, scenario.siting
    has_buyer = set(texts(case.sites, "country")) & set(texts(case.tables["heat_reuse"], "country"))
    has_source = bool(sources_in_play(case))
    non_firm = scenario.grid.non_firm
    waits = floats(case.workloads, "deferrable_frac") > 0.0
    may_move = bool((moves_between_sites(case) & waits).any())
    operator = scenario.operator
    rules: tuple[tuple[Keys, bool, str, str], ...] = (
        (
            ("operator", "stock_sites"),
            operator.stock_sites is not None and not market_share_frac(case, operator.stock_share_frac),
            "nothing that exists is a share of the market's",
            "give operator.stock_share_frac, or remove it",
        ),
        (
            ("contracts", "matching", "mode"),
            matching.target_frac is None and carbon.accounting != "market",
            "there is no target, and carbon is not counted by market",
            "give contracts.matching.target_frac, or remove it",
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
            "load is shed at sites with non-firm connection, and none is allowed",
            "give grid.non_firm.allow: true, or remove it",
        ),
        (
            ("flexibility", "move_usd_per_mwh"),
            not may_move,
            "no workload in scope has work that may move between sites",
            "give a workload moves_between_sites: true under workloads, or remove it",
        ),
        (
            ("supply", "sites"),
            not has_source,
            "no source is allowed, exists or runs as standby",
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
        or siting.table_blocks
        or scenario.racks.whole
        or case.sites["phase_mw"].notna().any()
        or (scenario.supply.whole_sources and scenario.supply.allow)
    )
    rules += tuple(
        (
            ("solver", key),
            not is_whole and (key != "gap_frac" or scenario.solver.method != "decomposed"),
            "no openings, phases, blocks, plants or racks are integers",
            f"set siting.whole_openings: true, or another of them{or_pieces}, or remove it",
        )
        for key, or_pieces in (("whole_numbers", ""), ("gap_frac", ", or solver.method: decomposed"))
    )
    for key_path, is_idle, why, fix in rules:
        node = _node_at(scenario.tree, key_path)
        if is_idle and node is not None:
            what_is = f"{'.'.join(map(str, key_path))} has no effect: {why}"
            yield problem_at(scenario.tree, key_path, what_is, "", fix)
