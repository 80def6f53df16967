"""The measures of a model year, named once, and the results of runs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.outputs.labels import LABELS
from planner.results.four_moneys import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.outputs.run import Run


@dataclass(frozen=True)
class Measure:
    """A column of a result table, as people read it."""

    label: str  # what it is
    unit: str
    column: str  # name in its table
    per: float = 1.0  # what numbers are divided by to be in `unit`
    decimals: int = 0  # places behind the point in a table of years


_MEASURES: Final = {one["column"]: Measure(**one) for one in LABELS["measures"]}


def measures(columns: Iterable[str]) -> tuple[Measure, ...]:
    """Return the measures of some columns."""
    return tuple(_MEASURES[column] for column in columns)


OF_YEAR: Final = measures(
    (
        *("demand_kh100e", "served_kh100e", "rented_kh100e", "unmet_kh100e", "sites_in_use", "nameplate_mw"),
        *("facility_mean_mw", "facility_peak_mw", "new_firm_mw", "emissions_kt", "water_m3", "cost_musd"),
    )
)
"""What is compared of a year."""


def sites_of(run: Run) -> pd.DataFrame:
    """Return one row per site with what the plan does there, the largest of the last model year first."""
    site_year, plan, leads = (run.tables[name] for name in ("site_year", "plan", "leads"))
    last = site_year[site_year["year"] == run.years[-1]].set_index("site")
    used = plan[plan["year"] == run.years[-1]]
    total = used.groupby("site")["used_mw"].sum()
    trains = used[used["duty"] == "training"].groupby("site")["used_mw"].sum()
    amounts = ["nameplate_mw", "facility_mean_mw", "facility_peak_mw", "new_firm_mw"]
    frame = run.sites.set_index("site").assign(
        first_year=plan.groupby("site")["year"].min(),
        training_frac=trains.reindex(total.index, fill_value=0.0) / total,
        capex_musd=site_year.groupby("site")["capex_musd"].sum(),
        lead_months=leads.groupby("site")["months"].min(),
        **{name: last[name] for name in amounts},
    )
    frame = frame.fillna(dict.fromkeys([*amounts, "capex_musd"], 0.0))
    return frame.sort_values("nameplate_mw", ascending=False, kind="stable").reset_index()


MOST_RUNS: Final = 8  # more runs than that are not read side by side
OTHER_HORIZON: Final = (
    "The runs differ in horizon, discount rate or what follows the horizon: their net present "
    "values do not compare like with like."
)
_KEYS: Final = ("by", "label", "year", "measure", "unit")
_HORIZON: Final = ("first_year", "last_year", "discount_rate_frac", "end_of_horizon")
_LATER: Final = ("new_firm_mw", "emissions_kt", "water_m3")
_OF_ZONE: Final = measures(("nameplate_mw", "facility_mean_mw", "coincident_peak_mw", *_LATER))
_OF_SITE: Final = measures(("halls_mw", "nameplate_mw", "facility_mean_mw", "facility_peak_mw", *_LATER, "cost_musd"))


def letters_of(runs: Sequence[Run]) -> str:
    """Return the letters that runs go by: A for the first."""
    return ascii_uppercase[: len(runs)]


def difference_columns(runs: Sequence[Run]) -> list[str]:
    """Return the names of the columns of differences: of each further run to the first."""
    first, *others = list(letters_of(runs))
    return [f"{letter} less {first}" for letter in others]


def common_years(runs: Sequence[Run]) -> list[int]:
    """Return the model years that all runs have."""
    return [year for year in runs[0].years if all(year in run.years for run in runs)]


def have_one_horizon(runs: Sequence[Run]) -> bool:
    """Whether costs of runs are of one horizon, discount rate and end, so that they compare."""
    columns = list(_HORIZON)
    return len({tuple(run.tables["solution"][columns].iloc[0]) for run in runs}) == 1


def side_by_side(runs: Sequence[Run]) -> pd.DataFrame:
    """Lay the results of runs side by side."""
    letters = letters_of(runs)
    frame = pd.concat(
        [_column(run).rename(letter) for letter, run in zip(letters, runs, strict=True)], axis=1, sort=False
    )
    years, by = (frame.index.get_level_values(name).to_numpy() for name in ("year", "by"))
    for letter, run in zip(letters, runs, strict=True):
        first, last = (int(run.tables["solution"][name].iloc[0]) for name in _HORIZON[:2])
        of_horizon = (by == "calendar year") & (years >= first) & (years <= last)
        known = (years == 0) | np.isin(years, run.years) | of_horizon
        frame[letter] = frame[letter].mask(frame[letter].isna() & known, 0.0)
    for letter, name in zip(letters[1:], difference_columns(runs), strict=True):
        less = frame[letter] - frame[letters[0]]
        is_noise = less.abs() <= 1e-9 * frame[letters[0]].abs()
        frame[name] = less.mask(is_noise, 0.0)
    # The rows of one kind are together, whichever run had them first.
    frame = frame.iloc[np.argsort(pd.factorize(by)[0], kind="stable")].reset_index()
    return frame.astype({"year": "int64"})


def _column(run: Run) -> pd.Series:
    """Return all figures of a run, by what they are."""
    costs, tables = run.tables["costs"], run.tables
    npv = {"Net present value": costs, **{f"of it {of}": costs[costs["upfront"] == up] for up, of in PAID_FOR.items()}}
    rows: list[tuple[Any, ...]] = [
        ("plan", "", 0, measure, "MUSD", part["npv_musd"].sum()) for measure, part in npv.items()
    ]
    for by, table, shown in (
        ("year", "summary", OF_YEAR),
        ("zone", "power_zone", _OF_ZONE),
        ("site", "site_year", _OF_SITE),
    ):
        frame = tables[table]
        labels = [""] * len(frame) if by == "year" else frame[by].astype(str)
        for one in shown:
            values = zip(labels, frame["year"], frame[one.column] / one.per, strict=True)
            rows += [(by, label, int(year), one.label, one.unit, value) for label, year, value in values]
    for by in ("item", "site"):
        paid = costs.groupby(by, sort=False, observed=True)["npv_musd"].sum()
        rows += [(by, str(label), 0, "Net present value", "MUSD", musd) for label, musd in paid.items()]
    yearly = costs.groupby("calendar_year")["musd"].sum()
    rows += [("calendar year", "", year, "Payments", "MUSD", musd) for year, musd in yearly.items()]
    index = pd.MultiIndex.from_tuples([row[:-1] for row in rows], names=list(_KEYS))
    return pd.Series([row[-1] for row in rows], index=index, dtype=np.float64)
