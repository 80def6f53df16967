"""What a fleet of racks computes, in mean H100-equivalents, and the reference fleet of a forecast in gigawatts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import refuse
from planner.base.units import H100_DENSE_BF16_PFLOPS, SECONDS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats
    from planner.clock.days import ModelYears

# --- Compute demand as mean H100-equivalents ------------------------------------------------------

TRAINING_FLOP_UTILISATION_FRAC: Final = 0.40
"""Model FLOPs over peak FLOPs of a training run: 0.38-0.43 on 8,000-16,000 H100 (Llama Team,
The Llama 3 Herd of Models, 2024, table 4)."""


def mean_h100e_from_pf_days(pf_days: ArrayLike, days: ArrayLike) -> Floats:
    r"""Mean H100-equivalents that a training run of so many PF-days keeps busy.

    A PF-day is one day at one PFLOP/s of arithmetic done, while an H100e is peak arithmetic,
    of which a run reaches a share.

    .. math:: d = \frac{\text{PF-days}}{\text{days} \cdot u \cdot 0.989}
    Takes `pf_days` [PFLOP/s x day], `days` [day]. Gives [H100e].
    """
    time = np.asarray(days, dtype=float)
    return np.asarray(pf_days, dtype=float) / (time * TRAINING_FLOP_UTILISATION_FRAC * H100_DENSE_BF16_PFLOPS)


def mean_h100e_from_requests_per_day(requests_per_day: ArrayLike, h100e_seconds_per_request: ArrayLike) -> Floats:
    """Mean H100-equivalents that a stream of requests keeps busy.

    Takes `requests_per_day` [request/day], `h100e_seconds_per_request` [H100e s/request]. Gives [H100e].
    """
    work = np.asarray(requests_per_day, dtype=float) * np.asarray(h100e_seconds_per_request)
    return np.asarray(work / SECONDS_PER_DAY, dtype=float)


def mean_h100e_from_tokens_per_day(tokens_per_day: ArrayLike, tokens_per_s_per_h100e: ArrayLike) -> Floats:
    """Mean H100-equivalents that a stream of tokens keeps busy.

    Takes `tokens_per_day` [token/day], `tokens_per_s_per_h100e` [token/s/H100e]. Gives [H100e].
    """
    throughput = np.asarray(tokens_per_s_per_h100e, dtype=float)
    refuse("compute", (not np.all(throughput > 0.0), f"tokens_per_s_per_h100e is {throughput}", "above 0"))
    return np.asarray(np.asarray(tokens_per_day, dtype=float) / SECONDS_PER_DAY / throughput)


# --- The reference fleet: what compute a forecast in gigawatts stands for -------------------------


def alive_frac(vintage: ArrayLike, life_years: ArrayLike, years: ModelYears) -> Floats:
    """Tell in which model years racks of a vintage serve: 1 where they do, else 0.

    Lives are exact: a rack bought in v with a life of n serves the calendar years v to
    v + n - 1. In a model year that represents several it serves only if it serves them all.
    Takes `life_years` [yr].
    """
    bought = np.asarray(vintage)[..., None]
    last = bought + np.asarray(life_years)[..., None] - 1
    serves = (bought <= np.array(years.years)) & (years.last_calendar_years <= last)
    return np.asarray(serves, dtype=float)


@dataclass(frozen=True)
class Cohorts:
    """Racks bought together, for every workload."""

    vintage: NDArray[np.int64]  # calendar year in which each cohort enters service, shape (cohort,)
    life_years: NDArray[np.int64]  # life, shape (class, cohort). [yr]
    h100e_per_mw: Floats  # compute per MW of nameplate rack power, shape (class, cohort). [H100e/MW]


@dataclass(frozen=True)
class ReferenceFleet:
    """What exists, what is added, and the compute of it."""

    compute_h100e: Floats  # mean compute, shape (class, model year). [H100e]
    # gross additions of nameplate rack power, shape (class, model year): net growth plus what retires. [MW]
    additions_mw: Floats
    # nameplate rack power in service by cohort, stock first and then the additions in the order of the model years,
    # shape (class, cohort, model year). [MW]
    alive_mw: Floats


def reference_fleet_compute(
    path_mw: ArrayLike,
    years: ModelYears,
    stock_share_frac: ArrayLike,
    stock: Cohorts,
    additions: Cohorts,
    utilisation_frac: ArrayLike,
    workloads: Sequence[str],
) -> ReferenceFleet:
    r"""Turn a path of nameplate rack power into mean compute, by workload.

    With :math:`P_t` the path, :math:`S_{vt}` the part of the base-year stock of vintage v that
    still serves in t and :math:`G_v` the additions of an earlier model year v,

    .. math:: G_t = \max\Bigl(P_t - \sum_v S_{vt} - \sum_{v < t} G_v \, [v \text{ alive in } t],
              \; 0\Bigr), \qquad
              C_t = u \sum_v (\text{alive MW})_{vt} \, h_v

    Where a path falls faster than racks retire, the racks in service are switched off in equal
    parts down to the path, and come back before new ones are bought.
    Takes `stock_share_frac` (workload, cohort), `utilisation_frac` (workload,).
    """
    path = np.asarray(path_mw, dtype=float)
    share = np.asarray(stock_share_frac, dtype=float)
    _check_lives(years, additions, workloads)
    n_stock, n_years = len(stock.vintage), len(years)

    stock_mw = (path[:, :1] * share)[..., None] * alive_frac(stock.vintage, stock.life_years, years)
    alive_mw = np.concatenate([stock_mw, np.zeros((len(path), n_years, n_years))], axis=1)
    is_alive = alive_frac(additions.vintage, additions.life_years, years)
    additions_mw = np.zeros_like(path)
    for t in range(n_years):  # each year's additions depend on those of the years before
        additions_mw[:, t] = np.maximum(path[:, t] - alive_mw[:, :, t].sum(axis=1), 0.0)
        alive_mw[:, n_stock + t] = additions_mw[:, t, None] * is_alive[:, t]

    standing_mw = alive_mw.sum(axis=1)
    is_surplus = standing_mw > path
    switched_on = np.where(is_surplus, path / np.where(is_surplus, standing_mw, 1.0), 1.0)
    alive_mw = alive_mw * switched_on[:, None]
    h100e_per_mw = np.concatenate([stock.h100e_per_mw, additions.h100e_per_mw], axis=1)
    compute = np.einsum("wvt,wv->wt", alive_mw, h100e_per_mw)
    return ReferenceFleet(
        compute_h100e=np.asarray(utilisation_frac, dtype=float)[:, None] * compute,
        additions_mw=additions_mw,
        alive_mw=alive_mw,
    )


def _check_lives(years: ModelYears, additions: Cohorts, workloads: Sequence[str]) -> None:
    """Refuse racks that live shorter than the calendar years that their model year stands for."""
    rules = []
    for w, t in np.argwhere(additions.life_years < np.array(years.spans)):
        what_is = f"workload {workloads[w]} adds racks in {years.years[t]} with a life of {additions.life_years[w, t]}"
        must_be = f"at least the {years.spans[t]} years this model year covers"
        rules.append((True, what_is, must_be, "add model years, or give these racks a longer life"))
    refuse("fleet", *rules)
