"""Which limits bind, where and when, and what one more unit of each is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import HOURS_PER_YEAR, M2_PER_THOUSAND_M2, M3_PER_THOUSAND_M3
from planner.lp.join import locate

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.inputs.inputs import Inputs
    from planner.lp import Index
    from planner.studies.explain.explanation import Solved

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


def _of_list(figures: Callable[[Inputs], tuple[Index, Floats]]) -> Limit:
    """Make the limit that the inputs hold in a list over the axes that tell its rows apart."""

    def limit(solved: Solved, rows: pd.DataFrame) -> Floats:
        over, amounts = figures(solved.inputs)
        codes = (axis.codes(rows[axis.name].astype(str)) for axis in over.axes)
        return np.asarray(amounts[locate(over, *codes)])

    return limit


def _of_axis(axis: str, figures: Callable[[Inputs], Floats]) -> Limit:
    """Make the limit that the inputs hold for every label of an axis."""
    return lambda solved, rows: np.asarray(figures(solved.inputs)[_codes(solved, rows, axis)[0]])


_headroom: Final = _of_list(lambda p: (p.grid.headroom, p.grid.headroom_mw))
_crews: Final = _of_list(lambda p: (p.sites.site_year, p.sites.build_rate_mw))
_all_headroom: Final = _of_list(lambda p: (p.non_firm.headroom, p.non_firm.headroom_mw))
_deliveries: Final = _of_list(lambda p: (p.racks.delivery, p.racks.delivery_limit_mw))
_committed: Final = _of_list(lambda p: (p.halls.committed, p.halls.committed_mw))
_market: Final = _of_list(lambda p: (p.sites.market_rate, p.sites.market_rate_mw))
_budget: Final = _of_list(lambda p: (p.sites.capex_budget, p.sites.capex_budget_musd))
_offered: Final = _of_list(lambda p: (p.contracts.force, p.contracts.limit_mw))
_lease: Final = _of_axis("site", lambda p: p.halls.lease_depth_mw)
_rent: Final = _of_axis("year", lambda p: p.rent.depth_kh100e)
_carbon: Final = _of_list(lambda p: (p.carbon.cap, p.carbon.cap_kt))
_source: Final = _of_list(lambda p: (p.supply.limited, p.supply.limit_mw))
_land: Final = _of_axis("site", lambda p: p.sites.land_limit_mw)
_water_m3: Final = _of_list(lambda p: (p.carbon.water_limit, p.carbon.water_limit_m3))
_permit_m3_per_mw: Final = _of_list(
    lambda p: (p.carbon.water_permit, p.carbon.water_permit_m3_per_mw)
)


def _water(solved: Solved, rows: pd.DataFrame) -> Floats:
    """Water limit in the unit of the row. [thousand m3]"""
    return np.asarray(_water_m3(solved, rows) / M3_PER_THOUSAND_M3)


def _permit(solved: Solved, rows: pd.DataFrame) -> Floats:
    """Water that permits grant the halls that stand, in the unit of the row. [thousand m3]"""
    halls = solved.results.tables["halls"].groupby(["site", "year"])["usable_mw"].sum()
    usable_mw = _looked_up(halls, rows[["site", "year"]])
    return np.asarray(_permit_m3_per_mw(solved, rows) * usable_mw / M3_PER_THOUSAND_M3)


def _is_granted(solved: Solved, rows: pd.DataFrame) -> np.ndarray:
    """Sites with halls; elsewhere the row prices the first of them."""
    return np.asarray(_permit(solved, rows) > 0.0)


def _clean(solved: Solved, rows: pd.DataFrame) -> Floats:
    """Clean power that the target asks for, mean over the year. [MW]"""
    told = solved.results.tables["matching"].set_index(["pool", "year"])
    asked_mwh = told["target_frac"] * told["used_mwh"]
    return _looked_up(asked_mwh, rows[["pool", "year"]]) / HOURS_PER_YEAR


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
