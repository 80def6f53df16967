"""Rows and prices of a planner's own: rows without effect, and what a plan adds to the prices."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import amount, some
from planner.family.table_columns import PROVENANCE, floats, named_in, texts
from planner.inputs.case import BASE_YEAR_OF_MONEY, trend_factor
from planner.inputs.existing import HALLS, RACKS, market_share_frac, stated_sites
from planner.inputs.money import construction_factor, on_top_of_hard_cost
from planner.inputs.scope import own_key
from planner.inputs.supply_figures import sources_in_play
from planner.inputs.tariffs import billed_sites
from planner.tables import load_package, read_tables, right_tables
from planner.tables.descriptor import OWN
from planner.tables.places import TableCell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import At, ScopedCase
    from planner.inputs.money import HallCost
    from planner.inputs.racks import RackFigures
    from planner.scenario.tree import Keys

_NAMED: Final = 8
_SEEN_TO: Final = frozenset({HALLS, RACKS, "site_series"})
"""Tables whose rows are looked at one by one where they are read."""
_OF_ITEMS: Final = ("facility_cost", "finance", "lead_times", "rent_terms")
"""Tables of single figures, each read by its item."""


def note_unread_tables(case: ScopedCase, read: tuple[str, ...]) -> None:
    """Note tables of one's own that no plan reads; a copy of a shipped one asks for nothing."""
    files = {name: of for name, of in case.scenario.data_files.items() if name not in read}
    given = right_tables(files, files)
    for name in files:
        if name in given and _is_as_shipped(name, given[name]):
            continue
        text = f"data.{name} has no effect: no plan is made from table {name}. Remove it."
        case.findings.add_note(text, ("data", name))


def _is_as_shipped(name: str, table: pd.DataFrame) -> bool:
    """Whether a table of one's own has the rows of the shipped one, in any order."""
    return len(table) == len(shipped_table(name)) and bool(_is_shipped(name, table).all())


def note_own_rows(case: ScopedCase) -> None:
    """Note rows of one's own that have no effect, by table and by what they are about.

    A row is a planner's own where its `kind` says so, and where an edited copy of a shipped table
    says something else than the shipped one. A table that shares no row with the shipped one
    describes another world; of it only rows flagged as own are looked at.
    """
    own = [name for name in case.scenario.data_files if name in case.tables]
    own = [name for name in own if name not in _SEEN_TO]
    if not own:
        return
    in_plan = _in_plan(case)
    for name in own:
        table = case.tables[name]
        is_own = own_rows(name, table)
        if not is_own.any():
            continue
        keys = load_package()[name].primary_key
        for column, (ids, why) in in_plan.items():
            if column not in keys:
                continue
            idle = is_own & ~table[column].isin(list(ids)).to_numpy(dtype=np.bool_)
            is_own &= ~idle
            fix = "correct the id, widen the scope, or remove them"
            _note_idle(case, name, column, np.flatnonzero(idle).tolist(), texts(table[idle], column), why, fix)
    for rack, reason in unusable_racks(case):
        table = case.tables["racks"]
        what_is, fix = f"rack {rack} has no effect: {reason}", "add what is missing, or remove it"
        case.findings.add_idle(TableCell("racks", int(np.flatnonzero(table["rack"] == rack)[0]), "rack"), what_is, fix)


def note_unread_rows(case: ScopedCase) -> None:
    """Note single figures of one's own that nothing in the plan was made from."""
    for name in _OF_ITEMS:
        if name not in case.scenario.data_files:
            continue
        table, keys = case.tables[name], load_package()[name].primary_key
        rows = list(zip(*(texts(table, key) for key in keys), strict=True))
        is_own = own_rows(name, table)
        idle = [at for at in np.flatnonzero(is_own).tolist() if (name, *rows[at]) not in case.rows_read]
        fix = "correct the item or what it is for, widen the scope, or remove them"
        named = [" of ".join(rows[at]) for at in idle]
        _note_idle(case, name, keys[0], idle, named, "nothing in this plan is made from it", fix)


