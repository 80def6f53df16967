"""Mean power at the meter by model year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from planner.outputs.labels import DisplayNames
from planner.outputs.plots.drawing import sheet
from planner.outputs.plots.stacked import stack
from planner.results.power_by_source import sources_of_power

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["By", "draw_power"]

By = Literal["workload", "zone", "site", "source"]
"""What the columns are made of."""
_TABLES: Final[Mapping[str, str]] = {"workload": "power_class", "zone": "power_zone", "site": "site_year"}


def draw_power(run: Run, by: By = "workload") -> Drawing:
    """Draw mean power at the meter. [MW]"""
    if by not in get_args(By):
        message = f"by is {by!r}; it must be one of {', '.join(get_args(By))}"
        raise ValueError(message)
    labels = DisplayNames(run)
    name: Mapping[str, Callable[[str], str]] = {
        "workload": labels.workload,
        "zone": labels.zone,
        "site": labels.site,
        "source": labels.source,
    }
    with sheet(run.title, f"Mean power at the meter by {by}") as (drawing, (axes,)):
        stack(axes, _by_year(run, by).rename(columns=name[by]), "MW")
    return drawing


def _by_year(run: Run, by: str) -> pd.DataFrame:
    if by == "source":
        frame = sources_of_power(run.tables).rename(columns={"mean_mw": "facility_mean_mw"})
    else:
        frame = run.tables[_TABLES[by]]
    sums = frame.pivot_table(index="year", columns=by, values="facility_mean_mw", aggfunc="sum", observed=True)
    # In the order of the table, as in the report: so a workload has one colour in both.
    return sums.fillna(0.0)[list(dict.fromkeys(frame[by]))]
