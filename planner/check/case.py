"""What is checked: a plan, the inputs it was made from, and the scenario behind them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check import cells
from planner.check.frames import column_by, lookup_labels, table_of, to_frame, with_int_year
from planner.check.optimality import StoredProgram

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.family.values import Override
    from planner.inputs.inputs import Inputs
    from planner.results import Results
    from planner.results.proof import Proof
    from planner.scenario.schema import Scenario


def replaced(table: pd.DataFrame, key: str, overrides: Mapping[str, Override]) -> pd.DataFrame:
    """Put the scenario's figures into the cells of a table."""
    if not overrides:
        return table.reset_index(drop=True)
    result = table.set_index(key, drop=False).rename_axis(None)
    for name, override in overrides.items():
        for column, value in override.written_values().items():
            if column in result.columns and name in result.index:
                result.loc[name, column] = np.nan if value is None else value
    return result.reset_index(drop=True)


_COEFFICIENTS = (
    "throughput_kh100e_per_mw",
    "hall_mw_per_mw",
    "space_m2_per_mw",
    "idle_mw_per_mw",
    "dynamic_mw_per_mw",
    "deferrable_frac",
    "companion_mw_per_mw",
)


@dataclass(frozen=True, eq=False)
class Case:
    """A finished plan and everything needed to judge it."""

    scenario: Scenario  # the question
    inputs: Inputs  # index lists and coefficients the plan was made from
    results: Results  # the plan as tables
    objective_musd: float  # objective that the solver reports. [MUSD]
    status: str  # what the solver reports of it
    # what the solver reports that no plan costs less than; nan where it reports none. [MUSD]
    bound_musd: float
    # from the bound to the objective, as the solver reports it; nan where it reports none. [-]
    gap_frac: float
    proof: Proof  # the program with solution and duals
    orders_held_before: int | None = None  # year before which orders were given to the plan, not chosen by it
    reads_all: bool = False  # whether every row of the program is compared, and not a sample of large blocks

    def plan(self, table: str) -> pd.DataFrame:
        """Return a result table, its rows numbered from 0 whatever numbers a file keeps of them."""
        if table not in self._plans:
            numbered = self.results.tables[table].reset_index(drop=True)
            self._plans[table] = with_int_year(numbered)
        return self._plans[table]

    @cached_property
    def _plans(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def computed(self) -> dict[Hashable, Any]:
        """What `planner.check.frames` keeps."""
        return {}

    @cached_property
    def is_complete(self) -> bool:
        """Whether no cell is missing and every label known, so that every rule can be computed."""
        return cells.are_complete(self)

    def data(self, table: str) -> pd.DataFrame:
        """Return a table of the data as the plan read it."""
        if table not in self._data:
            self._data[table] = table_of(self.inputs.tables[table])
        return self._data[table]

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the data, with the scenario's figures in place where it may have some."""
        own = {"workloads": self.workloads, "racks": self.racks, "sites": self.sites}
        return own[name] if name in own else self.data(name)

    def by(self, name: str, *key: str) -> pd.DataFrame:
        """Return a table of the data, with the scenario's figures in place, by the labels of some columns."""
        if (name, key) not in self._data:
            self._data[name, key] = self.table(name).set_index(list(key))
        return self._data[name, key]

    @cached_property
    def _data(self) -> dict[Hashable, pd.DataFrame]:
        return {}

    # --- data with what the scenario says instead ------------------------------------------

    @cached_property
    def workloads(self) -> pd.DataFrame:
        """Table of workloads with the scenario's figures in place."""
        return replaced(self.data("workloads"), "workload", self.scenario.workloads)

    @cached_property
    def racks(self) -> pd.DataFrame:
        """Table of rack types with the scenario's figures in place."""
        return replaced(self.data("racks"), "rack", self.scenario.racks.override)

    @cached_property
    def sites(self) -> pd.DataFrame:
        """Table of sites with the scenario's own sites and zones."""
        table = self.data("sites")
        added = []
        for name, site in self.scenario.new_sites.items():
            like = table[table["site"] == site.like].assign(site=name)
            added.append(replaced(like, "site", {name: site}))
        return replaced(pd.concat([table, *added], ignore_index=True), "site", self.scenario.sites)

    @cached_property
    def scope(self) -> pd.DataFrame:
        """Sites that the scenario is about, own ones last, each with its row of `sites`."""
        frame = self._with_excluded
        return frame[~frame["site"].isin(self.excluded)].reset_index(drop=True)

    @cached_property
    def excluded(self) -> list[str]:
        """Sites that would be in scope if the scenario did not leave them out by name."""
        blocks = (self.scenario.sites, self.scenario.new_sites)
        out = [*self.scenario.scope.exclude_sites]
        out += [name for sites in blocks for name, stated in sites.items() if stated.exclude]
        there = self._with_excluded["site"]
        return [str(site) for site in there[there.isin(out)]]

    @cached_property
    def _with_excluded(self) -> pd.DataFrame:
        asked, frame = self.scenario.scope, self.sites
        is_in = pd.Series(True, index=frame.index)
        if asked.countries != "all":
            is_in &= frame["country"].isin(list(asked.countries))
        if asked.sites != "all":
            is_in &= frame["site"].isin(list(asked.sites))
        return frame[is_in]

    def table_site(self, sites: Iterable[str]) -> list[str]:
        """Return the site of the tables that each site takes its figures from."""
        new_sites = self.scenario.new_sites
        return [new_sites[site].like if site in new_sites else site for site in sites]

    def site_figures(self, table: str, column: str) -> pd.Series[float]:
        """Return a column of a table by the sites of the plan; own sites take their model's."""
        rows = self.data(table).set_index("site")[column]
        sites = list(self.inputs.sets.site.labels)
        figures = pd.Series(rows.loc[self.table_site(sites)].to_numpy(), index=pd.Index(sites, name="site"))
        return figures.astype("float64")

    def own_figures(self, column: str, figures: pd.Series[float]) -> pd.Series[float]:
        """Put the figures that the scenario gives for single sites in place of others."""
        result = figures.copy()
        for overrides in (self.scenario.new_sites, self.scenario.sites):
            for site, override in overrides.items():
                if column in override.written_values() and site in result.index:
                    value = getattr(override, column)
                    result[site] = np.nan if value is None else value
        return result

    @cached_property
    def _finance(self) -> dict[tuple[str, str], float]:
        table = self.data("finance")
        places = zip(table["item"], table["region"], strict=True)
        return dict(zip(places, table["value"].astype("float64"), strict=True))

    def finance_of(self, item: str, country: str) -> float:
        """Return a figure of table `finance` for a country, else for the world."""
        return self._finance.get((item, country), self._finance.get((item, "world"), np.nan))

    def finance_of_sites(self, item: str) -> pd.Series[float]:
        """Return a figure of table `finance` for the country of every site of the plan."""
        return self._country.map(lambda name: self.finance_of(item, name))

    @cached_property
    def _country(self) -> pd.Series[str]:
        """Country of every site of the plan."""
        sites = pd.Index(list(self.inputs.sets.site.labels), name="site")
        return column_by(self.sites, "site", "country")[sites].set_axis(sites)

    @cached_property
    def duty(self) -> dict[str, str]:
        """Duty of each workload."""
        return dict(zip(self.workloads["workload"], self.workloads["duty"], strict=True))

    # --- the program --------------------------------------------------------------------

    @cached_property
    def program(self) -> StoredProgram:
        """Arrays of the program that was solved."""
        return StoredProgram(self.proof)

    # --- years --------------------------------------------------------------------------

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Model years."""
        return tuple(int(year) for year in self.scenario.years)

    @cached_property
    def last_years(self) -> dict[int, int]:
        """Last calendar year that each model year stands for."""
        later = [year - 1 for year in self.years[1:]]
        return dict(zip(self.years, [*later, self.years[-1]], strict=True))

    def last_calendar_year(self, year: pd.Series[int] | NDArray[np.int64]) -> Floats:
        """Return the last calendar year that each model year stands for."""
        return lookup_labels(self.last_years, year)

    def span(self, year: pd.Series[int]) -> Floats:
        """Return how many calendar years each model year stands for."""
        return self.last_calendar_year(year) - year.to_numpy(dtype=np.float64) + 1.0

    @cached_property
    def calendar(self) -> tuple[int, ...]:
        """Calendar years of the horizon."""
        return tuple(range(self.years[0], self.years[-1] + 1))

    @cached_property
    def model_year(self) -> dict[int, int]:
        """Model year that stands for each calendar year."""
        return {year: max(t for t in self.years if t <= year) for year in self.calendar}

    @cached_property
    def site_year(self) -> pd.DataFrame:
        """Every site and year in which the site can do something."""
        return to_frame(self.inputs.sites.site_year)

    # --- racks in use -------------------------------------------------------------------

    @cached_property
    def deployments(self) -> pd.DataFrame:
        """Ways to use a rack, with their coefficients per MW of nameplate."""
        racks, power, sets = self.inputs.racks, self.inputs.power, self.inputs.sets
        frame = to_frame(racks.deployment, **{name: getattr(racks, name) for name in _COEFFICIENTS})
        window = np.array([*sets.window.labels, ""], dtype=object)
        return frame.assign(
            shape=np.array(sets.shape.labels, dtype=object)[power.deployment_shape],
            window=window[power.deployment_window],
            utilisation_frac=power.deployment_utilisation_frac,
        )

    @cached_property
    def halls(self) -> pd.DataFrame:
        """Hall designs: cooling, redundancy, density, losses."""
        sets, power = self.inputs.sets, self.inputs.power
        return table_of(
            {
                "hall": np.array(sets.hall.labels, dtype=object),
                "cooling": np.array(sets.cooling.labels, dtype=object)[sets.hall_cooling],
                "redundancy": np.array(sets.redundancy.labels, dtype=object)[sets.hall_redundancy],
                "density_kw_per_m2": self.inputs.halls.density_kw_per_m2,
                "loss_fixed_frac": power.loss_fixed_frac,
                "loss_variable_frac": power.loss_variable_frac,
            }
        )

    @cached_property
    def uses(self) -> pd.DataFrame:
        """Racks in service with the figures of their deployment and hall; 0 where unknown."""
        key = ["site", "rack", "hall", "workload", "year"]
        plan = self.plan("plan")[[*key, "used_mw", "standby_mw"]]
        plan = plan.assign(in_service_mw=plan["used_mw"] + plan["standby_mw"])
        known = plan.merge(self.deployments, on=["rack", "hall", "workload"], how="left")
        numbers = [*_COEFFICIENTS, "utilisation_frac"]
        known[numbers] = known[numbers].fillna(0.0)
        known = known.merge(self.halls, on="hall", how="left")
        known["loss_variable_frac"] = known["loss_variable_frac"].fillna(0.0)
        return known.assign(duty=known["workload"].map(self.duty))
