"""The API and the board of a worker, asked without a socket.

To build them takes longer than most tests, so each test places its own database, door and clock.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from functools import cache
from typing import Any

import httpx
from asyncpg import Connection
from fastapi import FastAPI

from copq.access.door import OpenDoor
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board
from copq.reporting.board.targets import Aims, SetTargets, Targets
from copq.reporting.source import Source, reading_pool
from copq.web.pages.docs import documented_app
from tests.support.reporting.api.asking import Api


class _PlacedTargets:
    placed: Targets

    async def aims(self, conn: Connection, plant: str, at: Any) -> Aims:
        return await self.placed.aims(conn, plant, at)


@cache
def _shared(board: bool) -> tuple[FastAPI, Source, _PlacedTargets]:
    app, targets = documented_app("COPQ", ""), _PlacedTargets()
    source = add_api(app, None, OpenDoor())
    if board:
        add_board(app, source, targets)
    return app, source, targets


@asynccontextmanager
async def asking(
    database: str, found: Api, *, board: bool = False, targets: Targets | None = None
) -> AsyncIterator[Api]:
    """`found` asks over this database. It is the door, and says what time it is."""
    pool = await reading_pool(database)
    app, source, shared_targets = _shared(board)
    own = Source(pool, found, lambda: found.now)
    for field in fields(Source):
        object.__setattr__(source, field.name, getattr(own, field.name))
    shared_targets.placed = targets or SetTargets()
    found.app, found.source = app, source
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
        found.client = client
        yield found
    await pool.close()
