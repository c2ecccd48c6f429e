"""`POST /v1/events` behind the door of tokens: roles, scope, limits."""

import json

import httpx
import pytest

from copq.access.door import Role
from copq.access.limits import Limits
from tests.support.access.serving import bearer, grant, served
from tests.support.building import book, defect

AT = "2026-03-02T10:00:00+01:00"
JSON = {"content-type": "application/json"}


async def send(client: httpx.AsyncClient, token: str | None, *raws: bytes) -> httpx.Response:
    headers = JSON | (bearer(token) if token else {})
    return await client.post("/v1/events", content=b"[" + b",".join(raws) + b"]", headers=headers)


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), (Role.OPERATOR, 202), (Role.MANAGER, 403),
                         (Role.FINANCE, 403), (Role.ADMIN, 403)],
)  # fmt: skip
async def test_operators_alone_send(database: str, role: Role | None, status: int) -> None:
    token = await grant(database, "x", role) if role else None
    async with served(database, book=book()) as client:
        assert (await send(client, token, defect("a", AT))).status_code == status


async def test_an_event_out_of_scope_is_refused_and_the_others_are_taken(database: str) -> None:
    token = await grant(database, "press", lines=frozenset({("north", "L1")}))
    async with served(database, book=book()) as client:
        said = await send(client, token, defect("a", AT), defect("b", AT, line="L2"))
        mine, other = json.loads(said.text)["answers"]
        assert said.status_code == 207 and mine["status"] == "accepted"
        assert (other["status"], other["code"]) == ("refused", "out_of_scope")


@pytest.mark.parametrize("limits", [Limits(requests=0.1), Limits(events=0.2), Limits(size=20)])
async def test_over_a_limit_it_is_429(database: str, limits: Limits) -> None:
    token = await grant(database, "press", limits=limits)
    async with served(database, book=book()) as client:
        first = await send(client, token, *[defect(f"a{n}", AT) for n in range(20)])
        again = await send(client, token, defect("b", AT))
        assert first.status_code == 202 and again.status_code == 429
        assert int(again.headers["retry-after"]) > 0
