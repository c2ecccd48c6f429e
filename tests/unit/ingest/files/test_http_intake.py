"""An intake elsewhere: against the service itself, and against what may go wrong on the way."""

from collections.abc import Callable

import httpx
import pytest

from copq.ingest.files.faults import NotAnIntake
from copq.ingest.files.http_intake import HttpIntake
from copq.ingest.http import make_http
from copq.ingest.intake import Answer, Status
from copq.web.unavailable import Unavailable
from tests.unit.ingest.files.test_importing import MemoryIntake

URL = "http://copq.test/"


async def accept(transport: httpx.AsyncBaseTransport, raws: list[bytes]) -> list[Answer]:
    async with httpx.AsyncClient(transport=transport) as client:
        return await HttpIntake(client, URL).accept(raws)


async def accept_from(answer: Callable[[httpx.Request], httpx.Response]) -> list[Answer]:
    return await accept(httpx.MockTransport(answer), [b"{}"])


def responding(status: int, **response: object) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, **response)  # type: ignore[arg-type]


async def test_answers_of_the_service_are_those_of_its_intake() -> None:
    transport = httpx.ASGITransport(make_http(MemoryIntake()))
    raws = [b'{"product":"A"}', b'{"product":"bad"}', b'{"product":"A"}', b'{"product":"B"}']
    answers = await accept(transport, raws)
    statuses = [Status.ACCEPTED, Status.REFUSED, Status.DUPLICATE, Status.ACCEPTED]
    assert [answer.status for answer in answers] == statuses
    refusal = answers[1].refusal
    assert refusal is not None and refusal.message == "product is bad"


async def test_all_refused_is_an_answer_too() -> None:
    transport = httpx.ASGITransport(make_http(MemoryIntake()))
    (answer,) = await accept(transport, [b'{"product":"bad"}'])
    assert answer.status is Status.REFUSED


async def test_service_whose_intake_is_unavailable_says_when_to_try_again() -> None:
    intake = MemoryIntake()
    intake.failures = [Unavailable("Postgres is away", 17)]
    with pytest.raises(Unavailable) as caught:
        await accept(httpx.ASGITransport(make_http(intake)), [b"{}"])
    assert caught.value.retry_after == 17


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_what_may_pass_is_unavailable(status: int) -> None:
    with pytest.raises(Unavailable) as caught:
        await accept_from(responding(status, headers={"retry-after": "Fri, 1 Jan 2027"}))
    assert caught.value.retry_after == 1


async def test_connection_that_fails_is_unavailable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    with pytest.raises(Unavailable, match=r"http://copq.test/v1/events: connection refused"):
        await accept_from(refuse)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (responding(404), "HTTP 404 Not Found"),
        (responding(401), "HTTP 401 Unauthorized; give a token that is valid"),
        (responding(403), "HTTP 403 Forbidden; the token must be an operator's"),
        (responding(202, text="<html>"), "answers otherwise than a copq"),
        (responding(202, json={"answers": [{"status": "maybe"}]}), "otherwise than a copq"),
        (responding(202, json=[]), "answers otherwise than a copq"),
        (responding(202, json={"answers": []}), "0 answers to 1 events"),
    ],
)
async def test_what_is_no_copq_is_not_tried_again(
    answer: Callable[[httpx.Request], httpx.Response], said: str
) -> None:
    with pytest.raises(NotAnIntake, match=said):
        await accept_from(answer)