def _note_idle(
    case: ScopedCase, name: str, column: str, rows: Sequence[int], about: Sequence[str], why: str, fix: str
) -> None:
    if len(rows):
        subject = "1 row of your own has" if len(rows) == 1 else f"{len(rows)} of your rows have"
        text = f"{subject} no effect in {name}, for {some(list(dict.fromkeys(about)), _NAMED)}: {why}"
        case.findings.add_idle(TableCell(name, int(rows[0]), column), text, fix)


def _in_plan(case: ScopedCase) -> Mapping[str, tuple[set[str], str]]:
    """Ids that the plan is about by name of column, and why others have no effect."""
    sites = {*case.ids("sites"), *(site.like for site in case.scenario.new_sites.values())}
    of_sites = case.tables["sites"]
    of_sites = of_sites[of_sites["site"].isin(list(sites))]

    def held_by_sites(column: str) -> set[str]:
        return {*texts(case.sites, column), *texts(of_sites, column)}

    tariffs = case.scenario.energy.tariffs
    billed = {entry.tariff for entry in tariffs} | {entry.terms or "" for entry in tariffs}
    levers = case.scenario.levers.allow
    no_site = "no site in scope has it"
    bought_as = case.scenario.racks.bought_as
    return {
        "country": ({*texts(case.sites, "country")}, "no site in scope is there"),
        "onsite": (set(sources_in_play(case)), "no source of it is allowed, exists or is standby"),
        "operator": (set() if bought_as is None else {bought_as}, "racks.bought_as does not name it"),
        "site": (sites, "the site is not in scope"),
        "zone": ({*held_by_sites("zone"), "default"}, no_site),
        "market": (held_by_sites("market"), no_site),
        "archetype": (held_by_sites("archetype"), no_site),
        "price_zone": (held_by_sites("price_zone"), no_site),
        "carbon_zone": (held_by_sites("carbon_zone"), no_site),
        "demand_region": ({*case.ids("regions")}, "the demand region is not in scope"),
        "workload": ({*case.ids("workloads")}, "the workload is not in scope"),
        "trajectory": ({case.scenario.demand.trajectory}, "demand.trajectory names another path"),
        "tariff": (billed, "energy.tariffs bills nobody by it"),
        "lever": ({*case.tables["levers"]["lever"]} if levers == "all" else {*levers}, "levers.allow does not name it"),
    }


def own_rows(name: str, table: pd.DataFrame) -> Bools:
    """Tell which rows of a table are a planner's own. Gives (row,)."""
    is_known = _is_shipped(name, table)
    flagged = np.array([kind == OWN for kind in texts(table, "kind")], dtype=np.bool_)
    return np.asarray(flagged | (~is_known & is_known.any()))


@cache
def shipped_table(name: str) -> pd.DataFrame:
    """Return a table as it ships."""
    return read_tables([name])[name]


def _is_shipped(name: str, table: pd.DataFrame) -> Bools:
    """Tell which rows of a table say what some row of the shipped one says. Gives (row,)."""
    figures = [column for column in table.columns if column not in PROVENANCE]
    found = table[figures].merge(shipped_table(name)[figures].drop_duplicates(), how="left", indicator=True)
    return found["_merge"].eq("both").to_numpy(dtype=np.bool_)


