"""Who gives a command: the holder of COPQ_TOKEN, or the person at the machine."""

import getpass
import os
from typing import Annotated

import typer
from asyncpg import Connection

from copq.access.authority import Actor, identify_actor
from copq.access.door import Role

ByOption = Annotated[
    str, typer.Option(help="Who does it. Where a token is needed: the token's holder.")
]
WhyOption = Annotated[str, typer.Option(help="Why, for the audit trail.")]


async def actor(conn: Connection, role: Role, by: str = "", *others: Role) -> Actor:
    """The actor in `role` or one of `others`; `by` names a person where no token is needed.

    Raises `NotAllowed`, which ends the command: see `copq.command_line.database.connected`.
    """
    token, person = os.environ.get("COPQ_TOKEN"), by or getpass.getuser()
    return await identify_actor(conn, role, token, person, *others)
