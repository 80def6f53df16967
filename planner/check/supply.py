"""On-site generation: capacity, output, export, and its cost lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import DualPrice
from planner.check.frames import lookup, quotient, sum_by
from planner.check.payments import repay
from planner.check.priced import purchases
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.check.case import Case


_SOURCE = ("site", "source", "year")
_HOURS_PER_YEAR = 8760.0


@rule(unit="MUSD", floor=10.0, rows_of=("source_year",))
def sources_of_a_year(case: Case) -> Iterator[Excess]:
    """Capital, capacity factor and cost of energy of on-site power follow from purchases and its year."""
    table = case.plan("source_year")
    output, size = (table[name].to_numpy(dtype=np.float64) for name in ("output_mwh", "capacity_mw"))
    paid = table["capital_musd"].to_numpy() + table["running_musd"].to_numpy()
    expected = {
        "capital_musd": lookup(_capital_musd(case), table, _SOURCE),
        "capacity_factor_frac": np.where(size > 0.0, quotient(output, size * _HOURS_PER_YEAR), np.nan),
        "usd_per_mwh": np.where(output > 0.0, quotient(paid * 1e6, output), np.nan),
    }
    return columns_reported(table, _SOURCE, expected)


def _capital_musd(case: Case) -> dict[tuple[str, str, int], float]:
    """Repayments of a mean calendar year by site, source and model year. [MUSD/year]"""
    bought = purchases(case)
    bought = bought[bought["source"] != ""].reset_index(drop=True)
    table = repay(case, bought).assign(source=np.tile(bought["source"].to_numpy(), len(case.calendar)))
    table = table.assign(year=table["calendar_year"].map(case.model_year).astype("int64"))
    years = case.last_calendar_year(table["year"]) - table["year"].to_numpy() + 1.0
    return sum_by(table, _SOURCE, table["musd"].to_numpy() / years)


HEADING: Final = "On-site power"
PRICES: Final[Mapping[str, DualPrice]] = {"source_limit": DualPrice("USD/MW-year")}
