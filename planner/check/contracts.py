"""Power under contract and clean targets: what is in force, delivered, used, claimed and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.chain import site_power
from planner.check.declared import DualPrice, Table
from planner.check.frames import column_by, crossed, isin, keyed, lookup, once, path_value, quotient, sum_by, to_frame
from planner.check.lead_times import decision_start
from planner.check.table import table_of
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_HOURS_PER_YEAR = 8760.0

_FORCE = ("contract", "zone", "year")
_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_POOL = ("pool", "year")
_NOT_BURNT = ("", "uranium")  # heat of the earth has no fuel


def profiles(case: Case, table: pd.DataFrame) -> Floats:
    """Output over capacity for every row of a table with contract and zone, shape (row, slot)."""
    contracts, sets = case.inputs.contracts, case.inputs.sets
    return np.asarray(
        contracts.profile_frac[contracts.contract.codes(table["contract"]), sets.zone.codes(table["zone"])]
    )


def begin_of_delivery(case: Case, table: pd.DataFrame) -> Floats:
    """Return the begin of delivery of what is signed for a model year."""
    offers = case.scenario.contracts.ppa
    lead = np.array([offers[name].lead_months / 12.0 for name in table["contract"]])
    return np.asarray(np.maximum(decision_start(case) + lead, table["year"].to_numpy(dtype=np.float64)))


def signed_already(case: Case) -> pd.DataFrame:
    """List agreements of the scenario that are signed already, of zones with a site."""
    listed, zones = case.scenario.contracts.existing, set(case.scope["zone"])
    rows = [
        (name, one.zone, one.first_year, one.mw, float(one.first_year), one.last_year + 1.0)
        for name, one in listed.items()
        if one.zone in zones
    ]
    columns = [*_FORCE, "signed_mw", "begin", "end"]
    return table_of({name: [row[at] for row in rows] for at, name in enumerate(columns)})


def in_force(case: Case) -> pd.DataFrame:
    """List every agreement, signed by the plan or before it, with what is in force by year."""
    table = case.plan("contracts")
    offers = case.scenario.contracts.ppa
    signed = table[(table["signed_mw"] > 0.0) & table["contract"].isin(list(offers))]
    begin = begin_of_delivery(case, signed)
    term = np.array([float(offers[name].term_years) for name in signed["contract"]])
    rows = signed[[*_FORCE, "signed_mw"]].assign(begin=begin, end=begin + term)
    rows = crossed(rows, table_of({"year_now": case.years}))
    before = crossed(signed_already(case), table_of({"year_now": case.years}))
    now = before[["zone", "year_now"]].rename(columns={"year_now": "year"})
    before = before[isin(now, _zones_with_sites(case), ("zone", "year"))]
    rows = pd.concat([rows, before], ignore_index=True)
    last = case.last_calendar_year(rows["year_now"]) + 1.0
    first = rows["year_now"].to_numpy(dtype=np.float64)
    overlap = np.minimum(rows["end"], last) - np.maximum(rows["begin"], first)
    share = np.clip(overlap / (last - first), 0.0, 1.0)
    return rows.assign(in_force_mw=rows["signed_mw"] * share)


def _zones_with_sites(case: Case) -> pd.DataFrame:
    """Zones and years in which a site is in the plan: zone, year."""
    return case.site_year.assign(zone=_zone_of(case, case.site_year))[["zone", "year"]]


def _zone_of(case: Case, table: pd.DataFrame) -> pd.Series[str]:
    return table["site"].map(column_by(case.scope, "site", "zone"))


def _output(case: Case, *, physical: bool) -> pd.DataFrame:
    """Rows of `contract_slot`, of physical agreements or all."""
    slots, offers = case.plan("contract_slot"), case.scenario.contracts.agreements
    is_physical = np.array([offers[c].kind == "physical" for c in slots["contract"]], np.bool_)
    return slots[is_physical] if physical else slots


# --- what is clean ----------------------------------------------------------------------


def pool_of_sites(case: Case) -> pd.Series[str]:
    """Pool of every site: its zone, its country, or the operator's one."""
    sites = case.scope.set_index("site")
    area = case.scenario.contracts.area
    if area == "operator":
        return pd.Series("operator", index=sites.index)
    return sites["zone" if area == "zone" else "country"].astype("str")


def pool_of_zones(case: Case) -> dict[str, str]:
    """Return the pool of every zone: that of its first site."""
    of_site, zones = pool_of_sites(case), column_by(case.scope, "site", "zone")
    return {str(zones[site]): str(of_site[site]) for site in reversed(zones.index)}


