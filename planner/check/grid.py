"""Connections and headroom, power drawn and billed, and a balance where sites generate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import DualPrice
from planner.check.frames import lookup, sum_by, with_int_year
from planner.check.payments import discounts
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.check.case import Case

_ZONE = ("zone", "year")
_NOTHING_SPARE_MW = 1e-5  # a solver keeps its limits to less
_USD_PER_MUSD = 1e6


@rule(unit="flags")
def headroom_binds(case: Case) -> Iterator[Excess]:
    """Headroom is reported as binding exactly where nothing is spare."""
    table = case.plan("headroom")
    place = table[list(_ZONE)]
    for flag, spare in (("binds", "spare_mw"), ("firm_binds", "firm_spare_mw")):
        yield Excess.count_broken(place, (table[spare] < _NOTHING_SPARE_MW) != table[flag])


@rule(unit="USD/MW", floor=1e4)
def headroom_worth(case: Case) -> Iterator[Excess]:
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


HEADING: Final = "Grid"


PRICES: Final[Mapping[str, DualPrice]] = {
    "grid_connection": DualPrice("USD/MW-year"),
    "contract_floor": DualPrice("USD/MW-year"),
    "zone_headroom": DualPrice("USD/MW-year", paid="horizon"),
    "power_balance": DualPrice("USD/MWh", must_be_met=True),
    "exact_balance": DualPrice("USD/MWh", must_be_met=True, either_sign=True),
}
