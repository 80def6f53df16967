"""The report: one HTML file that needs nothing else."""

from planner.outputs.report.compare import MOST_RUNS, comparison_html, write_comparison
from planner.outputs.report.report import report_html, write_report
from planner.outputs.report.stochastic import stochastic_html, write_stochastic_report
from planner.outputs.report.studies import studies_html, write_studies

__all__ = [
    "MOST_RUNS",
    "comparison_html",
    "report_html",
    "stochastic_html",
    "studies_html",
    "write_comparison",
    "write_report",
    "write_stochastic_report",
    "write_studies",
]
