"""The services for readers of results: the query API and the board."""

import asyncpg
from fastapi import FastAPI

from copq.access.door import Door
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board
from copq.reporting.source import Source


def add_results(app: FastAPI, pool: asyncpg.Pool, door: Door, commands: str = "") -> Source:
    """Add the board at `/` and the API that it reads. Returns the source that both read from.

    It only reads through the pool. For `commands`, see `add_board`.
    """
    source = add_api(app, pool, door)
    add_board(app, source, commands=commands)
    return source
