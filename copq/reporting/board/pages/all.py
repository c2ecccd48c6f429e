"""All pages, in the order of their links."""

from copq.reporting.board.pages.company import COMPANY
from copq.reporting.board.pages.pack import PACK
from copq.reporting.board.pages.planner import PLANNER
from copq.reporting.board.pages.problems import PROBLEMS
from copq.reporting.board.pages.project import PROJECT
from copq.reporting.board.pages.projects import PROJECTS
from copq.reporting.board.pages.report import REPORT
from copq.reporting.board.pages.what_if import WHAT_IF
from copq.reporting.board.pages.why import WHY

ANALYSES = (COMPANY, REPORT, WHY, PROBLEMS, WHAT_IF, PLANNER, PROJECTS, PACK)
SHEETS = (PROJECT,)
"""Pages of one thing, which other pages open."""