def unusable_racks(case: ScopedCase) -> Iterator[tuple[str, str]]:
    """Find racks of a planner's own that nothing can house or use, and that are not bought."""
    if "racks" not in case.scenario.data_files:
        return
    table = case.tables["racks"]
    computes = table["role"].eq("compute").to_numpy(dtype=np.bool_)
    housed, admitted = (set(case.tables[name]["rack"]) for name in ("rack_cooling", "workload_racks"))
    admitted |= {rack for own in case.scenario.workloads.values() for rack in own.racks or ()}
    # Demand in MW becomes compute by the power and throughput of some racks.
    read = {*_existing_racks(case), *case.tables["rack_stock"]["rack"], *case.tables["reference_fleet"]["rack"]}
    may_buy = dict(zip(case.racks["rack"], case.racks["may_buy"], strict=True))
    holds = case.tables["rack_cooling"]
    built = case.named("cooling", named_in(case.scenario.halls.cooling, case.ids("cooling")))
    works = ~np.isnan(floats(table, "training_h100e")) | ~np.isnan(floats(table, "inference_h100e"))
    for row in np.flatnonzero(own_rows("racks", table) & computes):
        rack = str(table["rack"].iloc[row])
        missing = [
            *(["a row of rack_cooling that says which halls hold it"] * (rack not in housed)),
            *(["a row of workload_racks that says what may run on it"] * (rack not in admitted)),
            *(["training_h100e or inference_h100e"] * (not works[row])),
        ]
        if missing:
            yield rack, f"it lacks {', '.join(missing)}"
        elif rack not in read and not may_buy[rack]:
            keys = "racks.allow, racks.exclude, racks.vendors or racks.bought_as"
            yield rack, f"{keys} keep it from being bought, and none exists"
        elif rack not in read and not holds[holds["rack"] == rack]["cooling"].isin(built).any():
            yield rack, "no cooling in halls.cooling fits this rack, and no site has one yet"


def _existing_racks(case: ScopedCase) -> Collection[str]:
    """Racks that sites in scope have: stated, or in the mix that is assumed of the others."""
    stated = case.tables[RACKS]
    there = {*stated["rack"][stated["site"].isin(case.ids("sites"))]}
    own_mw = floats(case.sites, "existing_mw")
    share = market_share_frac(case, case.scenario.operator.stock_share_frac)
    is_assumed = np.where(np.isnan(own_mw), share, own_mw) > 0.0
    if (is_assumed & ~stated_sites(case)).any():
        there |= {*case.tables["rack_stock"]["rack"]}
    return there


_CAPEX: Final = "capex_usd"
_CONSTRUCTION: Final = "construction_usd_per_w"
_RETAIL: Final = "retail_usd_per_mwh"
_INDEX_OFF_FRAC: Final = 0.02
"""Construction over index differs by more than this from what it is in the shipped table."""
_SHOWN_FRAC: Final = 5e-5  # a hundredth of a percent, rounded
_FEW: Final = 4
_MOST_DESIGNS: Final = 12


def note_own_prices(case: ScopedCase, figures: RackFigures, cost: HallCost) -> None:
    """Note for every price of a planner's own what the plan pays, and what of it is added."""
    _note_racks(case, figures)
    _note_building(case)
    _note_markets(case, cost)
    _note_power(case)


def _note_racks(case: ScopedCase, figures: RackFigures) -> None:
    adder = floats(case.racks, "fabric_adder_frac")
    tax = {country: case.finance_of("sales_tax", country) for country in texts(case.sites, "country")}
    country = max(tax, key=lambda of: tax[of])
    trend_frac = case.finance_of("rack_price_real_trend", "world")
    given = dict(_own_rack_prices(case))
    idle = {rack for rack, _ in unusable_racks(case)}  # noted to have no effect
    for row, rack in enumerate(case.ids("racks")):
        on_sale = (figures.first_year[row] <= case.last_year) & (case.year <= figures.last_sale_year[row])
        if rack not in given or rack in idle or not figures.may_buy[row] or not on_sale.any():
            continue
        price = float(floats(case.racks, _CAPEX)[row])
        fabric = price * adder[row]
        taxed = (price + fabric) * tax[country]
        first, last = np.flatnonzero(on_sale)[[0, -1]]
        paid = (price + fabric + taxed) * figures.capex_trend
        added = (
            (fabric, f"{_usd(fabric)} of network fabric and storage (fabric_adder_frac)"),
            (taxed, f"{_usd(taxed)} of sales tax in {country}"),
            (trend_frac, f"{_percent(trend_frac)} a year of price trend"),
        )
        if not (parts := [words for is_any, words in added if is_any]):
            continue
        in_plan = _by_year(case, paid, first, last)
        text = f"Rack {rack}: your price of {_usd(price)} is {in_plan} in the plan, with {_listed(parts)}."
        case.findings.add_note(text, given[rack])


