"""Shadow prices: each is a stored dual, undiscounted, in the unit of its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import year_slots
from planner.check.declared import DualPrice, merged
from planner.check.families import FAMILIES
from planner.check.frames import column_by, found_by, keyed, table_of, together
from planner.check.payments import discounts, yearly_weight
from planner.check.stating import stored_of
from planner.check.verdict import Excess, rule
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.check.case import Case


_USD_PER_MUSD: Final = 1e6
_DUAL_NOISE: Final = 1e-9  # [MUSD per unit], duals below have no row in table `prices`

PRICES: Final[Mapping[str, DualPrice]] = merged(FAMILIES, "PRICES")
"""Every limit whose dual is a price."""


@rule(unit="MUSD or USD", floor=1e-3)
def prices_as_solved(case: Case) -> Iterator[Excess]:
    """Shadow prices are all duals of limits that are not 0, as stored and undiscounted.

    They are of a year's payments, of one, or of the horizon. Their signs are those of `dual_signs`.
    """
    reported, solved, keys = case.plan("prices"), _solved(case), list(TABLES["prices"].primary_key)
    place = together(keys, solved, reported)
    for column in ("raw_dual", "value"):
        left, right = (found_by(of, keys, column, place) for of in (reported, solved))
        yield Excess.differs(place, left, right, column)
    units = reported["block"].map({block: price.unit for block, price in PRICES.items()})
    yield Excess.count_broken(keyed(reported, keys), units != reported["unit"])


def _solved(case: Case) -> pd.DataFrame:
    """Return every dual of a limit that is not 0 [MUSD per unit], and its value [USD], by the keys of `prices`."""
    stored, dual, finance = stored_of(case), case.proof.row("dual"), case.inputs.finance
    hours = column_by(year_slots(case), "slot", "hours")
    worth = {
        "yearly": yearly_weight(case),
        "once": pd.Series({year: (1.0 + finance.rate_frac) ** (finance.base_year - year - 0.5) for year in case.years}),
        "horizon": pd.Series(discounts(case).sum(), index=case.years),
    }
    columns = [*TABLES["prices"].primary_key, "raw_dual", "value"]
    parts = [pd.DataFrame(columns=columns).astype({"raw_dual": float, "value": float})]
    for block, price in PRICES.items() if case.proof.has_duals else ():
        rows = stored.block("rows", block)
        there = ~(np.abs(dual[rows.places]) <= _DUAL_NOISE)
        if there.any():
            frame, raw = table_of(rows.labels(there)).astype({"year": "int64"}), dual[rows.places][there]
            by_the_hour = price.unit == "USD/MWh" and "slot" in frame
            units = price.units * (frame["slot"].map(hours) if by_the_hour else 1.0)
            saves = raw * np.where(np.isfinite(stored.lower[rows.places][there]), _USD_PER_MUSD, -_USD_PER_MUSD)
            value = saves / units / frame["year"].map(worth[price.paid])
            parts.append(frame.assign(block=block, raw_dual=raw, value=value))
    solved = pd.concat(parts, ignore_index=True)[columns]
    return solved.fillna({name: "" for name in columns[:-2] if name != "year"}).astype({"year": "int64"})
