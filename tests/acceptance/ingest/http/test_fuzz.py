"""Thousands of damaged events (more in `make soak`): no fault of ours, and none is lost."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import asyncpg
import httpx
import pytest

from copq.figures.verify import verify
from copq.ingest.http.body import LANES
from copq.ingest.http.formats import CLOUDEVENT, CLOUDEVENTS
from copq.ingest.http.openapi import BINARY
from tests.acceptance.ingest.http.conftest import Standalone
from tests.support.ingest.http.mutator import payloads
from tests.support.ingest.http.serving import JSON, NDJSON
from tests.support.patience import PATIENCE_S
from tests.support.searching import soaking

LINES, SINGLE, ENVELOPED = (100_000, 1_000, 1_000) if soaking() else (2_000, 120, 120)
_BATCH = 200
Post = tuple[bytes, dict[str, str], int]
"""Body, headers, and how many events it holds; 0 where the body may be no JSON as a whole."""


def posts() -> Iterator[Post]:
    """Damaged lines in large bodies, and bodies of one event."""
    lines = payloads(LINES, 1)
    while batch := list(islice(lines, _BATCH)):
        body = b"\n".join(batch)
        yield body, NDJSON, sum(bool(line.strip()) for line in body.split(b"\n"))
    for raw in payloads(SINGLE, 2):
        yield raw, JSON, 1 if raw.startswith(b"{") else 0
    chance = random.Random(3)
    for raw in payloads(ENVELOPED, 3):
        yield raw, {**JSON, **_header_safe(_shaken(chance, BINARY))}, 1
        envelope = {n.removeprefix("ce-"): v for n, v in _shaken(chance, BINARY).items()}
        body = json.dumps({**envelope, "data": 0}).encode()[:-2] + raw + b"}"
        yield body, {"content-type": CLOUDEVENT}, 1
        yield b"[%s]" % body, {"content-type": CLOUDEVENTS}, 0


def _shaken(chance: random.Random, envelope: dict[str, str]) -> dict[str, str]:
    """An id of its own, and now and then something missing or odd."""
    said = {**envelope, "ce-id": f"{chance.getrandbits(64)}"}
    name = chance.choice(list(said))
    match chance.randrange(4):
        case 0:
            del said[name]
        case 1:
            said[name] = chance.choice(("", "\x00", "%zz", "%ff", "é", "x" * 2_000, "1.0", "copq:"))
    return said


def _header_safe(headers: dict[str, str]) -> dict[str, str]:
    return {n: v.replace("\x00", "%00").replace("é", "%C3%A9") for n, v in headers.items()}


_SENT = """
select count(*) from copq.event where event_id not in (select event_id from copq.claim)
"""
"""Those that came by themselves: a correction's replacement is stored as an event, too."""


@pytest.mark.hypothesis
async def test_of_every_damaged_event_it_is_known_what_became_of_it(
    standalone: Standalone,
) -> None:
    """As many senders as large bodies are read at once: on a slow machine more are turned away."""
    counts: Counter[str] = Counter()
    every = posts()
    async with httpx.AsyncClient(base_url=standalone.url, timeout=PATIENCE_S) as client:
        await asyncio.gather(*(_send(client, every, counts) for _ in range(LANES)))
    assert counts["sent"] >= LINES + SINGLE + 2 * ENVELOPED
    assert min(counts["accepted"], counts["refused"]) > LINES // 5
    conn = await asyncpg.connect(standalone.database)
    assert await conn.fetchval(_SENT) == counts["accepted"]
    assert await conn.fetchval("select count(*) from copq.rejected") == counts["refused"]
    assert await verify(conn) == []
    await conn.close()


async def _send(client: httpx.AsyncClient, every: Iterable[Post], counts: Counter[str]) -> None:
    for body, headers, events in every:
        said = await client.post("/v1/events", content=body, headers=headers)
        assert said.status_code in (202, 207, 400, 422), (said.text, headers, body[:2_000])
        answer = said.json()
        if said.status_code == 400:
            assert events == 0 and answer["error"] and not answer["answers"]
            continue
        found = [a["status"] for a in answer["answers"]]
        assert not events or len(found) == events
        assert all(a["message"] and a["code"] for a in answer["answers"] if "message" in a)
        for name in ("accepted", "duplicate", "refused"):
            assert found.count(name) == answer[name]
            counts[name] += answer[name]
        assert [a["position"] for a in answer["answers"]] == list(range(len(found)))
        counts["sent"] += len(found)
