"""Whether a plan is one: what of the demand it leaves unmet, and what it has others do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import percent
from planner.clock.calendar import ModelYears

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["not_housed"]

_UNMET_FRAC: Final = 0.01
"""Of the demand of a year: more of it unmet is said before anything else."""
_RENTED_FRAC: Final = 0.5
"""Of the demand of all years: more of it rented, and the plan is one to rent."""


def not_housed(tables: Mapping[str, pd.DataFrame]) -> str:
    """Say of a plan that it leaves demand unmet, or rents most of it.

    In shares of all years a model year counts as often as the calendar years it stands for.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Result tables, `summary` among them.

    Returns
    -------
    str
        A sentence without its full stop; empty where the plan does neither.
    """
    table = tables["summary"]
    asked, unmet, rented = (
        table[f"{name}_kh100e"].to_numpy() for name in ("demand", "unmet", "rented")
    )
    span_years = np.array(ModelYears(tuple(table["year"].tolist())).spans)
    total = span_years @ asked
    if total <= 0.0:
        return ""
    missing = unmet / asked.clip(min=total * 1e-12)
    worst = int(missing.argmax())
    parts = []
    if missing[worst] > _UNMET_FRAC:
        of_all = span_years @ unmet / total
        parts.append(
            f"{percent(missing[worst])} of the demand of {table['year'].iloc[worst]} is unmet"
            f" ({percent(of_all)} of all years)"
        )
    rented_frac = span_years @ rented / total
    if rented_frac > _RENTED_FRAC:
        parts.append(f"{percent(rented_frac)} of the demand is met with rented compute")
    return "; ".join(parts)