def _own_clean_mw(case: Case) -> Floats:
    """Own clean power less what is curtailed, sold and stored, shape (site_year, slot)."""
    power, sets = site_power(case), case.inputs.sets
    total = np.zeros_like(power.facility_mw)
    row_of = keyed(power.site_year)

    def add(frame: pd.DataFrame, mw: pd.Series[float]) -> None:
        row = row_of.get_indexer(keyed(frame[list(_SITE)]))
        np.add.at(total, (row, sets.slot.codes(frame["slot"])), mw.to_numpy(dtype=np.float64))

    made, left = case.plan("source_slot"), case.plan("site_surplus")
    fuel = column_by(case.data("onsite_sources").drop_duplicates("onsite"), "onsite", "fuel")
    clean = made[made["source"].map(fuel).fillna("").isin(_NOT_BURNT)]
    add(clean, clean["output_mw"] - clean["charge_mw"])
    add(left, -left["export_mw"] - left["surplus_mw"])
    return total


@once
def _by_pool(case: Case) -> pd.DataFrame:
    """Power by pool, year and time slice, added up again."""
    power, share = site_power(case), case.inputs.contracts.clean_frac
    shape = power.facility_mw.shape
    frame = crossed(power.site_year, power.slot[["slot", "hours"]])
    used = case.plan("contract_use")
    claimed = lookup(used.set_index(list(_SLOT))["claimed_mw"], frame, _SLOT)
    of_grid = to_frame(case.inputs.power.slot, share=share).set_index(list(_SLOT))["share"]
    grid = power.grid_mw.ravel()
    frame = frame.assign(
        pool=frame["site"].map(pool_of_sites(case)),
        used=power.site_mw.ravel(),
        grid=grid,
        own_clean=_own_clean_mw(case).ravel(),
        claimed=claimed,
        grid_clean=lookup(of_grid, frame, _SLOT, np.nan).reshape(shape).ravel() * (grid - claimed),
    )
    names = ["used", "grid", "own_clean", "claimed", "grid_clean"]
    return frame.groupby([*_POOL, "slot", "hours"], sort=False)[names].sum().reset_index()


@rule(unit="MWh", floor=1000.0, rows_of=("contract_use", "matching", "matching_slot"))
def matching(case: Case) -> Excess:
    """Energy used, drawn, claimed and clean of every pool follows from its sites."""
    table, slots = case.plan("matching"), case.plan("matching_slot")
    pools = _by_pool(case)
    key = (*_POOL, "slot")
    names = ("used", "grid", "own_clean", "claimed", "grid_clean")
    parts = []
    for name in names:
        by_slot = sum_by(pools, key, pools[name])
        by_year = sum_by(pools, _POOL, pools[name] * pools["hours"])
        parts += [
            Excess.differs(slots[list(key)], slots[f"{name}_mw"].to_numpy(), lookup(by_slot, slots, key, np.nan)),
            Excess.differs(table[list(_POOL)], table[f"{name}_mwh"].to_numpy(), lookup(by_year, table, _POOL, np.nan)),
        ]
    clean = table[["own_clean_mwh", "claimed_mwh", "grid_clean_mwh"]].sum(axis=1)
    total = Excess.differs(table[list(_POOL)], table["clean_mwh"].to_numpy(), clean.to_numpy())
    return total.and_also(*parts)


def _delivered(case: Case) -> pd.DataFrame:
    """Power that contracts deliver in each pool: pool, year, time slice, output_mw."""
    output = _output(case, physical=False)
    return output.assign(pool=output["zone"].map(pool_of_zones(case)))


def _best_gain_mwh(case: Case, key: tuple[str, ...]) -> pd.Series[float]:
    """Clean energy that contracts can add where they count over `key`, by pool and year. [MWh]

    What is drawn with the smallest clean share is claimed first, as far as contracts deliver.
    """
    power, share = site_power(case), case.inputs.contracts.clean_frac
    frame = crossed(power.site_year, power.slot[["slot", "hours"]])
    frame = frame.assign(
        pool=frame["site"].map(pool_of_sites(case)),
        dirty=1.0 - lookup(_by_slot(case, share), frame, _SLOT, np.nan),
        mwh=np.maximum(power.grid_mw.ravel(), 0.0) * frame["hours"],
    ).sort_values("dirty", ascending=False, kind="stable")
    output, hours = _delivered(case), column_by(power.slot, "slot", "hours")
    delivered = sum_by(output, key, output["output_mw"] * lookup(hours, output, ("slot",), np.nan))
    groups = frame.groupby(list(key), sort=False)["mwh"]
    before = groups.cumsum() - frame["mwh"]
    left = np.maximum(lookup(delivered, frame, key) - before, 0.0)
    return sum_by(frame, _POOL, frame["dirty"] * np.minimum(left, frame["mwh"]))


def _by_slot(case: Case, values: Floats) -> pd.Series[float]:
    return to_frame(case.inputs.power.slot, value=values).set_index(list(_SLOT))["value"]


