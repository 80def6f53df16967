"""Constants with their units, and conversions of compute demand to mean H100-equivalents.

The unit of compute is the H100e: for training the dense BF16 peak of one H100, for inference
its measured throughput. Demand is a mean over the year, so an amount of work becomes a demand
by dividing by the time in which it must be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.errors import InputError, Problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "DAYS_PER_YEAR",
    "H100E_PER_KH100E",
    "H100_DENSE_BF16_PFLOPS",
    "HOURS_PER_DAY",
    "HOURS_PER_YEAR",
    "KG_PER_T",
    "KM_PER_M",
    "KW_PER_MW",
    "LITRES_PER_M3",
    "M2_PER_THOUSAND_M2",
    "M3_PER_THOUSAND_M3",
    "MONTHS_PER_YEAR",
    "MS_PER_S",
    "MUSD_PER_BUSD",
    "MWH_PER_GWH",
    "MWH_PER_TWH",
    "MW_PER_GW",
    "SECONDS_PER_DAY",
    "SECONDS_PER_HOUR",
    "TRAINING_FLOP_UTILISATION_FRAC",
    "T_PER_KT",
    "USD_PER_MUSD",
    "mean_h100e_from_pf_days",
    "mean_h100e_from_requests_per_day",
    "mean_h100e_from_tokens_per_day",
]

SECONDS_PER_HOUR: Final = 3600.0  # [s/h]
HOURS_PER_DAY: Final = 24.0  # [h/day]
SECONDS_PER_DAY: Final = SECONDS_PER_HOUR * HOURS_PER_DAY  # [s/day]
DAYS_PER_YEAR: Final = 365.0  # [day/yr], the modelled year has no leap day
HOURS_PER_YEAR: Final = DAYS_PER_YEAR * HOURS_PER_DAY  # [h/yr], 8,760
MONTHS_PER_YEAR: Final = 12.0  # [month/yr]
KW_PER_MW: Final = 1000.0  # [kW/MW], and USD/kW x 1000 = USD/MW
MW_PER_GW: Final = 1000.0  # [MW/GW]
MWH_PER_GWH: Final = 1000.0  # [MWh/GWh]
MWH_PER_TWH: Final = 1e6  # [MWh/TWh]
USD_PER_MUSD: Final = 1e6  # [USD/MUSD]
MUSD_PER_BUSD: Final = 1000.0  # [MUSD/BUSD]
H100E_PER_KH100E: Final = 1000.0  # [H100e/kH100e]
LITRES_PER_M3: Final = 1000.0  # [L/m3]
M2_PER_THOUSAND_M2: Final = 1000.0  # rows of floor space are in thousand m2
M3_PER_THOUSAND_M3: Final = 1000.0  # rows of water are in thousand m3
KG_PER_T: Final = 1000.0  # [kg/t]
T_PER_KT: Final = 1000.0  # [t/kt]
MS_PER_S: Final = 1000.0  # [ms/s]
KM_PER_M: Final = 1e-3  # [km/m]
H100_DENSE_BF16_PFLOPS: Final = 0.989  # [PFLOP/s], NVIDIA H100 SXM data sheet, without sparsity

TRAINING_FLOP_UTILISATION_FRAC: Final = 0.40
"""Model FLOPs over peak FLOPs of a training run: 0.38-0.43 on 8,000-16,000 H100 (Llama Team,
The Llama 3 Herd of Models, 2024, table 4)."""


def mean_h100e_from_pf_days(
    pf_days: ArrayLike,
    days: ArrayLike,
    *,
    flop_utilisation_frac: float = TRAINING_FLOP_UTILISATION_FRAC,
) -> Floats:
    r"""Mean H100-equivalents that a training run of so many PF-days keeps busy.

    A PF-day is one day at one PFLOP/s of arithmetic done, while an H100e is peak arithmetic,
    of which a run reaches a share.

    .. math:: d = \frac{\text{PF-days}}{\text{days} \cdot u \cdot 0.989}

    Parameters
    ----------
    pf_days
        Arithmetic of the run, as published for a model. [PFLOP/s x day]
    days
        Time in which it is done; 365 spreads a year's work evenly over the year. [day]
    flop_utilisation_frac
        Model FLOPs over peak FLOPs while the run is on.

    Returns
    -------
    numpy.ndarray
        H100-equivalents in use during these days; for a mean over the year multiply by
        days / 365. [H100e]

    Raises
    ------
    InputError
        If the days or the utilisation are not above 0, or the utilisation exceeds 1.

    Examples
    --------
    GPT-3 took 3,640 PF-days; in 30 days at 40 % of peak:

    >>> round(float(mean_h100e_from_pf_days(3640.0, 30.0)), 1)
    306.7
    """
    time = _above_zero(days, "days")
    share = _above_zero(flop_utilisation_frac, "flop_utilisation_frac")
    if np.any(share > 1.0):
        raise InputError(
            [Problem("units", None, None, f"flop_utilisation_frac is {share}", "at most 1")]
        )
    return np.asarray(pf_days, dtype=float) / (time * share * H100_DENSE_BF16_PFLOPS)


def mean_h100e_from_requests_per_day(
    requests_per_day: ArrayLike, h100e_seconds_per_request: ArrayLike
) -> Floats:
    """Mean H100-equivalents that a stream of requests keeps busy.

    Parameters
    ----------
    requests_per_day
        Mean over the year. [request/day]
    h100e_seconds_per_request
        Time one H100 would spend on one request, batching included. [H100e s/request]

    Returns
    -------
    numpy.ndarray
        Requests times seconds over the 86,400 s of a day. [H100e]

    Examples
    --------
    >>> round(float(mean_h100e_from_requests_per_day(2.5e9, 0.6)), 1)
    17361.1
    """
    work = np.asarray(requests_per_day, dtype=float) * np.asarray(h100e_seconds_per_request)
    return np.asarray(work / SECONDS_PER_DAY, dtype=float)


def mean_h100e_from_tokens_per_day(
    tokens_per_day: ArrayLike, tokens_per_s_per_h100e: ArrayLike
) -> Floats:
    """Mean H100-equivalents that a stream of tokens keeps busy.

    Parameters
    ----------
    tokens_per_day
        Mean over the year. [token/day]
    tokens_per_s_per_h100e
        Measured throughput of one H100 for this mix of tokens. [token/s/H100e]

    Returns
    -------
    numpy.ndarray
        Tokens per second over throughput. [H100e]

    Raises
    ------
    InputError
        If a throughput is not above 0.

    Examples
    --------
    >>> round(float(mean_h100e_from_tokens_per_day(4.32e12, 2500.0)), 1)
    20000.0
    """
    throughput = _above_zero(tokens_per_s_per_h100e, "tokens_per_s_per_h100e")
    return np.asarray(tokens_per_day, dtype=float) / SECONDS_PER_DAY / throughput


def _above_zero(value: ArrayLike, name: str) -> Floats:
    array = np.asarray(value, dtype=float)
    if not np.all(array > 0.0):
        raise InputError([Problem("units", None, None, f"{name} is {array}", "above 0")])
    return array
