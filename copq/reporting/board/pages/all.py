"""All pages, in the order of their links."""

from copq.reporting.board.pages.planner import PLANNER
from copq.reporting.board.pages.report import REPORT
from copq.reporting.board.pages.what_if import WHAT_IF
from copq.reporting.board.pages.why import WHY

ANALYSES = (REPORT, WHY, WHAT_IF, PLANNER)
