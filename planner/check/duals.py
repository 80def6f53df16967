"""Shadow prices: right in sign, right in unit, and only where a limit binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check import (
    balance,
    carbon,
    contracts,
    demand,
    grid,
    halls,
    latency,
    non_firm,
    power,
    racks,
    sites,
    supply,
    water,
)
from planner.check.frames import at, by, with_int_year
from planner.check.payments import discounts
from planner.check.verdict import Excess, Rule, rule, tested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case


__all__ = ["PRICES", "PRICE_KEY", "RULES", "hours_of_slot", "yearly_weight"]

PRICE_KEY: Final = (
    "block",
    "site",
    "region",
    "workload",
    "zone",
    "market",
    "vendor",
    "hall",
    "year",
    "period",
    "contract",
    "pool",
    "source",
    "slot",
    "tier",
)
_MUST_BE_MET: Final = (
    "demand_balance",
    "tight_latency_share",
    "clean_target",
    "neighbour_reserve",
    "power_balance",
    "exact_balance",
)
_EITHER_SIGN: Final = ("exact_balance",)  # drawing more may be paid for
_HOURS_PER_YEAR: Final = 8760.0
_USD_PER_MUSD: Final = 1e6

_ONCE: Final = (
    "committed_halls",
    "build_rate",
    "market_build_rate",
    "deliveries",
    "capex_budget",
)
_LASTING: Final = ("zone_headroom", "all_headroom")  # a right for the whole horizon
_KH100E_HOURS: Final = 1000.0 * _HOURS_PER_YEAR  # H100e hours in a kH100e-year
PRICES: Final[Mapping[str, tuple[str, float]]] = {
    "demand_balance": ("USD/H100e-hour", _KH100E_HOURS),
    "tight_latency_share": ("USD/H100e-hour", _KH100E_HOURS),
    "rent_depth": ("USD/H100e-hour", _KH100E_HOURS),
    "neighbour_reserve": ("USD/H100e-hour", _KH100E_HOURS),
    "reserve_capacity": ("USD/H100e-hour", _KH100E_HOURS),
    "grid_connection": ("USD/MW-year", 1.0),
    "contract_floor": ("USD/MW-year", 1.0),
    "zone_headroom": ("USD/MW-year", 1.0),
    "all_headroom": ("USD/MW-year", 1.0),
    "contract_limit": ("USD/MW-year", 1.0),
    "power_balance": ("USD/MWh", 1.0),
    "exact_balance": ("USD/MWh", 1.0),
    "source_limit": ("USD/MW-year", 1.0),
    "clean_target": ("USD/MWh", _HOURS_PER_YEAR),  # MWh in a MW of mean power
    "carbon_cap": ("USD/t", 1000.0),  # t in a kt
    "water_limit": ("USD/m3", 1000.0),  # m3 in a thousand m3
    "water_permit": ("USD/m3", 1000.0),
    "land_limit": ("USD/MW-year", 1.0),
    "hall_power": ("USD/MW-year", 1.0),
    "hall_space": ("USD/m2-year", 1000.0),  # m2 in a thousand m2
    "lease_depth": ("USD/MW-year", 1.0),
    "committed_halls": ("USD/MW", 1.0),
    "build_rate": ("USD/MW", 1.0),
    "market_build_rate": ("USD/MW", 1.0),
    "deliveries": ("USD/MW", 1.0),
    "capex_budget": ("USD/USD", _USD_PER_MUSD),  # USD in a MUSD
}
"""Every limit whose dual is a price: unit, and units of it in one unit of the row."""
_LIMITS: Final[Mapping[str, Rule]] = {
    "hall_power": halls.hall_power,
    "hall_space": halls.hall_space,
    "committed_halls": halls.committed_halls,
    "lease_depth": halls.lease_depth,
    "land_limit": sites.land_limit,
    "build_rate": sites.build_rate,
    "market_build_rate": sites.market_rate,
    "capex_budget": sites.capex_budget,
    "deliveries": racks.deliveries,
    "zone_headroom": grid.zone_headroom,
    "all_headroom": non_firm.all_headroom,
    "contract_limit": contracts.contract_limit,
    "clean_target": contracts.clean_target,
    "tight_latency_share": latency.tight_share,
    "rent_depth": demand.rent_depth,
    "water_limit": power.water_limit,
    "water_permit": water.water_permit,
    "carbon_cap": carbon.carbon_cap,
    "power_balance": balance.power_covered,
    "source_limit": supply.source_limit,
}
"""The rule that computes the slack of each limit."""
_RULE_UNITS_IN_ONE: Final[Mapping[str, float]] = {
    "clean_target": _HOURS_PER_YEAR,  # MWh in a MW of mean power
    "water_limit": 1000.0,  # m3 in a thousand m3
    "water_permit": 1000.0,
    "hall_space": 1000.0,  # m2 in a thousand m2
}
"""Units of the rule in one of the row of the model."""


@rule(unit="MUSD")
def dual_sign(case: Case) -> Excess:
    """Looser limits never cost more, and no compute is worth more than its unmet price."""
    prices = case.plan("prices")
    stricter = prices["block"].isin(_MUST_BE_MET).to_numpy()
    raw = prices["raw_dual"].to_numpy()
    wrong = np.where(stricter, -raw, raw)
    wrong = np.where(prices["block"].isin(_EITHER_SIGN), 0.0, wrong)
    is_demand = (prices["block"] == "demand_balance").to_numpy()
    price = case.scenario.demand.unmet_usd_per_h100e_hour
    ceiling = price if case.scenario.demand.unmet == "allow" else np.inf
    values = prices["value"].to_numpy()[is_demand]
    place = prices[list(PRICE_KEY)]
    return Excess.above(place[~is_demand], wrong[~is_demand], 0.0).and_also(
        Excess.above(place[is_demand], values, ceiling)
    )


@rule(unit="USD")
def dual_unit(case: Case) -> Excess:
    """Prices are duals without discounting: of a year's payments, of one, or of the horizon."""
    prices = case.plan("prices")
    growth = 1.0 + case.inputs.finance.rate_frac
    base = case.inputs.finance.base_year
    once = pd.Series({year: growth ** (base - year - 0.5) for year in case.years})
    weight = np.where(
        prices["block"].isin(_ONCE),
        at(once, prices, ("year",), np.nan),
        np.where(
            prices["block"].isin(_LASTING),
            discounts(case).sum(),
            at(yearly_weight(case), prices, ("year",), np.nan),
        ),
    )
    in_one = {block: units for block, (_, units) in PRICES.items()}
    units = prices["block"].map(in_one).to_numpy(dtype=np.float64)
    units = units * at(hours_of_slot(case), prices, ("slot",), 1.0)
    stricter = prices["block"].isin(_MUST_BE_MET)
    raw = np.where(stricter, 1.0, -1.0) * prices["raw_dual"].to_numpy()
    value = raw * _USD_PER_MUSD / units / weight
    return Excess.differs(prices[list(PRICE_KEY)], prices["value"].to_numpy(), value)


