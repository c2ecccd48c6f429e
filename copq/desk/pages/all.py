"""All pages of the desk."""

from fastapi import APIRouter, FastAPI

from copq.access.door import Role
from copq.desk.desk import Desk
from copq.desk.pages.finance import add_finance
from copq.desk.pages.frame import DeskPages
from copq.desk.pages.months import add_months
from copq.desk.pages.rates import add_rates
from copq.desk.pages.styles import add_styles
from copq.reporting.source import Source


def add_desk_pages(app: FastAPI, desk: Desk, source: Source) -> None:
    """Add `/finance` and what follows from it."""
    finance = DeskPages(desk, source, Role.FINANCE)
    router = APIRouter(include_in_schema=False)
    add_styles(router)
    add_finance(router, finance)
    add_rates(router, finance)
    add_months(router, finance)
    app.include_router(router)
