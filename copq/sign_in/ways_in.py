"""The ways into a service: by token, and at the provider where there is one.

What speaks with the provider takes half a second to load, so it is loaded only then.
"""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from copq.access.door import Door
from copq.access.login import add_login
from copq.access.session_door import SessionDoor
from copq.sign_in.config import SignInConfig

if TYPE_CHECKING:
    from copq.sign_in.service import SignIn


async def open_sign_in(config: SignInConfig | None, dsn: str | None) -> "SignIn | None":
    """The sign-in of a service on this database, if it has one. The caller closes it."""
    if config is None or dsn is None:
        return None
    from copq.sign_in.service import sign_in_of

    return await sign_in_of(config, dsn)


def door_of(tokens: Door, sign_in: "SignIn | None") -> Door:
    """The door for tokens, and for people who sign in if they can."""
    return SessionDoor(tokens, sign_in.sessions) if sign_in else tokens


def add_ways_in(app: FastAPI, door: Door, sign_in: "SignIn | None" = None) -> None:
    """The login by token and, if there is a provider, by it. The app needs `add_pages`."""
    add_login(app, door, sign_in)
    if sign_in is not None:
        from copq.sign_in.routes import add_provider

        add_provider(app, sign_in)
