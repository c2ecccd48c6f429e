"""The pages and routes for people: the login, the form, and the state of their own events."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import asyncpg
from fastapi import FastAPI

from copq.access.door import Door
from copq.database.connections import ANSWER_S, STATEMENT_S, DatabaseRole, take_role
from copq.ingest.fate import add_fate
from copq.ingest.form.routes import add_form
from copq.ingest.form.sending import Desk
from copq.ingest.intake import Intake
from copq.rates.book import RateBook
from copq.sign_in.ways_in import add_ways_in
from copq.web.pages.page import add_pages

if TYPE_CHECKING:
    from copq.sign_in.service import SignIn


async def people_pool(dsn: str) -> asyncpg.Pool:
    """A pool that connects on first use."""

    async def ready(conn: asyncpg.Connection) -> None:
        await take_role(conn, DatabaseRole.INGEST)

    return await asyncpg.create_pool(
        dsn, min_size=0, max_size=4, init=ready, timeout=ANSWER_S, command_timeout=STATEMENT_S
    )


def add_people(
    app: FastAPI,
    door: Door,
    intake: Intake,
    pool: asyncpg.Pool,
    book: Callable[[], RateBook],
    sign_in: "SignIn | None" = None,
) -> None:
    """The form's events go through `intake`; `pool` is a `people_pool`."""
    add_pages(app)
    add_ways_in(app, door, sign_in)
    add_form(app, door, Desk(intake, pool), book)
    add_fate(app, door, pool)
