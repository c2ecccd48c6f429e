"""All pages of the desk."""

from fastapi import APIRouter, FastAPI

from copq.access.door import Role
from copq.desk.desk import Desk
from copq.desk.pages.files import add_files
from copq.desk.pages.finance import add_finance
from copq.desk.pages.frame import DeskPages
from copq.desk.pages.months import add_months
from copq.desk.pages.not_known import add_not_known
from copq.desk.pages.projects import add_projects
from copq.desk.pages.proofs import add_proofs
from copq.desk.pages.quality import add_quality
from copq.desk.pages.rates import add_rates
from copq.desk.pages.repricing import add_repricing
from copq.desk.pages.savings import add_savings
from copq.desk.pages.set_up import add_set_up
from copq.desk.pages.set_up_sending import add_sending
from copq.desk.pages.styles import add_styles
from copq.desk.pages.targets import add_targets
from copq.desk.pages.tokens import add_access
from copq.desk.pages.trail import add_trail
from copq.desk.pages.waiting import add_waiting
from copq.reporting.source import Source
from copq.web.routes import add_routes


def add_desk_pages(app: FastAPI, desk: Desk, source: Source) -> None:
    """Add `/finance`, `/quality`, `/admin` and `/setup`, and what follows from them."""
    finance = DeskPages(desk, source, Role.FINANCE)
    router = APIRouter(include_in_schema=False)
    add_styles(router)
    add_finance(router, finance)
    add_rates(router, finance)
    add_months(router, finance)
    add_waiting(router, finance)
    add_files(router, finance)
    add_savings(router, finance)
    add_repricing(router, finance)
    senders = DeskPages(desk, source, Role.OPERATOR)
    managers = DeskPages(desk, source, Role.MANAGER)
    add_quality(router, managers, senders)
    add_targets(router, finance, managers)
    add_projects(router, finance, managers)
    add_proofs(router, finance)
    add_access(router, DeskPages(desk, source, Role.ADMIN))
    add_trail(router, finance)
    add_set_up(router, finance)
    add_sending(router, finance)
    add_routes(app, router)
    add_not_known(app)
