"""The services for readers of results: the query API and the board."""

import asyncpg
from fastapi import FastAPI

from copq.access.door import Door
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board


def add_results(app: FastAPI, pool: asyncpg.Pool, door: Door, commands: str = "") -> None:
    """Add the board at `/` and the API that it reads. It only reads through the pool. For
    `commands`, see `add_board`."""
    add_board(app, add_api(app, pool, door), commands=commands)
