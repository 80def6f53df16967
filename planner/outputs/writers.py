"""The export formats. Their docstrings are shown as download labels.

Each writer is imported when it is used, so that help stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from planner.outputs.run import Run


def _xlsx(run: Run, folder: Path) -> list[Path]:
    """Write a workbook for Excel and LibreOffice: plan.xlsx."""
    from planner.outputs.xlsx import write_workbook

    return write_workbook(run, folder / "plan.xlsx")


def _html(run: Run, folder: Path) -> list[Path]:
    """Write the report: one page with map, charts and tables, report.html."""
    from planner.outputs.report import report_html, write_page

    return write_page(report_html(run), folder / "report.html")


def _svg(run: Run, folder: Path) -> list[Path]:
    """Write every plot as a drawing: plots/*.svg."""
    from planner.outputs.plots import write_plots

    return write_plots(run, folder / "plots")


def _csv(run: Run, folder: Path) -> list[Path]:
    """Write every table as text, with a data package: csv/."""
    from planner.outputs.table_files import write_csv

    return write_csv(run, folder / "csv")


def _parquet(run: Run, folder: Path) -> list[Path]:
    """Write every table with its types: parquet/."""
    from planner.outputs.table_files import write_parquet

    return write_parquet(run, folder / "parquet")


def _gpkg(run: Run, folder: Path) -> list[Path]:
    """Write map layers with their style for QGIS: plan.gpkg."""
    from planner.outputs.layers import write_gpkg

    return write_gpkg(run, folder / "plan.gpkg")


def _geojson(run: Run, folder: Path) -> list[Path]:
    """Write map layers for the web, in WGS 84: geojson/."""
    from planner.outputs.layers import write_geojson

    return write_geojson(run, folder / "geojson")


def _mps(run: Run, folder: Path) -> list[Path]:
    """Write the linear program, built again from the run: program.mps."""
    from planner.outputs.solver_files import write_mps

    return write_mps(run, folder / "program.mps")


def _lp(run: Run, folder: Path) -> list[Path]:
    """Write the linear program as text, built again from the run: program.lp."""
    from planner.outputs.solver_files import write_lp

    return write_lp(run, folder / "program.lp")


def _grid(run: Run, folder: Path) -> list[Path]:
    """Write grid demand by zone, year and hour, firm and flexible: grid/."""
    from planner.outputs.grid_demand import write_grid

    return write_grid(run, folder / "grid")


def _pypsa(run: Run, folder: Path) -> list[Path]:
    """Write grid demand as PyPSA buses and loads: pypsa/<year>/."""
    from planner.outputs.grid_demand import write_pypsa

    return write_pypsa(run, folder / "pypsa")


def _reeds(run: Run, folder: Path) -> list[Path]:
    """Write grid demand by state, for ReEDS: reeds/."""
    from planner.outputs.grid_demand import write_reeds

    return write_reeds(run, folder / "reeds")


WRITERS: Mapping[str, Callable[[Run, Path], list[Path]]] = {
    "xlsx": _xlsx,
    "html": _html,
    "svg": _svg,
    "csv": _csv,
    "parquet": _parquet,
    "gpkg": _gpkg,
    "geojson": _geojson,
    "mps": _mps,
    "lp": _lp,
    "grid": _grid,
    "pypsa": _pypsa,
    "reeds": _reeds,
}
"""One writer per format; each writes into a folder and returns the files it wrote."""
