"""The measures of a model year, named once, and the results of runs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.units import M3_PER_THOUSAND_M3
from planner.results.four_moneys import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from planner.outputs.run import Run

# --- The measures of a model year: one list for the terminal, the workbook, the report and comparisons ---


@dataclass(frozen=True)
class Measure:
    """A column of a result table, as people read it."""

    label: str  # what it is
    unit: str
    column: str  # name in its table
    per: float = 1.0  # what numbers are divided by to be in `unit`
    decimals: int = 0  # places behind the point in a table of years


_MEASURES: Final[Mapping[str, Measure]] = {
    one.column: one
    for one in (
        Measure("Demand", "kH100e", "demand_kh100e"),
        Measure("served by own sites", "kH100e", "served_kh100e"),
        Measure("rented", "kH100e", "rented_kh100e"),
        Measure("saved by levers", "kH100e", "saved_kh100e"),
        Measure("unmet", "kH100e", "unmet_kh100e"),
        Measure("Sites in use", "", "sites_in_use"),
        Measure("Halls", "MW", "halls_mw"),
        Measure("Racks in use", "MW", "nameplate_mw"),
        Measure("At the meter, mean", "MW", "facility_mean_mw"),
        Measure("At the meter, peak", "MW", "facility_peak_mw"),
        Measure("At the meter, peak", "MW", "coincident_peak_mw"),
        Measure("Energy", "TWh", "energy_twh", decimals=1),
        Measure("PUE", "-", "pue", decimals=3),
        Measure("New firm connection", "MW", "new_firm_mw"),
        Measure("Emissions", "kt CO2", "emissions_kt"),
        Measure("Water", "thousand m3", "water_m3", M3_PER_THOUSAND_M3),
        Measure("Budget capex", "MUSD", "capex_musd"),
        Measure("Cash for assets", "MUSD", "cash_musd"),
        Measure("Payments of the year", "MUSD", "cost_musd"),
    )
}


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
# --- Where the plan is: a row for each site -------------------------------------------------------


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


# --- Plan, power, cost and carbon of runs side by side, by year, zone, site, item -----------------

MOST_RUNS: Final = 8
"""More runs than that are not read side by side."""
OTHER_HORIZON: Final = (
    "The runs differ in horizon, discount rate or what follows the horizon: their net present "
    "values do not compare like with like."
)
_KEYS: Final = ("by", "label", "year", "measure", "unit")
_HORIZON: Final = ("first_year", "last_year", "discount_rate_frac", "end_of_horizon")
_NOISE: Final = 1e-9  # of a difference, against the numbers
_LATER: Final = ("new_firm_mw", "emissions_kt", "water_m3")
_OF_ZONE: Final = measures(("nameplate_mw", "facility_mean_mw", "coincident_peak_mw", *_LATER))
_OF_SITE: Final = measures(("halls_mw", "nameplate_mw", "facility_mean_mw", "facility_peak_mw", *_LATER, "cost_musd"))
_NPV: Final = Measure("Net present value", "MUSD", "npv_musd")
_PAID: Final = Measure("Payments", "MUSD", "musd")


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
    columns = [_column(run) for run in runs]
    index = columns[0].index
    for other in columns[1:]:
        index = index.append(other.index.difference(index, sort=False))
    frame = pd.DataFrame({"order": _order(index)}, index=index)
    years, by = (index.get_level_values(name).to_numpy() for name in ("year", "by"))
    for letter, run, column in zip(letters, runs, columns, strict=True):
        values = column.reindex(index).to_numpy(dtype=np.float64)
        of_horizon = (by == "calendar year") & np.isin(years, _calendar_years(run))
        known = (years == 0) | np.isin(years, run.years) | of_horizon
        frame[letter] = np.where(np.isnan(values) & known, 0.0, values)
    for letter, name in zip(letters[1:], difference_columns(runs), strict=True):
        less = frame[letter] - frame[letters[0]]
        is_noise = less.abs() <= _NOISE * frame[letters[0]].abs()
        frame[name] = less.mask(is_noise, 0.0)
    frame = frame.sort_values("order", kind="stable").drop(columns="order").reset_index()
    return frame.astype({"year": "int64"})


def _calendar_years(run: Run) -> list[int]:
    first, last = (int(run.tables["solution"][name].iloc[0]) for name in _HORIZON[:2])
    return [*range(first, last + 1)]


def _order(index: pd.Index[Any]) -> list[int]:
    """Keep the rows of one kind together, whichever run had them first."""
    order = {name: at for at, name in enumerate(dict.fromkeys(index.get_level_values("by")))}
    return [order[name] for name in index.get_level_values("by")]


def _column(run: Run) -> pd.Series:
    """Return all figures of a run, by what they are."""
    rows = [row for part in (_of_plan, _of_years, _of_places, _of_costs) for row in part(run)]
    index = pd.MultiIndex.from_tuples([row[:-1] for row in rows], names=list(_KEYS))
    return pd.Series([row[-1] for row in rows], index=index, dtype=np.float64)


_Row = tuple[str, str, int, str, str, float]


def _of_plan(run: Run) -> Iterator[_Row]:
    costs = run.tables["costs"]
    total = float(costs["npv_musd"].sum())
    yield ("plan", "", 0, _NPV.label, _NPV.unit, total)
    for upfront, paid_for in PAID_FOR.items():
        part = float(costs.loc[costs["upfront"] == upfront, "npv_musd"].sum())
        yield ("plan", "", 0, f"of it {paid_for}", _NPV.unit, part)


def _of_years(run: Run) -> Iterator[_Row]:
    yield from _each(run.tables["summary"].assign(label=""), "year", OF_YEAR)


def _of_places(run: Run) -> Iterator[_Row]:
    for by, table, shown in (("zone", "power_zone", _OF_ZONE), ("site", "site_year", _OF_SITE)):
        frame = run.tables[table]
        yield from _each(frame.assign(label=frame[by]), by, shown)


def _each(frame: pd.DataFrame, by: str, shown: Sequence[Measure]) -> Iterator[_Row]:
    labels, years = frame["label"].astype(str).tolist(), frame["year"].tolist()
    for measure in shown:
        values = (frame[measure.column] / measure.per).tolist()
        for label, year, value in zip(labels, years, values, strict=True):
            yield (by, label, int(year), measure.label, measure.unit, float(value))


def _of_costs(run: Run) -> Iterator[_Row]:
    costs = run.tables["costs"]
    for by in ("item", "site"):
        for label, npv in costs.groupby(by, sort=False, observed=True)["npv_musd"].sum().items():
            yield (by, str(label), 0, _NPV.label, _NPV.unit, float(npv))
    for year, paid in costs.groupby("calendar_year")["musd"].sum().items():
        yield ("calendar year", "", int(str(year)), _PAID.label, _PAID.unit, float(paid))
