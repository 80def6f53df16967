"""Tariffs: how much of a contract may be given up without a fee."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.limits.limit import Limit
from planner.limits.settings import SetBy
from planner.lp.join import distinct

if TYPE_CHECKING:
    from planner.inputs.question import Question
    from planner.limits.settings import Place

__all__ = ["LIMITS"]


def _free_share(question: Question, place: Place) -> str:
    p = question.inputs.tariffs
    row = distinct(p.fee, "site", "vintage").position(place["site"], place["vintage"])
    share = float(p.free_frac[row])
    return f"{share:g} of what {place['site']} signed in {place['vintage']} goes without a fee"


LIMITS: Final = (Limit("tariff_exit", set_by=(SetBy("energy.tariffs", _free_share),)),)
