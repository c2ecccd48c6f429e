"""The desk on a database, without a socket; each person is a bearer with a name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from copq.access.door import Bearer, Door, NotAdmitted, NotAllowed, Role
from copq.access.sender import Lines, Sender
from copq.desk.app import add_desk
from copq.desk.desk import acting_pool
from copq.ingest.intake import Intake
from copq.reporting.results import add_results
from copq.reporting.source import reading_pool
from copq.web.answers import add_error_handlers
from copq.web.pages.page import add_pages


class PeopleDoor:
    """A token is `role:name`, or `role:name:plant` for one plant alone."""

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        if token is None:
            raise NotAdmitted("no token: sign in at /login")
        role, name, *plants = token.split(":")
        if roles is not None and Role(role) not in roles:
            raise NotAllowed(f'"{name}" is {role}')
        lines: Lines | None = frozenset((plant, None) for plant in plants) or None
        return Bearer(Role(role), Sender(name, lines))

    def knows(self, token: str | None) -> bool:
        return True

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        pass


class DeskClient:
    """Sends acts; the default person is the finance token of `ada`."""

    def __init__(self, client: httpx.AsyncClient, intake: Intake | None = None) -> None:
        self.client, self.intake = client, intake

    async def get(self, path: str, status: int = 200, *, by: str = "finance:ada") -> httpx.Response:
        answer = await self.client.get(path, headers=_bearer(by))
        assert answer.status_code == status, answer.text
        return answer

    async def post(self, path: str, status: int = 200, **sent: Any) -> httpx.Response:
        return await self.send("POST", path, status, **sent)

    async def put(self, path: str, status: int = 200, **sent: Any) -> httpx.Response:
        return await self.send("PUT", path, status, **sent)

    async def send(
        self, method: str, path: str, status: int = 200, *, by: str = "finance:ada",
        json: Any = None, content: bytes | str | None = None, match: str | None = None,
        key: str | None = None, **parameters: Any,
    ) -> httpx.Response:  # fmt: skip
        headers = _bearer(by)
        headers |= {"If-Match": match} if match else {}
        headers |= {"Idempotency-Key": key} if key else {}
        answer = await self.client.request(
            method, path, params=parameters or None, headers=headers, json=json, content=content
        )
        assert answer.status_code == status, answer.text
        return answer


def _bearer(by: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {by}"}


@asynccontextmanager
async def desk_client(
    database: str, door: Door | None = None, intake: Intake | None = None,
    replaying: Intake | None = None, fixing: Intake | None = None,
) -> AsyncIterator[DeskClient]:  # fmt: skip
    app = FastAPI()
    add_error_handlers(app)
    pools = [await acting_pool(database), await reading_pool(database)]
    add_pages(app)
    source = add_results(app, pools[1], door or PeopleDoor())
    add_desk(app, pools[0], source, intake, replaying, fixing)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
        yield DeskClient(client, intake)
    for pool in pools:
        await pool.close()
