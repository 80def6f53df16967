"""Whether a plan is one: what of the demand it leaves unmet, and what it has others do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    total = asked.sum()
    if total <= 0.0:
        return ""
    missing = unmet / asked.clip(min=total * 1e-12)
    worst = int(missing.argmax())
    parts = []
    if missing[worst] > _UNMET_FRAC:
        of_all = unmet.sum() / total
        parts.append(
            f"{_share(missing[worst])} of the demand of {table['year'].iloc[worst]} is unmet"
            f" ({_share(of_all)} of all years)"
        )
    if rented.sum() / total > _RENTED_FRAC:
        parts.append(f"{_share(rented.sum() / total)} of the demand is met with rented compute")
    return "; ".join(parts)


def _share(frac: float) -> str:
    return f"{100.0 * frac:.3g} %"
