"""Lifetime costs of models, computed a second time from the unit costs of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.days import year_rows
from planner.check.demand_figures import PFLOPS_OF_H100_IN_TRAINING
from planner.check.frames import column_by, lookup, quotient
from planner.check.paths import between
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case

_H100E_HOURS_PER_PF_DAY: Final = 24.0 / PFLOPS_OF_H100_IN_TRAINING
_USD_PER_MUSD: Final = 1e6


def _paid(case: Case, duty: str, years: pd.Series[int], *columns: str) -> Floats:
    """Sum columns of the unit costs of a use, by year. [MUSD/year]"""
    rows = case.plan("unit_costs")
    rows = rows[rows["scope"] == duty].set_index("year")
    paid = rows[list(columns)].sum(axis=1).reindex(years)  # nan where a row is gone
    return np.asarray(paid, dtype=np.float64)


def _usd_per_pf_day(case: Case, years: pd.Series[int]) -> Floats:
    rows = case.plan("unit_costs")
    rows = rows[rows["scope"] == "training"].set_index("year")
    per_hour = rows["full_usd_per_h100e_hour"].reindex(years)
    return np.asarray(per_hour, dtype=np.float64) * _H100E_HOURS_PER_PF_DAY


@rule(unit="MUSD/year or USD/PF-day")
def lifetime_shared(case: Case) -> Excess:
    """Training and inference cost their unit costs, rent included; a PF-day costs its hours."""
    table = case.plan("lifetime")
    duties = ("training", "inference")
    training, inference = (_paid(case, duty, table["year"], "full_cost_musd", "rent_musd") for duty in duties)
    idle = {f"{name}_idle_musd": _paid(case, name, table["year"], "full_idle_musd") for name in duties}
    expected = {
        "training_musd": training,
        "inference_musd": inference,
        "inference_share_frac": quotient(inference, training + inference),
        "usd_per_pf_day": _usd_per_pf_day(case, table["year"]),
        **idle,
    }
    return columns_reported(table, ("year",), expected)


@rule(unit="PF-days or MUSD", rereads="demand.run_scale_frac")
def models_trained_priced(case: Case) -> Excess:
    """A model costs its PF-days at the price of the year, times the factor on frontier training."""
    table = case.plan("models_trained")
    of_model = column_by(case.data("trained_models"), "model", "training_pf_days").astype("float64")
    days = lookup(of_model, table, ("model",), np.nan)
    scale = case.scenario.demand.workload_scale_frac.get("train_frontier", 1.0)
    of_year = np.array([between(scale, year) for year in table["year"]])
    expected = {
        "training_pf_days": days,
        "run_musd": of_year * days * _usd_per_pf_day(case, table["year"]) / _USD_PER_MUSD,
    }
    return columns_reported(table, ("model", "year"), expected)


def lifetime_rows(case: Case) -> pd.DataFrame:
    """List the rows of table `lifetime`: every model year."""
    return year_rows(case)


def model_rows(case: Case) -> pd.DataFrame:
    """List the rows of table `models_trained`: every model of the data in every model year."""
    return year_rows(case, "model", list(case.data("trained_models")["model"]))
