"""What several rules need of a case is computed once."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.check.case import Case

__all__ = ["once"]

Asked = ParamSpec("Asked")
Figures = TypeVar("Figures")


def once(compute: Callable[Concatenate[Case, Asked], Figures]) -> Callable[Concatenate[Case, Asked], Figures]:
    """Make a function of a case keep what it returns with the case, by its other arguments."""

    @wraps(compute)
    def of_case(case: Case, /, *asked: Asked.args, **named: Asked.kwargs) -> Figures:
        key = (compute, asked, tuple(sorted(named.items())))
        if key not in case.computed:
            found = compute(case, *asked, **named)
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
            case.computed[key] = found
        lent: Figures = _lent(case.computed[key])
        return lent

    return of_case


def _lent(kept: Any) -> Any:
    return kept.copy(deep=False) if isinstance(kept, (pd.DataFrame, pd.Series)) else kept
