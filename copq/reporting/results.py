"""What a service offers to those who read results: the query API and the board."""

import asyncpg
from fastapi import FastAPI

from copq.access.door import Door
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board


def add_results(app: FastAPI, pool: asyncpg.Pool, door: Door, commands: str = "") -> None:
    """The board at `/` and the API that it reads. The pool is only read from; `commands` as of
    `add_board`.
    """
    add_board(app, add_api(app, pool, door), commands=commands)
