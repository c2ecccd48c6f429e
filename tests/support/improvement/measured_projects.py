"""Projects of a test brought to where their months are measured: by the steps of a person."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import islice

import asyncpg
from asyncpg import Connection

from copq.access.authority import Actor
from copq.access.door import Role
from copq.database.connections import DatabaseRole, act_as
from copq.figures.books import Books
from copq.figures.project_baseline import measure_baseline
from copq.figures.project_refresh import Refreshed, refresh
from copq.periods.closing import Order as ClosingOrder
from copq.periods.closing import close
from copq.projects.approving import approve
from copq.projects.order import Order
from copq.projects.proposing import import_projects
from copq.projects.sizing import size
from copq.rates.store import load
from copq.schemas.projects import ProjectFile
from copq.summary.keeping import bring_up_to_date
from tests.support.building import post_events

FINN = Actor("finn", role=Role.FINANCE)
AT_ONCE = 2_000


async def post_all(conn: Connection, events: Iterable[bytes]) -> None:
    """Post events in batches, as the service does."""
    book, rest = await load(conn), iter(events)
    while batch := list(islice(rest, AT_ONCE)):
        await post_events(conn, book, batch)


async def approve_all(conn: Connection, file: ProjectFile) -> None:
    """Propose the projects of a file, and approve them in its order."""
    book, now = await load(conn), datetime.now(UTC)
    planner = Actor("planner", role=Role.MANAGER)
    await import_projects(conn, file, book, "projects.yaml", planner)
    for one in file.projects:
        owner = Order(Actor(one.owner), "as planned")
        await size(conn, one.plant, one.name, book, measure_baseline, owner, now)
        order = Order(FINN, "pays off")
        await approve(conn, one.plant, one.name, measure_baseline, order, now)


async def measure_months(database: str, now: datetime | None = None) -> Refreshed:
    """Bring summary and projects up to date, as the service does next to booking."""
    conn = await asyncpg.connect(database)
    try:
        await act_as(conn, DatabaseRole.AGGREGATOR)
        await bring_up_to_date(conn)
        done = await refresh(conn, Books(), now or datetime.now(UTC), at_once=True)
    finally:
        await conn.close()
    assert done is not None
    return done


async def close_months(conn: Connection, plant: str, *months: date) -> None:
    site = (await load(conn)).sites[plant]
    order = ClosingOrder(Actor("controller"), "month end")
    for month in months:
        await close(conn, site, month, order, datetime.now(UTC))
