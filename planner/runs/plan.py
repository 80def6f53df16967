"""A solved scenario: what was asked, what the solver said, the tables, the check, and its views."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.units import MUSD_PER_BUSD
from planner.results.ended import exit_code, not_housed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from planner.check import Verdict
    from planner.inputs.inputs import Inputs
    from planner.lp import Outcome
    from planner.outputs.plots import Plots
    from planner.outputs.run import Run
    from planner.results import Results
    from planner.results.four_moneys import Moneys
    from planner.results.proof import Proof
    from planner.scenario import Scenario
    from planner.studies.explain.words import Explanation

_PLACE: Final = ["site", "name", "country", "region", "zone", "lat", "lon", "is_existing"]
_IN_THE_END: Final = ["halls_mw", "it_mean_mw", "facility_mean_mw", "facility_peak_mw", "pue"]


@dataclass(frozen=True, eq=False, repr=False)
class PlanViews:
    """Tables, map, workbook and explanation of a plan; a class that has `run` besides."""

    scenario: Scenario
    inputs: Inputs
    results: Results

    if TYPE_CHECKING:  # of the classes that have these views

        @property
        def run(self) -> Run:
            """The plan as it is stored."""
            ...

    def __repr__(self) -> str:
        """Return name, status, check and cost on one line."""
        return f"<plan of {self.run.label}: {self._in_short()}>"

    def _repr_html_(self) -> str:
        """Show status, check, cost and the years in a notebook."""
        head = f"<p><strong>{escape(self.run.title)}</strong>: {escape(self._in_short())}</p>"
        return head + str(self.summary.set_index("year").T.to_html(escape=True))

    def _in_short(self) -> str:
        meta = self.run.meta
        check = "checked" if meta["check"]["ok"] else "CHECK FAILED"
        cost = float(self.tables["solution"]["objective_musd"].iloc[0]) / MUSD_PER_BUSD
        first = not_housed(self.tables)
        words = f"{first}; {meta['status']}" if first else meta["status"]
        return f"{words}, {check}, {cost:,.2f} BUSD net present value"

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every result table by name."""
        return self.results.tables

    @property
    def summary(self) -> pd.DataFrame:
        """One row per model year: demand, halls, power, money."""
        return self.tables["summary"]

    @property
    def bridge(self) -> pd.DataFrame:
        """One row per model year: from nameplate on the path to power at the meter. [MW]"""
        return self.tables["bridge"]

    @property
    def site_year(self) -> pd.DataFrame:
        """One row per site and year: halls, power, PUE, water, emissions, cost."""
        return self.tables["site_year"]

    @property
    def costs(self) -> pd.DataFrame:
        """One row per cost item, site and calendar year; its NPV adds up to the objective."""
        return self.tables["costs"]

    @property
    def money(self) -> Moneys:
        """The four moneys: net present value, cash, overnight capex, paid after the horizon."""
        from planner.results.four_moneys import moneys

        return moneys(self.tables)

    @property
    def power(self) -> pd.DataFrame:
        """One row per site, year and slot: IT and facility power."""
        return self.tables["power_slot"]

    @property
    def prices(self) -> pd.DataFrame:
        """Shadow prices in natural units."""
        return self.tables["prices"]

    @cached_property
    def sites(self) -> gpd.GeoDataFrame:
        """One row per site, a point in WGS 84: what it has in the last model year, and its cost.

        ``first_year`` is the first model year with halls, missing where the plan uses none;
        ``npv_musd`` the net present value of all that is paid there.
        """
        import geopandas as gpd

        years = self.site_year
        in_the_end = years[years["year"] == years["year"].max()]
        table = self.tables["sites"][_PLACE]
        table = table.merge(in_the_end[["site", *_IN_THE_END]], on="site", how="left")
        used = years[years["halls_mw"] > 0.0].groupby("site", observed=True)["year"].min()
        paid = self.costs.groupby("site", observed=True)["npv_musd"].sum()
        table["first_year"] = table["site"].map(used.astype("Int64"))
        table["npv_musd"] = table["site"].map(paid).astype(float).fillna(0.0)
        return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")

    def explain(
        self, *, site: str | None = None, against: str | None = None, year: int | None = None, resolve: bool = False
    ) -> Explanation:
        """Explain the plan, a site or a model year: what binds, what more is worth, and why.

        Parameters
        ----------
        site : str, optional
            Site id.
        against : str, optional
            Site that it is compared with, part by part.
        year : int, optional
            Model year.
        resolve : bool
            Solve again, with a little more of what binds, and for a site what it would take.

        Returns
        -------
        Explanation
            As text its sentences under their headings; ``tables`` holds what they rest on.
        """
        from planner.studies.explain import explain

        return explain(self, site=site, against=against, year=year, resolve=resolve)

    def to_xlsx(self, path: str | Path) -> Path:
        """Write the workbook to a file and return its path."""
        from planner.outputs.xlsx import write_workbook

        (written,) = write_workbook(self.run, Path(path))
        return written

    @property
    def plot(self) -> Plots:
        """The plots of the plan: ``plan.plot.map(2030)``, ``plan.plot.cost()`` and others."""
        from planner.outputs.plots import Plots

        return Plots(self.run)

    def map_svg(self, year: int | None = None) -> str:
        """Draw the sites of a model year, the last by default, as SVG text."""
        return self.plot.map(year).svg()


@dataclass(frozen=True, repr=False)
class Plan(PlanViews):
    """A solved scenario: what was asked, what the solver said, the tables, the check.

    Parameters
    ----------
    scenario : Scenario
        As merged and validated.
    inputs : Inputs
        Sets and coefficients made from it.
    results : Results
        Tidy tables with one documented schema.
    outcome : Outcome
        The solver's verdict, bound and gap.
    verdict : Verdict
        What the independent checker found.
    seconds : mapping
        Wall time of every stage. [s]
    sizes : mapping
        Rows, columns and non-zeros of the program.
    proof : Proof
        The program that was solved, with what proves that no plan costs less.
    orders_held_before : int or None
        Year before which orders were given, not chosen: bound and proof are of plans with them.
    """

    outcome: Outcome
    verdict: Verdict
    seconds: Mapping[str, float]
    sizes: Mapping[str, int]
    proof: Proof
    orders_held_before: int | None = None

    @property
    def exit_code(self) -> int:
        """0 solved as asked and checked, 1 the check failed, 4 a limit was reached."""
        return exit_code(self.outcome.status, [check.name for check in self.verdict.broken])

    def save(self, runs_dir: str | Path = "runs") -> Path:
        """Write the run folder into a folder of runs, as `dcplan solve` does; return it."""
        from planner.runs.folder import free_name, save_run

        return save_run(self.run.named(free_name(self.run.meta["run"], Path(runs_dir))), Path(runs_dir))

    @cached_property
    def run(self) -> Run:
        """What is stored of the plan, in memory."""
        from planner.runs.meta import run_of

        return run_of(self)
