"""Add to a service what people decide: the routes that act, for finance."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import APIRouter, FastAPI

from copq.desk.currencies import add_currencies
from copq.desk.desk import Desk, acting_pool
from copq.desk.imports import add_imports
from copq.desk.pages.all import add_desk_pages
from copq.desk.periods import add_period_acts
from copq.desk.rate_documents import add_rate_documents
from copq.desk.targets import add_targets
from copq.reporting.source import Source
from copq.web.answers import NOT_ANSWERED
from copq.web.questions import SOUND


def add_desk(app: FastAPI, pool: asyncpg.Pool, source: Source) -> Desk:
    """Add the routes and pages that decide. `pool` is an `acting_pool`.

    What the pages only show is read from `source`. The app needs `add_pages` and `add_login`.
    """
    desk = Desk(pool, source.door, source.clock)
    router = APIRouter(tags=["finance"], responses=NOT_ANSWERED, dependencies=[SOUND])
    add_rate_documents(router, desk)
    add_imports(router, desk)
    add_targets(router, desk)
    add_currencies(router, desk)
    add_period_acts(router, desk)
    app.include_router(router)
    add_desk_pages(app, desk, source)
    return desk


@asynccontextmanager
async def desk_of(dsn: str, app: FastAPI, source: Source) -> AsyncIterator[None]:
    """As `add_desk`, with connections of its own while the body runs."""
    pool = await acting_pool(dsn)
    add_desk(app, pool, source)
    try:
        yield
    finally:
        pool.terminate()
