"""Every event of a request is answered, and the status says what became of the whole."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from copq.ingest.http.body import LANES
from copq.ingest.http.formats import CHUNK, CLOUDEVENT, CLOUDEVENTS, MAX_JSON_BYTES
from copq.ingest.http.openapi import BINARY
from copq.schemas.decode import MAX_EVENT_BYTES, decode
from copq.web.unavailable import Unavailable
from tests.support.building import defect, event
from tests.support.ingest.http.serving import JSON, NDJSON, Kept, Served, Turnstile, Upload, served

AT = "2026-03-02T10:00:00Z"
GOOD, BAD = defect("good", AT), defect("bad", AT, quantity=-1)
FACTS = {"plant": "north", "line": "L1", "product": "widget", "quantity": 3}
ENVELOPE = {name.removeprefix("ce-"): value for name, value in BINARY.items()}


def many(count: int) -> list[bytes]:
    return [defect(f"e{number}", AT) for number in range(count)]


def counts(said: httpx.Response) -> tuple[int, int, int]:
    body = said.json()
    assert [a["position"] for a in body["answers"]] == list(range(len(body["answers"])))
    return body["accepted"], body["duplicate"], body["refused"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "expected"),
    [
        (GOOD, JSON, 202, (1, 0, 0)),
        (GOOD, {}, 202, (1, 0, 0)),
        (b"\xef\xbb\xbf" + GOOD, JSON, 202, (1, 0, 0)),
        (b"[%s, %s]" % (GOOD, GOOD), JSON, 202, (1, 1, 0)),
        (b"[]", JSON, 202, (0, 0, 0)),
        (b"[%s, %s, 7]" % (GOOD, BAD), JSON, 207, (1, 0, 2)),
        (BAD, JSON, 422, (0, 0, 1)),
        (b"{", JSON, 422, (0, 0, 1)),
        (GOOD + b"\r\n\r\n" + BAD, NDJSON, 207, (1, 0, 1)),
        (b"\xef\xbb\xbf" + GOOD + b"\n" + GOOD, NDJSON, 202, (1, 1, 0)),
        (GOOD + b"\n{\n" + GOOD, NDJSON, 207, (1, 1, 1)),
        (b"\n\n", NDJSON, 202, (0, 0, 0)),
        (b"", JSON, 400, (0, 0, 0)),
        (b" ", JSON, 400, (0, 0, 0)),
        (b"", NDJSON, 400, (0, 0, 0)),
        (b"[1,", JSON, 400, (0, 0, 0)),
        (b"[" * 100_000, JSON, 400, (0, 0, 0)),
        (GOOD, {"content-type": "text/csv"}, 415, (0, 0, 0)),
        (GOOD, {"content-type": "application/json; charset=utf-16"}, 415, (0, 0, 0)),
        (GOOD, {"content-type": "application/json; charset=utf-8"}, 202, (1, 0, 0)),
        (GOOD, {**JSON, "content-encoding": "br"}, 415, (0, 0, 0)),
        (b" " * (MAX_JSON_BYTES + 1), JSON, 413, (0, 0, 0)),
        (b"[" + b"1," * 1_000_000 + b"1]", JSON, 413, (0, 0, 0)),
    ],
)
async def test_a_body_is_answered_as_it_deserves(
    body: bytes, headers: dict[str, str], status: int, expected: tuple[int, int, int]
) -> None:
    async with served(Kept()) as service:
        said = await service.post(body, headers)
    assert (said.status_code, counts(said)) == (status, expected), said.text
    assert ("error" in said.json()) == (status in (400, 413, 415))


async def test_a_refusal_has_code_field_message_and_position() -> None:
    async with served(Kept()) as service:
        said = (await service.post(b"[%s,%s]" % (GOOD, BAD))).json()["answers"]
    assert said[0] == {"position": 0, "status": "accepted", "event_id": "good"}
    assert said[1].pop("message").startswith("quantity: input should be greater than 0")
    assert said[1] == {
        "position": 1, "status": "refused", "code": "out_of_range", "field": "quantity",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "body", "headers"),
    [
        (CLOUDEVENT, {**ENVELOPE, "data": FACTS}, {}),
        (CLOUDEVENTS, [{**ENVELOPE, "data": FACTS}], {}),
        ("application/json", FACTS, BINARY),
        ("application/json", FACTS, {**BINARY, "ce-source": "/hamburg%2Ffilling-1/scale"}),
    ],
)
async def test_a_cloudevent_is_one_event_in_each_mode(
    kind: str, body: Any, headers: dict[str, str]
) -> None:
    intake = Kept()
    async with served(intake) as service:
        said = await service.post(json.dumps(body), {"content-type": kind, **headers})
    assert said.status_code == 202, said.text
    [raw] = intake.events.values()
    assert json.loads(raw)["event_type"] == "scrap"
    assert json.loads(raw)["source"] == ENVELOPE["source"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café 1".encode(), b"caf%C3%A9%201"),
        ("café".encode(), "cafe\u0301".encode()),
        (b'"a b"', b"a b"),
        (b'"a\\"b"', b'a"b'),
    ],
)
async def test_a_header_is_the_same_raw_encoded_or_quoted(one: bytes, other: bytes) -> None:
    intake = Kept()
    async with served(intake) as service:
        for given in (one, other):
            said = await _post(service, given)
            assert said.status_code == 202, said.text
    assert len({decode(raw).event_id for raw in intake.events.values()}) == 1


async def _post(service: Served, event_id: bytes) -> httpx.Response:
    """Send the facts under an id of these bytes."""
    headers = {name.encode(): value.encode() for name, value in BINARY.items()}
    headers |= {b"ce-id": event_id, b"content-type": b"application/json"}
    return await service.client.post("/v1/events", content=json.dumps(FACTS), headers=headers)


async def test_headers_that_are_no_text_are_never_one_id() -> None:
    intake = Kept()
    async with served(intake) as service:
        for given in (b"\xff", b"%FE"):
            said = await _post(service, given)
            assert said.json()["answers"][0]["code"] == "bad_envelope"
    assert intake.events == {}


async def test_what_is_no_cloudevent_is_refused_and_kept_as_it_came() -> None:
    intake = Kept()
    raws = [json.dumps({**ENVELOPE, "data": FACTS}), GOOD.decode(), json.dumps({**ENVELOPE})]
    async with served(intake) as service:
        said = await service.post(f"[{','.join(raws)}]", {"content-type": CLOUDEVENTS})
    assert said.status_code == 207
    codes = [(a.get("code"), a.get("field")) for a in said.json()["answers"]]
    assert codes == [(None, None), ("missing_field", "specversion"), ("missing_field", "data")]
    assert intake.refused == [raw.encode() for raw in raws[1:]]


async def test_a_line_that_is_too_long_is_refused_and_the_next_is_read() -> None:
    intake = Kept()
    long = b'{"event_id": "' + b"x" * 10 * 1024 * 1024 + b'"}'
    async with served(intake) as service:
        said = await service.post(b"\n".join([GOOD, long, defect("after", AT)]), NDJSON)
    assert (said.status_code, counts(said)) == (207, (2, 0, 1))
    assert said.json()["answers"][1]["code"] == "too_large"
    assert len(intake.refused[0]) < 4 * MAX_EVENT_BYTES


async def test_a_long_body_is_answered_to_its_last_event_from_a_temporary_file() -> None:
    async with served(Kept()) as service:
        raws = many(20_000)
        said = await service.post(b"\n".join(raws), NDJSON)
        again = await service.post(b"\n".join(raws), NDJSON, prefer="return=minimal")
    assert counts(said) == (20_000, 0, 0)
    assert len(said.json()["answers"]) == 20_000
    assert counts(again) == (0, 20_000, 0)
    assert again.json()["answers"] == []
    assert again.headers["preference-applied"] == "return=minimal"


async def test_in_the_middle_of_a_body_the_answer_says_how_much_is_safe() -> None:
    intake = Kept(away_from=3)
    async with served(intake) as service:
        said = await service.post(b"\n".join(many(5 * CHUNK)), NDJSON)
        assert said.status_code == 503 and said.headers["retry-after"] == "7"
        assert counts(said) == (3 * CHUNK, 0, 0)
        assert said.json()["answered"] == 3 * CHUNK
        assert "send all again later" in said.json()["error"]
        intake.away_from = 10**9
        assert (await service.post(b"\n".join(many(5 * CHUNK)), NDJSON)).status_code == 202
    assert len(intake.events) == 5 * CHUNK


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), ("wrong", 401), ("manager", 403), ("operator", 202)]
)
async def test_only_an_operator_sends(token: str | None, status: int) -> None:
    intake = Kept()
    async with served(intake, Turnstile()) as service:
        headers = {**JSON, **({"authorization": f"Bearer {token}"} if token else {})}
        said = await service.post(GOOD, headers)
    assert said.status_code == status
    assert ("www-authenticate" in said.headers) == (status == 401)
    assert [sender.name for sender in intake.senders] == (["press-4"] if status == 202 else [])


@pytest.mark.parametrize("limits", [{"requests": 0}, {"events": 2_500}, {"size": 300_000}])
async def test_over_a_limit_the_rest_is_not_taken(limits: dict[str, int]) -> None:
    intake = Kept()
    headers = {**NDJSON, "authorization": "Bearer operator"}
    async with served(intake, Turnstile(**limits)) as service:
        said = await service.post(b"\n".join(many(5_000)), headers)
    assert said.status_code == 429 and said.headers["retry-after"] == "11"
    assert said.json()["error"].startswith("that is too much")
    assert counts(said)[0] == len(intake.events) < 5_000


async def test_ready_is_not_alive() -> None:
    async def away() -> None:
        raise Unavailable("Kafka does not answer")

    async with served(Kept(), kafka=away) as service:
        ready = await service.client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json() == {"status": "not ready", "kafka": "Kafka does not answer"}
        assert (await service.client.get("/healthz")).json() == {"status": "ok"}
        assert (await service.client.head("/healthz")).status_code == 200


async def test_other_methods_are_told_which_there_are() -> None:
    async with served(Kept()) as service:
        offered = await service.client.options("/v1/events")
        assert offered.status_code == 204
        assert offered.headers["allow"] == "POST, OPTIONS"
        assert "application/x-ndjson" in offered.headers["accept-post"]
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            said = await service.client.request(method, "/v1/events")
            assert said.status_code == 405 and "POST" in said.headers["allow"]


async def test_expect_100_continue_is_answered_before_the_body_comes() -> None:
    async with served(Kept()) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(GOOD)
        )
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(GOOD)
        assert b" 202 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()


async def test_a_body_that_is_turned_away_is_not_asked_for() -> None:
    async with served(Kept(), Turnstile()) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: 1000000000\r\n\r\n"
        )
        assert b" 401 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()


async def test_told_to_stop_it_answers_what_is_under_way_and_takes_nothing_new() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await go_on.wait()

    async with served(Kept(before=wait)) as service:
        under_way = asyncio.create_task(service.post(GOOD))
        await begun.wait()
        idle = await asyncio.open_connection("127.0.0.1", service.port)
        service.stop.set()
        assert await _is_refused(service, idle)
        go_on.set()
        assert (await under_way).status_code == 202


async def _is_refused(
    service: Served, idle: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> bool:
    """A new request on a connection that is open, if it is not closed before."""
    reader, writer = idle
    writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    said = await reader.read()
    writer.close()
    return said == b"" or b" 503 " in said


async def test_a_stream_that_does_not_end_is_answered_when_the_service_stops() -> None:
    intake = Kept()
    async with served(intake) as service, Upload(service.port) as upload:
        await upload.send(b"\n".join(many(3 * CHUNK)) + b"\n")
        while not intake.events:
            await asyncio.sleep(0.01)
        service.stop.set()
        status, said = await upload.answer()
    assert status == 503 and "is closing" in said["error"]
    assert said["answered"] == len(intake.events) > 0


async def test_who_sends_too_slowly_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copq.ingest.http.body.GRACE_S", 0.3)
    intake = Kept()
    async with served(intake) as service, Upload(service.port) as upload:
        await upload.send(GOOD + b"\n" + event("defect", "half")[:40])
        status, said = await upload.answer()
    assert status == 408 and said["error"].startswith("the body comes too slowly")
    assert not intake.events


async def test_what_was_cut_off_in_an_event_is_not_taken_by_half() -> None:
    intake = Kept()
    async with served(intake) as service:
        async with Upload(service.port) as upload:
            await upload.send(b"\n".join(many(2 * CHUNK)) + b"\n" + GOOD[:-1])
            while len(intake.events) < CHUNK:
                await asyncio.sleep(0.01)
        assert (await service.post(defect("next", AT))).status_code == 202
    assert len(intake.events) in (CHUNK + 1, 2 * CHUNK + 1)
    assert not intake.refused


async def test_large_bodies_beyond_the_lanes_wait_and_are_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("copq.ingest.http.body.LANE_S", 0.3)
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def wait() -> None:
        begun.release()
        await go_on.wait()

    body = b"\n".join(many(3_000))
    async with served(Kept(before=wait)) as service:
        reading = [asyncio.create_task(service.post(body, NDJSON)) for _ in range(4)]
        for _ in reading:
            await begun.acquire()
        late = await service.post(body, NDJSON)
        small = asyncio.create_task(service.post(GOOD))
        assert late.status_code == 503 and late.headers["retry-after"] == "2"
        go_on.set()
        assert [r.status_code for r in await asyncio.gather(*reading, small)] == [202] * 5


LARGE = b"\n".join(many(2_000))


@pytest.mark.parametrize(
    ("body", "headers", "away_from", "status"),
    [
        (LARGE, NDJSON, 10**9, 202),
        (b"[%s]" % LARGE.replace(b"\n", b","), JSON, 10**9, 202),
        (b"[" * 100_000, JSON, 10**9, 400),
        (b" " * (MAX_JSON_BYTES + 1), JSON, 10**9, 413),
        (LARGE, NDJSON, 0, 503),
    ],
)
async def test_a_body_that_is_answered_takes_no_lane(
    monkeypatch: pytest.MonkeyPatch,
    body: bytes, headers: dict[str, str], away_from: int, status: int,
) -> None:  # fmt: skip
    monkeypatch.setattr("copq.ingest.http.body.LANE_S", 0)
    async with served(Kept(away_from=away_from)) as service:
        for _ in range(LANES + 1):
            said = await service.post(body, headers)
            assert said.status_code == status and "being read" not in said.text


async def test_a_client_that_hung_up_takes_no_lane() -> None:
    intake = Kept()
    async with served(intake) as service:
        for number in range(LANES + 1):
            async with Upload(service.port) as upload:
                await upload.send(LARGE[:-1])
                while len(intake.senders) <= number:
                    await asyncio.sleep(0.01)
        assert (await service.post(LARGE, NDJSON)).status_code == 202
