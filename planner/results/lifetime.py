"""What models cost over their life: training against inference, and the training of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.base.units import HOURS_PER_DAY, USD_PER_MUSD
from planner.fleet.compute import mean_h100e_from_pf_days
from planner.results.frame import ratio, result_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel

__all__ = ["lifetime", "models_trained"]


def lifetime(_: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make table `lifetime`: full cost and rent of training and of inference by model year."""
    training, inference = (_of_duty(tables, duty) for duty in ("training", "inference"))
    costs = {
        duty: (rows["full_cost_musd"] + rows["rent_musd"]).to_numpy(dtype=np.float64)
        for duty, rows in (("training", training), ("inference", inference))
    }
    per_hour = training["full_usd_per_h100e_hour"].to_numpy(dtype=np.float64)
    return result_table(
        "lifetime",
        pd.DataFrame(
            {
                "year": training["year"].to_numpy(),
                "training_musd": costs["training"],
                "inference_musd": costs["inference"],
                "inference_share_frac": ratio(costs["inference"], costs["training"] + costs["inference"]),
                "training_idle_musd": training["full_idle_musd"].to_numpy(),
                "inference_idle_musd": inference["full_idle_musd"].to_numpy(),
                "usd_per_pf_day": per_hour * _h100e_hours_per_pf_day(),
            }
        ),
    )


def models_trained(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make table `models_trained`: the cost of training models of known size in each year."""
    models = s.p.tables["trained_models"]
    frame = models[["model", "training_pf_days"]].merge(tables["lifetime"][["year", "usd_per_pf_day"]], how="cross")
    # Where runs come to need less compute, a model of the same size costs so much less.
    scale = dict(zip(map(int, s.p.sets.year.labels), s.p.demand.run_scale_frac, strict=True))
    pf_days = frame["training_pf_days"] * frame["year"].map(scale)
    musd = pf_days * frame["usd_per_pf_day"] / USD_PER_MUSD
    return result_table("models_trained", frame.assign(run_musd=musd).drop(columns="usd_per_pf_day"))


def _of_duty(tables: Mapping[str, pd.DataFrame], duty: str) -> pd.DataFrame:
    costs = tables["unit_costs"]
    is_duty = (costs["level"] == "duty") & (costs["scope"] == duty)
    return costs[is_duty].sort_values("year")


def _h100e_hours_per_pf_day() -> Floats:
    """Hours of an H100e that a day at one PFLOP/s takes, at the share of peak that runs reach."""
    return mean_h100e_from_pf_days(1.0, 1.0) * HOURS_PER_DAY
