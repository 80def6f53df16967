"""The tables hold a plan at all: numbers, none negative where none may be, and its status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case

__all__ = ["RULES"]

_MOST_GAP_FRAC: Final = 1e-4  # that is ever called optimal
_LEAST_GAP_FRAC: Final = 1e-8  # below which two costs cannot be told apart
_AMOUNTS: Final[Mapping[str, str]] = {
    "plan": "used_mw",
    "reserve": "reserve_kh100e",
    "takeovers": "taken_kh100e",
    "installs": "installed_mw",
    "moves": "moved_mw",
    "builds": "built_mw",
    "retrofits": "retrofitted_mw",
    "leases": "leased_mw",
    "connections": "added_mw",
    "non_firm_connections": "added_mw",
    "site_year": "open_frac",
    "deferral": "done_mw",
    "migration": "done_mw",
    "source_builds": "built_mw",
    "source_leaves": "left_mw",
    "source_slot": "output_mw",
    "billed_peaks": "peak_mw",
    "assignment": "served_kh100e",
    "demand": "rented_kh100e",
    "rent": "bought_kh100e",
    "levers": "adopted_frac",
    "contracts": "signed_mw",
    "heat": "connect_mw",
}


@rule(unit="amount")
def amounts_not_negative(case: Case) -> Excess:
    """No decision is negative, and none is missing."""
    parts = [
        Excess.above(
            pd.DataFrame({"table": name, "row": case.plan(name).index.astype("str")}),
            -case.plan(name)[column].to_numpy(),
            0.0,
        )
        for name, column in _AMOUNTS.items()
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="plans")
def status_told(case: Case) -> Excess:
    """The status is reported in one row, as the solver said it, optimal only where it proved it.

    Proven is a gap of no more than `solver.gap_frac`, and of 1e-4 at most.
    """
    rows = case.plan("solution")
    if len(rows) != 1:
        return Excess.where(pd.DataFrame({"rows": [len(rows)]}), np.array([True]))
    solution = rows.iloc[0]
    gap, told = float(solution["gap_frac"]), str(solution["status"])
    most = min(max(case.scenario.solver.gap_frac, _LEAST_GAP_FRAC), _MOST_GAP_FRAC)
    unproven = told == "optimal" and not gap <= most
    place = pd.DataFrame({"status": [told]})
    return Excess.where(place, np.array([told != case.status or unproven]))


RULES = (amounts_not_negative, status_told)