@rule(unit="MWh", floor=1000.0, rows_of=("matching", "matching_slot"))
def best_matching_reported(case: Case) -> Excess:
    """PPA deliveries to each pool, and its highest possible clean share, are reported correctly."""
    table, slots = case.plan("matching"), case.plan("matching_slot")
    own, output = _by_pool(case), _delivered(case)
    hours = lookup(column_by(site_power(case).slot, "slot", "hours"), output, ("slot",), np.nan)
    grid_share = _by_slot(case, case.inputs.contracts.clean_frac)
    power = site_power(case)
    drawn = crossed(power.site_year, power.slot[["slot", "hours"]])
    drawn = drawn.assign(pool=drawn["site"].map(pool_of_sites(case)))
    of_grid = lookup(grid_share, drawn, _SLOT, np.nan) * power.grid_mw.ravel() * drawn["hours"]
    without = lookup(sum_by(drawn, _POOL, of_grid), table, _POOL)
    without = without + lookup(sum_by(own, _POOL, own["own_clean"] * own["hours"]), table, _POOL)
    used = lookup(sum_by(own, _POOL, own["used"] * own["hours"]), table, _POOL)
    best = {
        name: quotient(without + lookup(_best_gain_mwh(case, key), table, _POOL), used)
        for name, key in (("annual_frac", _POOL), ("hourly_frac", (*_POOL, "slot")))
    }
    pools = slots[list(_POOL)].drop_duplicates(ignore_index=True)
    forgotten = Excess.count_broken(pools, ~isin(pools, table, _POOL))
    delivered = sum_by(output, _POOL, output["output_mw"] * hours)
    by_slot = sum_by(output, (*_POOL, "slot"), output["output_mw"])
    shares = [
        # Shares are held in MWh of what is used.
        Excess.reported(table[list(_POOL)].assign(what=name), table[name].to_numpy() * used, own * used)
        for name, own in (*best.items(), ("clean_frac", quotient(table["clean_mwh"], table["used_mwh"])))
    ]
    return columns_reported(table, _POOL, {"delivered_mwh": lookup(delivered, table, _POOL)}).and_also(
        columns_reported(slots, (*_POOL, "slot"), {"delivered_mw": lookup(by_slot, slots, (*_POOL, "slot"))}),
        forgotten,
        *shares,
    )


@rule(unit="MWh", floor=1000.0)
def clean_target_reported(case: Case) -> Excess:
    """Targets are the scenario's, and no more counts than the best that PPAs allow."""
    goals, asked, used_mwh, reached_mwh = _goals(case)
    mode = case.scenario.contracts.matching.mode
    allowed = "hourly_frac" if mode == "hourly" else "annual_frac"
    best_mwh = goals[allowed].fillna(0.0).to_numpy() * used_mwh
    place = goals[list(_POOL)]
    # Targets are held in MWh of what is used.
    reported_mwh = goals["target_frac"].to_numpy() * used_mwh
    return Excess.differs(place, reported_mwh, asked * used_mwh).and_also(Excess.above(place, reached_mwh, best_mwh))


@once
def _goals(case: Case) -> tuple[pd.DataFrame, Floats, Floats, Floats]:
    """Pools and years with a target, with what is reported of them; asked for, used, and clean."""
    settings, reported = case.scenario.contracts.matching, case.plan("matching")
    if settings.target_frac is None and reported["target_frac"].isna().all():
        return reported.iloc[:0], np.zeros(0), np.zeros(0), np.zeros(0)
    pools = _by_pool(case)
    # What is not reported stays missing, and what is missing breaks the rule.
    goals = pools[list(_POOL)].drop_duplicates().merge(reported, on=list(_POOL), how="left")
    asked = np.array([path_value(settings.target_frac, year) or 0.0 for year in goals["year"]])
    is_goal = (asked > 0.0) | goals["target_frac"].notna().to_numpy(dtype=np.bool_)
    goals, asked = goals[is_goal], asked[is_goal]
    clean = pools["own_clean"] + pools["claimed"] + pools["grid_clean"]
    reached = sum_by(pools, _POOL, clean * pools["hours"])
    used = sum_by(pools, _POOL, pools["used"] * pools["hours"])
    return goals, asked, lookup(used, goals, _POOL), lookup(reached, goals, _POOL)


def _matching_slot_rows(case: Case) -> pd.DataFrame:
    pools = case.plan("matching")[["pool", "year"]]
    return crossed(pools, site_power(case).slot[["slot"]])


HEADING: Final = "PPAs and clean power"
IMPLIED: Final[Mapping[str, Table]] = {"matching_slot": _matching_slot_rows}
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "signed_mw": ("contracts", "signed_mw"),
    "contract_mw": ("contracts", "in_force_mw"),
    "take_mw": ("contract_use", "taken_mw"),
    "claim_mw": ("contract_use", "claimed_mw"),
}
PRICES: Final[Mapping[str, DualPrice]] = {
    "contract_limit": DualPrice("USD/MW-year"),
    "clean_target": DualPrice("USD/MWh", _HOURS_PER_YEAR, must_be_met=True),
}
