"""Improvement projects that tests are written with."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor
from copq.figures.project_baseline import measure_baseline
from copq.projects.approving import approve
from copq.projects.order import Order
from copq.projects.proposing import Imported, import_projects
from copq.projects.sizing import size
from copq.projects.store import Project
from copq.rates.store import import_rates, load
from copq.schemas.projects import ProjectFile
from tests.support.building import defect, post_events, production, rates

NOW = datetime(2026, 4, 10, tzinfo=UTC)

OLGA, CARLA = Actor("olga"), Actor("carla")
"""The owner of projects, and finance."""


def item(name: str = "caps", **more: Any) -> dict[str, Any]:
    """A project on line L1 of plant north, with its baseline in the first quarter of 2026."""
    known = {
        "plant": "north", "name": name, "owner": "olga", "sponsor": "sven",
        "scope": {"line": ["L1"]}, "baseline": {"first": "2026-01-01", "last": "2026-03-31"},
        "starts": "2026-04-15", "currency": "EUR",
        "benefits": [
            {"type": "hard", "amount": "100", "first_month": "2026-05", "last_month": "2026-07"},
        ],
        "investments": [{"name": "capper", "amount": "1200", "first_month": "2026-04"}],
    }  # fmt: skip
    return {**known, **more}


async def propose(
    conn: Connection, *items: dict[str, Any], actor: Actor = OLGA, why: str = ""
) -> Imported:
    """Import these projects as a file with them would."""
    file = ProjectFile.model_validate({"projects": items})
    return await import_projects(conn, file, await load(conn), "projects.yaml", actor, why)


async def with_ledger(conn: Connection) -> None:
    """Plant north with a first quarter of 2026: 300 widgets made on L1, 30 of them rejected, and 10
    on L2; a reject costs 10."""
    await import_rates(conn, rates(), "rates.yaml", "carla")
    book = await load(conn)
    days = ("2026-01-10", "2026-02-10", "2026-03-10")
    events = [
        event
        for n, day in enumerate(days)
        for event in (
            production(f"p{n}", f"{day}T12:00:00+01:00", 100),
            defect(f"d{n}", f"{day}T12:00:00+01:00", 10, defect_code="loose"),
        )
    ]
    await post_events(conn, book, [*events, defect("d9", "2026-01-10T12:00:00+01:00", line="L2")])


async def approved(conn: Connection, **more: Any) -> Project:
    """A project that is proposed, sized by its owner and approved by finance."""
    await propose(conn, item(**more))
    book = await load(conn)
    await size(conn, "north", "caps", book, measure_baseline, Order(OLGA), NOW)
    return (await approve(conn, "north", "caps", measure_baseline, Order(CARLA, "pays off"), NOW))[
        0
    ]


async def add_month(conn: Connection, project: Project, month: date, net: Any) -> None:
    """A bridge of the month, as the service keeps it; a later one is a new version."""
    await conn.execute(
        "insert into copq.project_month (project, month, version, days, baseline, actual, volume, "
        "mix, rates, non_routine, without_baseline, performance, gross, net) "
        "select $1, $2, coalesce(max(version), 0) + 1, 31, 100, 100 - $3::numeric, 0, 0, 0, 0, 0, "
        "-$3::numeric, $3, $3 from copq.project_month where project = $1 and month = $2",
        project.id, month, Decimal(net),
    )  # fmt: skip
