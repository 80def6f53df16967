"""Which limits bind, where and when, and what one more unit of each is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.lp.join import locate
from planner.units import HOURS_PER_YEAR, M2_PER_THOUSAND_M2, M3_PER_THOUSAND_M3

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.inputs.types import Floats
    from planner.studies.explanation import Solved

    Limit = Callable[[Solved, pd.DataFrame], Floats]

__all__ = ["PLACES", "binding", "demand_price"]

PLACES: Final = (
    "site",
    "source",
    "hall",
    "contract",
    "zone",
    "tier",
    "pool",
    "market",
    "vendor",
    "workload",
)
"""What tells the rows of a limit apart, besides the year."""

_FULL: Final = 0.999
_ONE_PERCENT: Final = 0.01


def binding(solved: Solved) -> pd.DataFrame:
    """List the limits that bind because the plan cannot buy its way past them.

    A hall that was just built is full too, and its shadow price is the price of a hall: that is
    no limit, and is left out. Halls and connections are listed in years in which nothing new can
    be there yet, land where the whole of it is built on.

    Parameters
    ----------
    solved : Solved
        With shadow prices.

    Returns
    -------
    DataFrame
        One row per limit, place and year: block, place, year, what one more unit is worth
        (value, unit), the raw dual per unit of its row [MUSD], the limit and its unit, and
        what 1 % more of the limit saves, or of a target costs [MUSD]; the last orders the rows.
    """
    prices = solved.results.tables["prices"]
    parts = []
    for block, (unit, limit, is_scarce) in _LIMITS.items():
        rows = prices[prices["block"] == block].reset_index(drop=True)
        if block == "grid_connection":
            rows = _all_periods(rows)
        rows = rows[is_scarce(solved, rows)] if len(rows) else rows
        if rows.empty:
            continue
        amounts = limit(solved, rows)
        labels = rows.assign(tier=rows["tier"].where(rows["tier"] == "", rows["tier"] + " %"))
        place = [" ".join(filter(None, of)) for of in labels[list(PLACES)].to_numpy()]
        parts.append(
            pd.DataFrame(
                {
                    "block": block,
                    "place": place,
                    **{name: rows[name].to_numpy() for name in PLACES},
                    "year": rows["year"].to_numpy(),
                    "value": rows["value"].to_numpy(),
                    "unit": rows["unit"].to_numpy(),
                    "raw_dual": rows["raw_dual"].to_numpy(),
                    "limit": amounts,
                    "limit_unit": unit,
                    "one_percent_musd": np.abs(rows["raw_dual"].to_numpy())
                    * amounts
                    * _ONE_PERCENT,
                }
            )
        )
    if not parts:
        names = ("block", "place", *PLACES, "year", "value", "unit", "raw_dual", "limit")
        return pd.DataFrame(columns=[*names, "limit_unit", "one_percent_musd"])
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("one_percent_musd", ascending=False, ignore_index=True)


def demand_price(solved: Solved) -> pd.DataFrame:
    """Tell what one more unit of compute costs, by class and year.

    Returns
    -------
    DataFrame
        workload, year, demand_kh100e, and USD per H100e-hour: the mean over regions by their
        demand, the least and the most of any region.
    """
    prices = solved.results.tables["prices"]
    rows = prices[prices["block"] == "demand_balance"]
    asked = solved.results.tables["demand"][["region", "workload", "year", "demand_kh100e"]]
    rows = rows.merge(asked, on=["region", "workload", "year"], how="left")
    rows["paid"] = rows["value"] * rows["demand_kh100e"]
    by = rows.groupby(["workload", "year"], as_index=False).agg(
        demand_kh100e=("demand_kh100e", "sum"),
        paid=("paid", "sum"),
        least_usd_per_h100e_hour=("value", "min"),
        most_usd_per_h100e_hour=("value", "max"),
    )
    by.insert(3, "mean_usd_per_h100e_hour", by.pop("paid") / by["demand_kh100e"])
    return by


def _all_periods(rows: pd.DataFrame) -> pd.DataFrame:
    """Add up what one MW of connection is worth in all billing periods of a year."""
    keys = ["site", "year"]
    summed = rows.groupby(keys, as_index=False)[["value", "raw_dual"]].sum()
    first = rows.drop_duplicates(keys).drop(columns=["value", "raw_dual"])
    return first.merge(summed, on=keys).reset_index(drop=True)


def _codes(solved: Solved, rows: pd.DataFrame, *axes: str) -> list[np.ndarray]:
    sets = solved.inputs.sets
    return [getattr(sets, axis).codes(rows[axis].astype(str)) for axis in axes]


def _always(_: Solved, rows: pd.DataFrame) -> np.ndarray:
    return np.ones(len(rows), dtype=np.bool_)


def _is_full(solved: Solved, rows: pd.DataFrame) -> np.ndarray:
    """Sites that are built up; elsewhere the row prices the opening of a site."""
    halls = solved.results.tables["site_year"].set_index(["site", "year"])["halls_mw"]
    at = pd.MultiIndex.from_frame(rows[["site", "year"]])
    return np.asarray(halls.reindex(at).to_numpy() >= _FULL * _land(solved, rows))


def _no_hall_yet(solved: Solved, rows: pd.DataFrame) -> np.ndarray:
    """Halls of years in which no new one of any design can serve at the site."""
    build = solved.inputs.halls.build
    free = ~solved.inputs.halls.build_is_early
    first = np.full(len(solved.inputs.sets.site), len(solved.inputs.sets.year))
    np.minimum.at(first, build["site"][free], build["year"][free])
    site, year = _codes(solved, rows, "site", "year")
    return np.asarray(year < first[site])


def _no_connection_yet(solved: Solved, rows: pd.DataFrame) -> np.ndarray:
    """Connections of years in which no new one, firm or not, can serve: all there is is firm."""
    first = np.full(len(solved.inputs.sets.site), len(solved.inputs.sets.year))
    for offers in (solved.inputs.grid.expand, solved.inputs.non_firm.connect):
        np.minimum.at(first, offers["site"], offers["year"])
    site, year = _codes(solved, rows, "site", "year")
    return np.asarray(year < first[site])


def _land(solved: Solved, rows: pd.DataFrame) -> Floats:
    return np.asarray(solved.inputs.sites.land_limit_mw[_codes(solved, rows, "site")[0]])


def _hall_mw(solved: Solved, rows: pd.DataFrame) -> Floats:
    usable = solved.results.tables["halls"].set_index(["site", "hall", "year"])["usable_mw"]
    return _looked_up(usable, rows[["site", "hall", "year"]])


def _floor(solved: Solved, rows: pd.DataFrame) -> Floats:
    """Floor in the unit of the row. [thousand m2]"""
    floor = solved.results.tables["halls"].set_index(["site", "hall", "year"])["floor_m2"]
    return _looked_up(floor, rows[["site", "hall", "year"]]) / M2_PER_THOUSAND_M2


def _firm(solved: Solved, rows: pd.DataFrame) -> Floats:
    firm = solved.results.tables["site_year"].set_index(["site", "year"])["firm_mw"]
    return _looked_up(firm, rows[["site", "year"]])


def _looked_up(of: pd.Series[float], keys: pd.DataFrame) -> Floats:
    """Return the figures of rows; 0 where there is none."""
    found = of.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(dtype=np.float64)
    return np.asarray(np.nan_to_num(found))


def _headroom(solved: Solved, rows: pd.DataFrame) -> Floats:
    grid = solved.inputs.grid
    return np.asarray(
        grid.headroom_mw[locate(grid.headroom, *_codes(solved, rows, "zone", "year"))]
    )


def _all_headroom(solved: Solved, rows: pd.DataFrame) -> Floats:
    p = solved.inputs.non_firm
    at = locate(
        p.headroom, *_codes(solved, rows, "zone", "year"), p.tier.codes(rows["tier"].astype(str))
    )
    return np.asarray(p.headroom_mw[at])


def _crews(solved: Solved, rows: pd.DataFrame) -> Floats:
    sites = solved.inputs.sites
    at = locate(sites.site_year, *_codes(solved, rows, "site", "year"))
    return np.asarray(sites.build_rate_mw[at])


def _market(solved: Solved, rows: pd.DataFrame) -> Floats:
    sites = solved.inputs.sites
    at = locate(sites.market_rate, *_codes(solved, rows, "market", "year"))
    return np.asarray(sites.market_rate_mw[at])


def _committed(solved: Solved, rows: pd.DataFrame) -> Floats:
    halls = solved.inputs.halls
    at = locate(halls.committed, *_codes(solved, rows, "site", "year"))
    return np.asarray(halls.committed_mw[at])


def _lease(solved: Solved, rows: pd.DataFrame) -> Floats:
    return np.asarray(solved.inputs.halls.lease_depth_mw[_codes(solved, rows, "site")[0]])


def _deliveries(solved: Solved, rows: pd.DataFrame) -> Floats:
    racks = solved.inputs.racks
    at = locate(racks.delivery, *_codes(solved, rows, "vendor", "year"))
    return np.asarray(racks.delivery_limit_mw[at])


def _rent(solved: Solved, rows: pd.DataFrame) -> Floats:
    return np.asarray(solved.inputs.rent.depth_kh100e[_codes(solved, rows, "year")[0]])


def _budget(solved: Solved, rows: pd.DataFrame) -> Floats:
    sites = solved.inputs.sites
    return np.asarray(
        sites.capex_budget_musd[locate(sites.capex_budget, *_codes(solved, rows, "year"))]
    )


def _carbon(solved: Solved, rows: pd.DataFrame) -> Floats:
    carbon = solved.inputs.carbon
    return np.asarray(carbon.cap_kt[locate(carbon.cap, *_codes(solved, rows, "year"))])


def _water(solved: Solved, rows: pd.DataFrame) -> Floats:
    """Water limit in the unit of the row. [thousand m3]"""
    carbon = solved.inputs.carbon
    at = locate(carbon.water_limit, *_codes(solved, rows, "site", "year"))
    return np.asarray(carbon.water_limit_m3[at]) / M3_PER_THOUSAND_M3


def _permit(solved: Solved, rows: pd.DataFrame) -> Floats:
    """Water that permits grant the halls that stand, in the unit of the row. [thousand m3]"""
    carbon = solved.inputs.carbon
    at = locate(carbon.water_permit, *_codes(solved, rows, "site", "year"))
    halls = solved.results.tables["halls"].groupby(["site", "year"])["usable_mw"].sum()
    usable_mw = _looked_up(halls, rows[["site", "year"]])
    return np.asarray(carbon.water_permit_m3_per_mw[at] * usable_mw / M3_PER_THOUSAND_M3)


def _is_granted(solved: Solved, rows: pd.DataFrame) -> np.ndarray:
    """Sites with halls; elsewhere the row prices the first of them."""
    return np.asarray(_permit(solved, rows) > 0.0)


def _clean(solved: Solved, rows: pd.DataFrame) -> Floats:
    """Clean power that the target asks for, mean over the year. [MW]"""
    told = solved.results.tables["matching"].set_index(["pool", "year"])
    asked_mwh = told["target_frac"] * told["used_mwh"]
    return _looked_up(asked_mwh, rows[["pool", "year"]]) / HOURS_PER_YEAR


def _offered(solved: Solved, rows: pd.DataFrame) -> Floats:
    contracts = solved.inputs.contracts
    contract = contracts.contract.codes(rows["contract"].astype(str))
    at = locate(contracts.force, contract, *_codes(solved, rows, "zone", "year"))
    return np.asarray(contracts.limit_mw[at])


def _source(solved: Solved, rows: pd.DataFrame) -> Floats:
    supply = solved.inputs.supply
    site, year = _codes(solved, rows, "site", "year")
    source = supply.source.codes(rows["source"].astype(str))
    return np.asarray(supply.limit_mw[locate(supply.limited, site, source, year)])


_LIMITS: Final[dict[str, tuple[str, Limit, Callable[[Solved, pd.DataFrame], np.ndarray]]]] = {
    "zone_headroom": ("MW", _headroom, _always),
    "all_headroom": ("MW", _all_headroom, _always),
    "grid_connection": ("MW", _firm, _no_connection_yet),
    "deliveries": ("MW", _deliveries, _always),
    "hall_power": ("MW", _hall_mw, _no_hall_yet),
    "hall_space": ("thousand m2", _floor, _no_hall_yet),
    "committed_halls": ("MW", _committed, _always),
    "build_rate": ("MW", _crews, _always),
    "market_build_rate": ("MW", _market, _always),
    "land_limit": ("MW", _land, _is_full),
    "lease_depth": ("MW", _lease, _always),
    "rent_depth": ("kH100e", _rent, _always),
    "capex_budget": ("MUSD", _budget, _always),
    "carbon_cap": ("kt CO2", _carbon, _always),
    "water_limit": ("thousand m3", _water, _always),
    "water_permit": ("thousand m3", _permit, _is_granted),
    "clean_target": ("MW", _clean, _always),
    "contract_limit": ("MW", _offered, _always),
    "source_limit": ("MW", _source, _always),
}
"""For each limit its unit, how much of it there is, and where it is more than a price."""
