"""The report: one HTML file that needs nothing else."""

from planner.outputs.measures import MOST_RUNS
from planner.outputs.report.markup import write_page
from planner.outputs.report.report import comparison_html, report_html, stochastic_html, studies_html, write_report

__all__ = [
    "MOST_RUNS",
    "comparison_html",
    "report_html",
    "stochastic_html",
    "studies_html",
    "write_page",
    "write_report",
]