def _own_rack_prices(case: ScopedCase) -> Iterator[tuple[str, At]]:
    """Racks with a price of the planner's own, and where it is written."""
    if "racks" in case.scenario.data_files:
        table = case.tables["racks"]
        for row in np.flatnonzero(own_rows("racks", table)):
            yield str(table["rack"].iloc[row]), TableCell("racks", int(row), _CAPEX)
    for rack, override in case.scenario.racks.override.items():
        if override.capex_usd is not None:
            yield rack, ("racks", "override", rack, _CAPEX)


def _note_building(case: ScopedCase) -> None:
    name = "facility_cost"
    if name not in case.scenario.data_files:
        return
    table = case.tables[name]
    is_own = own_rows(name, table)
    per_w = table["unit"].eq("USD/W IT") & table["group"].eq("capex")
    rows = np.flatnonzero(is_own & per_w.to_numpy(dtype=np.bool_))
    if not rows.size:
        return
    index = floats(case.sites, "index")
    factor = on_top_of_hard_cost(case) * construction_factor(case, case.year[[0, -1]].astype(np.float64))
    low, high = index.min() * factor, index.max() * factor
    parts = [
        f"{table['item'].iloc[row]} {amount(usd)} USD/W is {_between(usd * low[0], usd * high[0])}"
        f" in {case.year[0]} and {_between(usd * low[1], usd * high[1])} in {case.year[-1]}"
        for row, usd in zip(rows, floats(table, "value")[rows], strict=True)
    ]
    growth = case.finance_of("construction_real_escalation", "world")
    text = (
        f"Your costs of building: {some(parts, _FEW)}, before what a topology asks for more: times the index of the"
        f" market ({_between(index.min(), index.max())}), plus {on_top_of_hard_cost(case) - 1.0:.0%} of soft costs and"
        f" contingency, and {_percent(growth)} a year in real terms."
    )
    case.findings.add_note(text, TableCell(name, int(rows[0]), "value"))


def _note_markets(case: ScopedCase, cost: HallCost) -> None:
    name = "facility_market"
    if name not in case.scenario.data_files:
        return
    table, shipped = case.tables[name], shipped_table(name)
    us_average = float((floats(shipped, _CONSTRUCTION) / floats(shipped, "index")).mean())
    of_sites = np.array(texts(case.sites, "market"), dtype=object)
    for row in np.flatnonzero(own_rows(name, table)):
        market = table["market"].iloc[row]
        at = of_sites == market
        if not at.any():
            continue  # noted as a row without effect
        stated, index = float(table[_CONSTRUCTION].iloc[row]), float(table["index"].iloc[row])
        first, last = construction_factor(case, case.year[[0, -1]].astype(np.float64))
        makes = (
            f"which makes in USD/W of IT in {case.year[0]}, land included:"
            f" {_by_design(case, cost.capex_musd_per_mw[at] * first)};"
            f" in {case.year[-1]} {_percent(last / first - 1.0)}"
        )
        is_off, per_w = abs(stated / index / us_average - 1.0) > _INDEX_OFF_FRAC, f"{amount(stated)} USD/W"
        costs = f"its index of {amount(index)}"
        text = f"Halls in market {market} cost {costs}, that of {per_w}, times table facility_cost, {makes}."
        if is_off:
            text = f"{_CONSTRUCTION} {amount(stated)} of market {market} has no effect: halls cost {costs} times table"
            text += f" facility_cost, {makes}; for {per_w} write index {amount(stated / us_average)}."
        case.findings.add_note(text, TableCell(name, int(row), _CONSTRUCTION if is_off else "index"))


