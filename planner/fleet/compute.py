"""Compute demand as mean H100-equivalents.

The unit of compute is the H100e: for training the dense BF16 peak of one H100, for inference
its measured throughput. Demand is a mean over the year, so an amount of work becomes a demand
by dividing by the time in which it must be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import H100_DENSE_BF16_PFLOPS, SECONDS_PER_DAY

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats


TRAINING_FLOP_UTILISATION_FRAC: Final = 0.40
"""Model FLOPs over peak FLOPs of a training run: 0.38-0.43 on 8,000-16,000 H100 (Llama Team,
The Llama 3 Herd of Models, 2024, table 4)."""


def mean_h100e_from_pf_days(
    pf_days: ArrayLike, days: ArrayLike, *, flop_utilisation_frac: float = TRAINING_FLOP_UTILISATION_FRAC
) -> Floats:
    r"""Mean H100-equivalents that a training run of so many PF-days keeps busy.

    A PF-day is one day at one PFLOP/s of arithmetic done, while an H100e is peak arithmetic,
    of which a run reaches a share.

    .. math:: d = \frac{\text{PF-days}}{\text{days} \cdot u \cdot 0.989}
    Takes `pf_days` [PFLOP/s x day], `days` [day]. Gives [H100e].

    GPT-3 took 3,640 PF-days; in 30 days at 40 % of peak:

    >>> round(float(mean_h100e_from_pf_days(3640.0, 30.0)), 1)
    306.7
    """
    time = _above_zero(days, "days")
    share = _above_zero(flop_utilisation_frac, "flop_utilisation_frac")
    if np.any(share > 1.0):
        raise InputError([Problem("compute", None, None, f"flop_utilisation_frac is {share}", "at most 1")])
    return np.asarray(pf_days, dtype=float) / (time * share * H100_DENSE_BF16_PFLOPS)


def mean_h100e_from_requests_per_day(requests_per_day: ArrayLike, h100e_seconds_per_request: ArrayLike) -> Floats:
    """Mean H100-equivalents that a stream of requests keeps busy.

    Takes `requests_per_day` [request/day], `h100e_seconds_per_request` [H100e s/request]. Gives [H100e].

    >>> round(float(mean_h100e_from_requests_per_day(2.5e9, 0.6)), 1)
    17361.1
    """
    work = np.asarray(requests_per_day, dtype=float) * np.asarray(h100e_seconds_per_request)
    return np.asarray(work / SECONDS_PER_DAY, dtype=float)


def mean_h100e_from_tokens_per_day(tokens_per_day: ArrayLike, tokens_per_s_per_h100e: ArrayLike) -> Floats:
    """Mean H100-equivalents that a stream of tokens keeps busy.

    Takes `tokens_per_day` [token/day], `tokens_per_s_per_h100e` [token/s/H100e]. Gives [H100e].

    >>> round(float(mean_h100e_from_tokens_per_day(4.32e12, 2500.0)), 1)
    20000.0
    """
    throughput = _above_zero(tokens_per_s_per_h100e, "tokens_per_s_per_h100e")
    return np.asarray(tokens_per_day, dtype=float) / SECONDS_PER_DAY / throughput


def _above_zero(value: ArrayLike, name: str) -> Floats:
    array = np.asarray(value, dtype=float)
    if not np.all(array > 0.0):
        raise InputError([Problem("compute", None, None, f"{name} is {array}", "above 0")])
    return array
