"""Add to a service what people decide: the routes that act, for finance."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import APIRouter, FastAPI

from copq.access.door import Door
from copq.desk.currencies import add_currencies
from copq.desk.desk import Desk, acting_pool
from copq.desk.imports import add_imports
from copq.desk.periods import add_period_acts
from copq.desk.rate_documents import add_rate_documents
from copq.desk.targets import add_targets
from copq.web.answers import NOT_ANSWERED
from copq.web.questions import SOUND


def add_desk(app: FastAPI, pool: asyncpg.Pool, door: Door) -> Desk:
    """Add the routes that decide. `pool` is an `acting_pool`."""
    desk = Desk(pool, door)
    router = APIRouter(tags=["finance"], responses=NOT_ANSWERED, dependencies=[SOUND])
    add_rate_documents(router, desk)
    add_imports(router, desk)
    add_targets(router, desk)
    add_currencies(router, desk)
    add_period_acts(router, desk)
    app.include_router(router)
    return desk


@asynccontextmanager
async def desk_of(dsn: str, app: FastAPI, door: Door) -> AsyncIterator[None]:
    """As `add_desk`, with connections of its own while the body runs."""
    pool = await acting_pool(dsn)
    add_desk(app, pool, door)
    try:
        yield
    finally:
        pool.terminate()
