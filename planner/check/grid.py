"""Connections and headroom, power drawn and billed, and a balance where sites generate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.chain import site_power
from planner.check.days import year_rows
from planner.check.declared import TRACE, DualPrice, Table
from planner.check.existing import by_zone, connected, since
from planner.check.frames import isin, lookup, sum_by, to_frame, with_int_year
from planner.check.payments import discounts
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

_SITE = ("site", "year")
_ZONE = ("zone", "year")
_NOTHING_SPARE_MW = 1e-5  # a solver keeps its limits to less
_USD_PER_MUSD = 1e6
_ROUNDINGS = 8.0  # of sums and differences of connections


def _new_firm_mw(case: Case, places: pd.DataFrame) -> Floats:
    """Firm connection that is new by the end of a year, by zone. [MW]"""
    added = since(by_zone(case, case.plan("connections")), places, ("zone",))
    new = sum_by(added, ("zone", "year_now"), added["added_mw"])
    turned = since(by_zone(case, connected(case)), places, ("zone",))
    end = case.last_calendar_year(turned["year_now"]) + 1.0
    turned = turned[turned["turns_firm"].to_numpy() < end]
    more = sum_by(turned, ("zone", "year_now"), turned["added_mw"])
    return lookup(new, places, _ZONE) + lookup(more, places, _ZONE)


@rule(unit="MW")
def headroom_table(case: Case) -> Excess:
    """Limits, new connection and spare headroom are reported as planned."""
    table = case.plan("headroom")
    given = with_int_year(case.inputs.grid.headroom_by_zone).set_index(list(_ZONE))
    place = table[list(_ZONE)]
    firm = _new_firm_mw(case, table)
    added = since(by_zone(case, case.plan("non_firm_connections")), table, ("zone",))
    every = lookup(sum_by(added, ("zone", "year_now"), added["added_mw"]), table, _ZONE)
    both = since(by_zone(case, case.plan("connections")), table, ("zone",))
    every = every + lookup(sum_by(both, ("zone", "year_now"), both["added_mw"]), table, _ZONE)
    committed = lookup(given["committed_mw"], table, _ZONE, np.nan)
    limit, firm_limit = (lookup(given[name], table, _ZONE, np.nan) for name in ("limit_mw", "firm_limit_mw"))
    spare = np.clip(limit - committed - every, 0.0, None)
    expected = {
        "limit_mw": limit,
        "firm_limit_mw": firm_limit,
        "committed_mw": committed,
        "new_firm_mw": firm,
        "new_non_firm_mw": every - firm,
        "spare_mw": spare,
        "firm_spare_mw": np.clip(firm_limit - committed - firm, 0.0, spare),
    }
    # What is left of a difference is no more exact than what it was taken from.
    rounding = _ROUNDINGS * np.spacing(np.maximum(committed + every, 1.0))
    parts = [
        Excess.differs(place, table[name].to_numpy(), mw).above_rounding(rounding) for name, mw in expected.items()
    ]
    rate = np.full(len(table), case.scenario.grid.curtailment_rate_pct, dtype=np.float64)
    parts.append(Excess.differs(place, table["rate_pct"].to_numpy(), rate))
    return parts[0].and_also(*parts[1:])


@rule(unit="flags")
def headroom_binds(case: Case) -> Excess:
    """Headroom is reported as binding exactly where nothing is spare."""
    table = case.plan("headroom")
    place = table[list(_ZONE)]
    parts = [
        Excess.count_broken(place, ((table[spare] < _NOTHING_SPARE_MW) != table[flag]).to_numpy())
        for flag, spare in (("binds", "spare_mw"), ("firm_binds", "firm_spare_mw"))
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="USD/MW", floor=1e4)
def headroom_worth(case: Case) -> Excess:
    """The value of more headroom follows from the shadow prices of its limits.

    Where one limit holds for all connection and for firm connection alone, both have its value.
    """
    table, prices = case.plan("headroom"), case.plan("prices")
    given = with_int_year(case.inputs.grid.headroom_by_zone).set_index(list(_ZONE))
    usd = -prices["raw_dual"] * _USD_PER_MUSD
    firm, every = (
        lookup(sum_by(prices[of], _ZONE, usd[of]), table, _ZONE)
        for of in (prices["block"] == name for name in ("zone_headroom", "all_headroom"))
    )
    is_one = lookup(given["limit_mw"], table, _ZONE) == lookup(given["firm_limit_mw"], table, _ZONE)
    every = every + np.where(is_one, firm, 0.0)
    firm = np.where(is_one, every, firm)
    known = np.where(bool(case.plan("solution")["has_duals"].all()), 1.0, np.nan)
    paid = float(discounts(case).sum())
    expected = {
        "value_npv_usd_per_mw": every * known,
        "value_usd_per_mw_year": every * known / paid,
        "firm_value_npv_usd_per_mw": firm * known,
        "firm_value_usd_per_mw_year": firm * known / paid,
    }
    return columns_reported(table, _ZONE, expected)


def own_peaks(case: Case) -> pd.DataFrame:
    """List the largest draw of every site and year in the time slices of every billing period.

    Months of a season have one maximum each and are alike; the month of the peak day is billed
    on the larger of its ordinary day and the peak day.
    """
    grid = case.inputs.grid
    period = np.asarray(grid.billing_slot["period"], dtype=np.intp)
    slot = np.asarray(grid.billing_slot["slot"], dtype=np.intp)
    frames = [
        site_power(case).site_year.assign(
            period=name,
            months=grid.billing_months[code],
            peak_mw=site_power(case).grid_mw[:, slot[period == code]].max(axis=1, initial=0.0),
        )
        for code, name in enumerate(grid.period.labels)
    ]
    return pd.concat(frames, ignore_index=True)


@rule(unit="MW")
def billed_peaks(case: Case) -> Excess:
    """Every month is billed once, on the largest draw of the time slices that represent it."""
    expected, table = own_peaks(case), case.plan("billed_peaks")
    key = (*_SITE, "period")
    reported = table.set_index(list(key))["peak_mw"]
    known = expected[isin(expected, table, _SITE)]
    right = Excess.above(known[list(key)], known["peak_mw"].to_numpy(), lookup(reported, known, key))
    # A month in which nothing is drawn has no row; one with a draw must have one, or it is too low.
    silent = known[~isin(known, table, key)]
    listed = pd.concat([table[[*_SITE, "months"]], silent[[*_SITE, "months"]]], ignore_index=True)
    months = sum_by(listed, _SITE, listed["months"])
    place = table[list(_SITE)].drop_duplicates().reset_index(drop=True)
    year = Excess.differs(place, lookup(months, place, _SITE), np.full(len(place), 12.0))
    charge = (table["months"] * table["peak_mw"] * table["usd_per_kw_month"] * 1000.0 / 1e6).to_numpy()
    bill = Excess.differs(table[list(key)], table["charge_musd"].to_numpy(), charge)
    grid = case.inputs.grid
    rates = to_frame(case.inputs.sites.site_year, usd=grid.demand_charge_usd_per_kw_month).set_index(list(_SITE))["usd"]
    rate = Excess.differs(table[list(key)], table["usd_per_kw_month"].to_numpy(), lookup(rates, table, _SITE, np.nan))
    # A peak above the largest draw would be paid for nothing; without a charge it may float.
    costly = known[lookup(rates, known, _SITE) > 0.0]
    exact = Excess.above(costly[list(key)], lookup(reported, costly, key), costly["peak_mw"].to_numpy())
    return right.and_also(year, bill, rate, exact)


def _billed_peaks_rows(case: Case) -> pd.DataFrame:
    peaks, rate = own_peaks(case), case.inputs.grid.demand_charge_usd_per_kw_month
    rates = to_frame(case.inputs.sites.site_year, rate=rate).set_index(list(_SITE))["rate"]
    is_billed = lookup(rates, peaks, _SITE) > 0.0
    return peaks.loc[is_billed & (peaks["peak_mw"] > TRACE), [*_SITE, "period"]]


def _headroom_rows(case: Case) -> pd.DataFrame:
    reported = set(case.data("zone_headroom")["zone"])
    zones = [zone for zone in dict.fromkeys(case.scope["zone"]) if zone in reported]
    return year_rows(case, "zone", zones)


HEADING: Final = "Grid"


IMPLIED: Final[Mapping[str, Table]] = {"billed_peaks": _billed_peaks_rows, "headroom": _headroom_rows}

DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "expand": ("connections", "added_mw"),
    "import_mw": ("power_slot", "grid_mw"),
}

PRICES: Final[Mapping[str, DualPrice]] = {
    "grid_connection": DualPrice("USD/MW-year"),
    "contract_floor": DualPrice("USD/MW-year"),
    "zone_headroom": DualPrice("USD/MW-year", paid="horizon"),
    "power_balance": DualPrice("USD/MWh", must_be_met=True),
    "exact_balance": DualPrice("USD/MWh", must_be_met=True, either_sign=True),
}
