"""A solved scenario: what was asked, what the solver said, the tables, the check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from planner.base.errors import LimitReachedError
from planner.base.units import MUSD_PER_BUSD

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from planner.check import Verdict
    from planner.inputs.inputs import Inputs
    from planner.lp import Outcome
    from planner.results import Results
    from planner.results.program import Proof
    from planner.scenario import Scenario
    from planner.studies.explain.explanation import Explanation

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """A solved scenario: what was asked, what the solver said, the tables, the check.

    Parameters
    ----------
    scenario : Scenario
        As merged and validated.
    inputs : Inputs
        Sets and coefficients made from it.
    outcome : Outcome
        The solver's verdict, bound and gap.
    results : Results
        Tidy tables with one documented schema.
    verdict : Verdict
        What the independent checker found.
    seconds : mapping
        Wall time of every stage. [s]
    sizes : mapping
        Rows, columns and non-zeros of the program.
    proof : Proof
        The program that was solved, with what proves that no plan costs less.
    """

    scenario: Scenario
    inputs: Inputs
    outcome: Outcome
    results: Results
    verdict: Verdict
    seconds: Mapping[str, float]
    sizes: Mapping[str, int]
    proof: Proof

    @property
    def exit_code(self) -> int:
        """0 solved as asked and checked, 1 the check failed, 4 a limit was reached.

        A limit may leave a plan that does not survive every site outage yet. The check says so,
        the status is the limit's, and so is the exit code.
        """
        as_asked = self.outcome.status in {"optimal", "within_gap"}
        broken = {check.name for check in self.verdict.broken}
        if not self.verdict.ok and (as_asked or broken != {"survives_loss_of_any_site"}):
            return 1
        return 0 if as_asked else LimitReachedError.exit_code

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every result table by name."""
        return self.results.tables

    @property
    def site_year(self) -> pd.DataFrame:
        """One row per site and year: halls, power, PUE, water, emissions, cost."""
        return self.tables["site_year"]

    @property
    def costs(self) -> pd.DataFrame:
        """One row per cost item, site and calendar year; its NPV adds up to the objective."""
        return self.tables["costs"]

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
        """The sites as points in WGS 84, with what the plan does there by year."""
        import geopandas as gpd

        table = self.inputs.sites.table.merge(self.site_year, on="site", how="left")
        points = gpd.points_from_xy(table["lon"], table["lat"])
        return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")

    def explain(
        self,
        *,
        site: str | None = None,
        year: int | None = None,
        quick: bool = False,
        resolve: bool = False,
    ) -> Explanation:
        """Explain the plan, a site or a model year: what binds, what more is worth, and why.

        Parameters
        ----------
        site : str, optional
            Site id.
        year : int, optional
            Model year.
        quick : bool
            Solve nothing again.
        resolve : bool
            Solve again with a little more of what binds.

        Returns
        -------
        Explanation
            As text its sentences under their headings; ``tables`` holds what they rest on.
        """
        from planner.studies.explain import explain

        return explain(self, site=site, year=year, quick=quick, resolve=resolve)

    def to_xlsx(self, path: str | Path) -> Path:
        """Write the workbook to a file and return its path."""
        from planner.outputs.xlsx import write_workbook
        from planner.runs.of_plan import run_of

        (written,) = write_workbook(run_of(self), Path(path))
        return written

    def map_svg(self, year: int | None = None) -> str:
        """Draw the sites of a model year, the last by default, as SVG text."""
        from planner.outputs.map_svg import plan_map_svg
        from planner.runs.of_plan import run_of

        run = run_of(self)
        return plan_map_svg(run, run.years[-1] if year is None else year)

    def _repr_html_(self) -> str:
        """Show status, check, cost and the years in a notebook."""
        title = escape(self.scenario.title or self.scenario.name)
        check = "checked" if self.verdict.ok else "CHECK FAILED"
        cost = f"{self.outcome.objective / MUSD_PER_BUSD:,.2f} BUSD net present value"
        head = f"<p><strong>{title}</strong>: {self.outcome.status}, {check}, {cost}</p>"
        return head + str(self.tables["summary"].set_index("year").T.to_html(escape=True))
