"""The report: one HTML file that needs nothing else."""

from planner.outputs.report.compare import MOST_RUNS, comparison_html
from planner.outputs.report.page import write_page
from planner.outputs.report.report import report_html
from planner.outputs.report.stochastic import stochastic_html
from planner.outputs.report.studies import studies_html

__all__ = ["MOST_RUNS", "comparison_html", "report_html", "stochastic_html", "studies_html", "write_page"]