@rule(unit="MUSD")
def dual_only_where_binding(case: Case) -> Excess:
    """A limit that is not reached is worth nothing: price times slack is nothing of the cost."""
    prices = case.plan("prices")
    cost = max(abs(case.objective_musd), 1.0)
    parts = []
    for block, limit in _LIMITS.items():
        rows = prices[prices["block"] == block]
        if len(rows):
            slack, keys = _slack(limit, case)
            unused = at(slack, rows, keys, np.nan) / _RULE_UNITS_IN_ONE.get(block, 1.0)
            lost = np.abs(rows["raw_dual"].to_numpy(dtype=np.float64)) * unused
            parts.append(Excess(rows[list(PRICE_KEY)], lost, np.full(len(rows), cost)))
    nothing = Excess(prices[list(PRICE_KEY)].iloc[:0], np.zeros(0), np.zeros(0))
    return nothing.and_also(*parts)


def yearly_weight(case: Case) -> pd.Series[float]:
    """Sum of the discount factors of the calendar years of each model year. [year]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    """
    model_year = pd.Series({y: max(t for t in case.years if t <= y) for y in case.calendar})
    return discounts(case).groupby(model_year).sum()


def hours_of_slot(case: Case) -> pd.Series[float]:
    """Hours of the year that each slot stands for. [h]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    """
    return by(case.power.slot, "slot", "hours")


def _slack(limit: Rule, case: Case) -> tuple[pd.Series[float], list[str]]:
    """Distance of each place from its limit, by labels, which come second; 0 where passed."""
    excess = tested(limit, case)
    slack = np.maximum(-excess.amount, 0.0)
    place = with_int_year(excess.place)
    keys = list(place.columns)
    index = pd.Index(place[keys[0]]) if len(keys) == 1 else pd.MultiIndex.from_frame(place)
    return pd.Series(slack, index=index), keys


RULES = (dual_sign, dual_unit, dual_only_where_binding)