def _by_design(case: ScopedCase, usd_per_w: Floats) -> str:
    """List what halls cost, shape (site, cooling, redundancy), of the designs to choose from."""
    asked = case.scenario.halls
    of_cooling = np.flatnonzero(named_in(asked.cooling, case.ids("cooling")))
    of_redundancy = np.flatnonzero(named_in(asked.redundancy, case.ids("redundancy")))
    is_listed = of_cooling.size * of_redundancy.size <= _MOST_DESIGNS
    parts = []
    for k in of_cooling:
        costs = usd_per_w[:, k, of_redundancy]
        by_topology = [
            f"{_between(column.min(), column.max())} {case.ids('redundancy')[r]}"
            for r, column in zip(of_redundancy, costs.T, strict=True)
        ]
        shown = ", ".join(by_topology) if is_listed else _between(costs.min(), costs.max())
        parts.append(f"{case.ids('cooling')[k]} {shown}")
    return "; ".join(parts)


def _note_power(case: ScopedCase) -> None:
    if case.scenario.energy.escalation_real_frac is not None:
        return
    growth = case.finance_by_site("electricity_real_escalation")
    factor = trend_factor(growth, case.year[-1])
    billed = billed_sites(case)
    keys = [
        (row, key)
        for row, site in enumerate(case.ids("sites"))
        if row not in billed and (key := own_key(case.scenario, site, _RETAIL)) is not None
    ]
    prices = floats(case.sites, _RETAIL)
    parts = [
        f"{amount(prices[row], 4)} USD/MWh at {case.ids('sites')[row]} is"
        f" {amount(prices[row] * factor[row], 4)} in {case.year[-1]}"
        for row, _ in keys
        if abs(factor[row] - 1.0) > _SHOWN_FRAC
    ]
    own = case.scenario.energy.own_tariffs
    used = [use.tariff for use in case.scenario.energy.tariffs if use.tariff in own]
    parts += [
        f"tariff {id_} is {_percent(float(factor.max()) - 1.0)} in {case.year[-1]}"
        for id_ in dict.fromkeys(used)
        if own[id_].escalation_real_frac is None and abs(factor.max() - 1.0) > _SHOWN_FRAC
    ]
    if parts:
        place: Keys = keys[0][1] if keys else ("energy", "own_tariffs", used[0])
        case.findings.add_note(
            f"Your prices of power rise by {_range_of_percent(growth)} a year in real terms from {BASE_YEAR_OF_MONEY}:"
            f" {some(parts, _FEW)}. energy.escalation_real_frac sets the rise.",
            place,
        )


def _by_year(case: ScopedCase, usd: Floats, first: int, last: int) -> str:
    if first == last:
        return f"{_usd(usd[first])} in {case.year[first]}"
    return f"{_usd(usd[first])} in {case.year[first]} and {_usd(usd[last])} in {case.year[last]}"


def _usd(value: float) -> str:
    return f"{amount(value, 4)} USD"


def _percent(frac: float) -> str:
    return f"{100.0 * frac:+.3g} %"


def _range_of_percent(frac: Floats) -> str:
    low, high = 100.0 * frac.min(), 100.0 * frac.max()
    return f"{low:.3g} %" if high - low < 100.0 * _SHOWN_FRAC else f"{low:.3g} to {high:.3g} %"


def _between(low: float, high: float) -> str:
    shown = amount(low), amount(high)
    return shown[0] if shown[0] == shown[1] else " to ".join(shown)


def _listed(parts: list[str]) -> str:
    return " and ".join([*([", ".join(parts[:-1])] if parts[:-1] else []), parts[-1]])
