"""Asking the API: answers, and a door that the test opens and shuts."""

import csv
import io
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI

from copq.access.door import Bearer, Door, NotAdmitted, NotAllowed, Role
from copq.access.sender import Lines, Sender
from copq.reporting.source import Source

NOW = datetime.fromisoformat("2026-06-30T12:00:00+00:00")


class RoleDoor:
    """Everybody has the role that the token names."""

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        if token is None:
            raise NotAdmitted("no token: sign in at /login")
        if roles is not None and Role(token) not in roles:
            raise NotAllowed(f"{token} sees no results")
        return Bearer(Role(token), Sender(token))

    def knows(self, token: str | None) -> bool:
        return True

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        pass


def assert_is_problem(answer: httpx.Response, status: int) -> None:
    """Whether an answer is a problem as RFC 9457 describes it, with a sentence for people."""
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert body.keys() - {"errors"} == {"type", "title", "status", "detail"}
    assert isinstance(body["detail"], str) and body["detail"]


class LinesDoor(RoleDoor):
    """Every bearer may see these lines."""

    def __init__(self, lines: Lines | None) -> None:
        self.lines = lines

    async def admit(self, token: str | None, roles: Any = None) -> Bearer:
        return Bearer(Role.MANAGER, Sender("m", self.lines))


class Api:
    """A door too, so that a test may change who asks; `now` is the time of the question."""

    client: httpx.AsyncClient
    app: FastAPI
    source: Source

    def __init__(self, door: Door) -> None:
        self.door = door
        self.now = NOW

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        return await self.door.admit(token, roles)

    def knows(self, token: str | None) -> bool:
        return self.door.knows(token)

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        self.door.charge(bearer, requests, events, size)

    async def get(self, path: str, status: int = 200, /, **parameters: Any) -> Any:
        answer = await self.client.get(path, params=_named(parameters))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def csv(self, path: str, **parameters: Any) -> list[dict[str, str]]:
        headers = {"accept": "text/csv"}
        answer = await self.client.get(path, params=_named(parameters), headers=headers)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.text)))


def _named(parameters: dict[str, Any]) -> dict[str, Any]:
    """`from` is not a name in Python: `from_` is."""
    return {name.rstrip("_"): value for name, value in parameters.items()}


async def until_unchanged(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    """Headers with which `path` answers 304.

    Postgres's own work, such as an analyze, commits too, and may do so between two requests.
    """
    for _ in range(20):
        headers = {"if-none-match": (await client.get(path)).headers["etag"]}
        if (await client.get(path, headers=headers)).status_code == 304:
            return headers
    raise AssertionError(f"{path} is never unchanged")
