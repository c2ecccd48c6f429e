"""Add to a service what people decide: the routes that act, for finance."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI

from copq.database.connections import DatabaseRole
from copq.desk.anchors import add_anchors
from copq.desk.audit import add_audit
from copq.desk.currencies import add_currencies
from copq.desk.desk import Desk, acting_pool
from copq.desk.events import add_events
from copq.desk.imports import add_imports
from copq.desk.pages.all import add_desk_pages
from copq.desk.periods import add_period_acts
from copq.desk.projects import add_project_acts
from copq.desk.rate_book import add_rate_book
from copq.desk.rate_documents import add_rate_documents
from copq.desk.repricings import add_repricings
from copq.desk.targets import add_targets
from copq.desk.tokens import add_tokens
from copq.desk.working import keep_working
from copq.ingest.intake import Intake
from copq.reporting.source import Source
from copq.web.answers import NOT_ANSWERED
from copq.web.questions import SOUND
from copq.web.routes import add_routes

DESK_ROLES = (
    DatabaseRole.FINANCE, DatabaseRole.PROJECTS, DatabaseRole.ADMIN, DatabaseRole.AGGREGATOR
)  # fmt: skip
"""The roles that the database user of a service with a desk acts in, one at a time."""


def add_desk(
    app: FastAPI, pool: asyncpg.Pool, source: Source, intake: Intake | None = None,
    replaying: Intake | None = None, fixing: Intake | None = None,
) -> Desk:  # fmt: skip
    """Add the routes and pages that decide.

    `pool` is an `acting_pool`; for the intakes, see `Desk`. What the pages only show is read
    from `source`. The app needs `add_pages` and `add_login`.
    """
    desk = Desk(pool, source.door, source.clock, intake, replaying, fixing)
    router = APIRouter(tags=["finance"], responses=NOT_ANSWERED, dependencies=[SOUND])
    add_rate_documents(router, desk)
    add_rate_book(router, desk)
    add_imports(router, desk)
    add_targets(router, desk)
    add_currencies(router, desk)
    add_period_acts(router, desk)
    add_events(router, desk)
    add_repricings(router, desk)
    add_project_acts(router, desk)
    add_audit(router, desk)
    add_anchors(router, desk)
    add_tokens(router, desk)
    add_routes(app, router)
    add_desk_pages(app, desk, source)
    return desk


@asynccontextmanager
async def desk_of(
    dsn: str, app: FastAPI, source: Source, intake: Intake | None = None,
    replaying: Intake | None = None, fixing: Intake | None = None,
) -> AsyncIterator[list[Coroutine[Any, Any, None]]]:  # fmt: skip
    """As `add_desk`, with connections of its own while the body runs.

    Yields what has to run next to the service: long work.
    """
    pool = await acting_pool(dsn)
    add_desk(app, pool, source, intake, replaying, fixing)
    try:
        yield [keep_working(dsn)]
    finally:
        pool.terminate()
