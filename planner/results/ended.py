"""How a solve ended, in the words of every output: terminal, report, workbook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["PLANNED", "Ended", "ended"]

PLANNED: Final = frozenset({"optimal", "within_gap"})
"""Statuses of a plan as it was asked for."""
_STATUS: Final = {
    "optimal": ("good", "Optimal: no plan costs less"),
    "within_gap": ("good", "Feasible within the required gap, not proven optimal"),
    "time_limit": ("fair", "Time limit reached: the best plan so far, not proven"),
    "iteration_limit": ("fair", "Iteration limit reached: the best plan so far, not proven"),
    "interrupted": ("fair", "Interrupted: the best plan so far, not proven"),
}
_STEPS: Final = ("rounded", "dived", "searched")
"""Steps by which `planner.studies.solve.whole_numbers` sets integers, as `found_by` begins them."""
_ASIDE: Final = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Ended:
    """The end of a solve.

    Parameters
    ----------
    light : str
        good where it ended as asked, fair at a limit, bad otherwise.
    words : str
        What it means for the plan.
    bound : str
        What no plan costs less than, and how far that is below; empty for an optimal plan, and
        where no bound is known.
    """

    light: str
    words: str
    bound: str

    def __str__(self) -> str:
        """Return both."""
        return "; ".join(filter(None, (self.words, self.bound)))


def ended(meta: Mapping[str, Any], solution: pd.DataFrame) -> Ended:
    """Say how a solve ended.

    Parameters
    ----------
    meta : mapping
        Content of ``run.json``: status, gap_frac and bound_musd.
    solution : DataFrame
        Table `solution`: its column `found_by` tells how integers were set.

    Examples
    --------
    >>> import pandas as pd
    >>> steps = "relaxed (ipm), rounded and fixed (simplex, gap 3.1%), searched (branch and bound)"
    >>> meta = {"status": "within_gap", "gap_frac": 0.007, "bound_musd": 3210.4}
    >>> print(ended(meta, pd.DataFrame({"found_by": [steps]})).words)
    Feasible within the required gap, not proven optimal; integers rounded, then searched
    """
    status, gap, bound = (meta[key] for key in ("status", "gap_frac", "bound_musd"))
    light, words = _STATUS.get(status, ("bad", f"Ended as {str(status).replace('_', ' ')}"))
    if status == "within_gap":
        taken = [
            part.strip() for part in _ASIDE.sub("", str(solution["found_by"].iloc[0])).split(",")
        ]
        steps = [step for step in _STEPS if any(part.startswith(step) for part in taken)]
        words += f"; integers {', then '.join(steps)}" if steps else ""
    is_open = status != "optimal" and gap is not None and bound is not None
    below = f"no plan costs less than {bound:,.0f} MUSD, {gap:.2%} below" if is_open else ""
    return Ended(light, words, below)
