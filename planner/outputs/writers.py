"""The export formats. Their docstrings are shown as download labels.

Each writer is imported when it is used, so that help stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from planner.outputs.run import Run


def _writer(about: str, module: str, function: str, where: str) -> Callable[[Run, Path], list[Path]]:
    """Return what writes a run into a place of a folder, with what it writes as its docstring."""

    def write(run: Run, folder: Path) -> list[Path]:
        written: list[Path] = getattr(import_module(f"planner.outputs.{module}"), function)(run, folder / where)
        return written

    write.__doc__ = f"Write {about}: {where}{'' if '.' in where else '/'}."
    return write


WRITERS: Mapping[str, Callable[[Run, Path], list[Path]]] = {
    "xlsx": _writer("a workbook for Excel and LibreOffice", "xlsx", "write_workbook", "plan.xlsx"),
    "html": _writer("the report: one page with map, charts and tables", "report", "write_report", "report.html"),
    "svg": _writer("every plot as a drawing", "plots", "write_plots", "plots"),
    "csv": _writer("every table as text, with a data package", "table_files", "write_csv", "csv"),
    "parquet": _writer("every table with its types", "table_files", "write_parquet", "parquet"),
    "gpkg": _writer("map layers with their style for QGIS", "layers", "write_gpkg", "plan.gpkg"),
    "geojson": _writer("map layers for the web, in WGS 84", "layers", "write_geojson", "geojson"),
    "mps": _writer("the linear program, built again from the run", "solver_files", "write_mps", "program.mps"),
    "lp": _writer("the linear program as text, built again from the run", "solver_files", "write_lp", "program.lp"),
    "grid": _writer("grid demand by zone, year and hour, firm and flexible", "grid_demand", "write_grid", "grid"),
    "pypsa": _writer("grid demand as PyPSA buses and loads, a folder a year", "grid_demand", "write_pypsa", "pypsa"),
    "reeds": _writer("grid demand by state, for ReEDS", "grid_demand", "write_reeds", "reeds"),
}
"""One writer per format; each writes into a folder and returns the files it wrote."""
