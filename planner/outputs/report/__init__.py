"""The report: one HTML file that needs nothing else."""

from planner.outputs.report.report import report_html, write_report

__all__ = ["report_html", "write_report"]
