"""Heat sold to networks: what can be recovered, and the share that has a buyer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.limits.limit import Limit
from planner.limits.settings import SetBy

if TYPE_CHECKING:
    from planner.inputs.question import Question
    from planner.limits.settings import Place

__all__ = ["LIMITS"]


def _buyer_share(question: Question, place: Place) -> str:
    p = question.inputs.heat
    share = p.share_frac[p.sale.position(place["site"], place["year"])]
    return f"{share:g} of the recoverable heat at {place['site']}"


def _recoverable(question: Question, place: Place) -> str:
    del place
    shares = question.inputs.heat.recover_frac
    given = np.flatnonzero(shares > 0.0)
    labels = question.inputs.sets.cooling.labels
    return ", ".join(f"{shares[c]:g} of IT power with {labels[c]} cooling" for c in given)


LIMITS: Final = (
    Limit(
        "heat_recovery",
        set_by=(
            SetBy("heat.buyer_share_frac", _buyer_share),
            SetBy("table cooling", _recoverable),
        ),
    ),
)
