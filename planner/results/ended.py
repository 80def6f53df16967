"""How a solve ended, in the words of every output: terminal, report, workbook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import LimitReachedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pandas as pd

PLANNED: Final = frozenset({"optimal", "within_gap"})
"""Statuses of a plan as it was asked for."""
_STATUS: Final = {
    "optimal": ("good", "Optimal: no plan costs less"),
    "within_gap": ("good", "Feasible within the required gap, not proven optimal"),
    "time_limit": ("fair", "Time limit reached: the best plan so far, not proven"),
    "iteration_limit": ("fair", "Iteration limit reached: the best plan so far, not proven"),
    "interrupted": ("fair", "Interrupted: the best plan so far, not proven"),
}
_SURVIVES: Final = "survives_loss_of_any_site"
"""Rule that a plan may break because a limit ended its rounds of failover."""
_NOT_SURVIVED: Final = {
    "time_limit": "does not survive the outage of every site; more time is solver.time_limit_s",
    "iteration_limit": ("does not survive the outage of every site; more rounds are failover.most_rounds"),
    "interrupted": "does not survive the outage of every site",
}
_STEPS: Final = ("rounded", "dived", "searched")
"""Steps by which `planner.studies.solve.whole_numbers` sets integers, as `found_by` begins them."""
_ASIDE: Final = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Ended:
    """The end of a solve."""

    # good where it ended as asked, fair at a limit, bad otherwise and where a limit left a plan that does not survive
    # the outage of every site
    light: str
    words: str  # what it means for the plan
    # what no plan costs less than, and how far that is below; empty for an optimal plan, and where no bound is known
    bound: str

    def __str__(self) -> str:
        """Return both."""
        return "; ".join(filter(None, (self.words, self.bound)))


def ended(meta: Mapping[str, Any], solution: pd.DataFrame) -> Ended:
    """Say how a solve ended.

    >>> import pandas as pd
    >>> steps = "relaxed (ipm), rounded and fixed (simplex, gap 3.1%), searched (branch and bound)"
    >>> meta = {"status": "within_gap", "gap_frac": 0.007, "bound_musd": 3210.4}
    >>> meta["check"] = {"ok": True, "broken": []}
    >>> print(ended(meta, pd.DataFrame({"found_by": [steps]})).words)
    Feasible within the required gap, not proven optimal; integers rounded, then searched
    """
    status, gap, bound = (meta[key] for key in ("status", "gap_frac", "bound_musd"))
    light, words = _STATUS.get(status, ("bad", f"Ended as {str(status).replace('_', ' ')}"))
    if status == "within_gap":
        taken = [part.strip() for part in _ASIDE.sub("", str(solution["found_by"].iloc[0])).split(",")]
        steps = [step for step in _STEPS if any(part.startswith(step) for part in taken)]
        words += f"; integers {', then '.join(steps)}" if steps else ""
    if status in _NOT_SURVIVED and _SURVIVES in meta["check"]["broken"]:
        light = "bad"
        words = f"{words.partition(':')[0]}: the plan {_NOT_SURVIVED[status]}"
    is_open = status != "optimal" and gap is not None and bound is not None
    below = f"no plan costs less than {bound:,.0f} MUSD, {gap:.2%} below" if is_open else ""
    return Ended(light, words, below)


def exit_code(status: str, broken: Collection[str]) -> int:
    """Return the exit code of a command that made a plan.

    >>> exit_code("optimal", ["land_limit"]), exit_code("time_limit", [])
    (1, 4)
    """
    as_asked = status in PLANNED
    if broken and (as_asked or set(broken) != {_SURVIVES}):
        return 1
    return 0 if as_asked else LimitReachedError.exit_code


def worst_exit_code(codes: Iterable[int]) -> int:
    """Return the exit code of a command that made several plans: a failed check before a limit.

    >>> worst_exit_code([0, 4, 1]), worst_exit_code([0, 4]), worst_exit_code([])
    (1, 4, 0)
    """
    found = set(codes)
    return 1 if 1 in found else max(found, default=0)
