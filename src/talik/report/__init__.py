"""Report: the results of a study on one page, for a reader who was not there."""

from talik.report.figures import figures, svg
from talik.report.page import report_files, report_html

__all__ = ["figures", "report_files", "report_html", "svg"]
