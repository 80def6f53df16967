"""Efficiency levers: what compute they save, for what money, from when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.inputs.table_columns import codes, floats, ints
from planner.lp import Index

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase

__all__ = ["LeverInputs", "lever_inputs"]


@dataclass(frozen=True)
class LeverInputs:
    """Efficiency levers: pay to need less compute."""

    adopted: Index  # (workload, lever, year)
    saving_frac: Floats  # [adopted] at full adoption
    max_adoption_frac: Floats  # [adopted], ramp
    cost_musd_per_kh100e_year: Floats  # [adopted], per kH100e saved, a year


def lever_inputs(case: ScopedCase, sets: Sets) -> LeverInputs:
    r"""Make the list of levers on offer.

    Savings multiply: what one lever has saved the next one cannot. The program adds them up, so
    those of a workload are scaled to give together, fully adopted, what their product gives:

    .. math:: \sigma_j \cdot \frac{1 - \prod_i (1 - \sigma_i)}{\sum_i \sigma_i}
    """
    allowed = case.scenario.levers.allow
    table = case.tables["levers"]
    if allowed != "all":
        table = table[table["lever"].isin(list(allowed))]
    table = table[table["workload"].isin(list(sets.workload.labels))]
    lever = codes(table["lever"], sets.lever.labels)
    workload = codes(table["workload"], sets.workload.labels)
    saving = floats(table, "saving_frac")
    left, summed = np.ones(len(sets.workload)), np.zeros(len(sets.workload))
    np.multiply.at(left, workload, 1.0 - saving)
    np.add.at(summed, workload, saving)
    together = saving * ((1.0 - left)[workload] / summed[workload])
    since = case.year + 1.0 - ints(table, "first_year")[:, None]
    ramp = np.clip(since / floats(table, "ramp_years")[:, None], 0.0, 1.0)
    adoption = floats(table, "max_adoption_frac")[:, None] * ramp
    row, year = np.nonzero(adoption > 0.0)
    usd_per_hour = floats(table, "cost_usd_per_h100e_hour_saved")[row]
    return LeverInputs(
        adopted=Index.sparse("adopted", (sets.workload, sets.lever, sets.year), (workload[row], lever[row], year)),
        saving_frac=together[row],
        max_adoption_frac=adoption[row, year],
        cost_musd_per_kh100e_year=usd_per_hour * HOURS_PER_YEAR * H100E_PER_KH100E / USD_PER_MUSD,
    )
