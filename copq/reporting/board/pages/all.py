"""All pages, in the order of their links."""

from copq.reporting.board.pages.report import REPORT

ANALYSES = (REPORT,)
