"""Improvement projects that tests are written with."""

from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor
from copq.projects.proposing import Imported, import_projects
from copq.rates.store import load
from copq.schemas.projects import ProjectFile

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
