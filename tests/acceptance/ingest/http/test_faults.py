"""`copq ingest` on a real broker, broken in the middle of a body: resent, each event is there once.

Once means once by `event_id`: the topic may hold an event twice, and the aggregator drops it.
"""

import asyncio
import json
import resource
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from copq.kafka.topics import EVENTS
from tests.support.building import defect
from tests.support.faults.processes import Service, until
from tests.support.faults.site import PARTITIONS, TOPICS, Site
from tests.support.ingest.http.serving import NDJSON, Upload
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.kafka

AT = "2026-03-02T10:00:00Z"
IDS = [f"e{number}" for number in range(30_000)]
LINES = [defect(name, AT, line=f"L{number % 7}") for number, name in enumerate(IDS)]
STEP = 600
PARTS = [b"\n".join(LINES[n : n + STEP]) + b"\n" for n in range(0, len(LINES), STEP)]


def _id_of(raw: bytes) -> str:
    return str(json.loads(raw)["event_id"])


class Ingest:
    """`copq ingest` as a process, and what lies on the topic that it fills."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        [self.port] = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self._bootstrap = bootstrap
        reach = ("--kafka", bootstrap, "--port", str(self.port), "--partitions", str(PARTITIONS))
        words = ("ingest", "--no-auth", *reach)
        self.process = Service(folder, "ingest", *words, preloaded=False)

    async def start(self) -> None:
        self.process.start()
        await until(self._ready, "it is ready")

    async def _ready(self) -> bool:
        try:
            async with httpx.AsyncClient(verify=False) as client:
                return (await client.get(f"{self.url}/readyz")).is_success
        except httpx.TransportError:
            return False

    @property
    def pid(self) -> int:
        return self.process._live().pid

    async def send_all(self) -> httpx.Response:
        return await self.send(PARTS)

    async def send(self, parts: Sequence[bytes], **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(verify=False, timeout=PATIENCE_S) as client:
            return await client.post(
                f"{self.url}/v1/events", content=b"".join(parts), headers={**NDJSON, **headers}
            )

    async def ids(self) -> Counter[str]:
        """The events that lie on the topic now, and how often each."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        partitions = [TopicPartition(EVENTS, p) for p in range(PARTITIONS)]
        consumer.assign(partitions)
        left = sum((await consumer.end_offsets(partitions)).values())
        found: Counter[str] = Counter()
        while found.total() < left:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found.update(_id_of(record.value) for record in records)
        await consumer.stop()
        return found

    async def holds_some(self) -> bool:
        return bool(await self.ids())


@pytest.fixture
async def ingest(kafka: KafkaBroker, tmp_path: Path) -> AsyncIterator[Ingest]:
    await Site(kafka.bootstrap, "", tmp_path).make_anew(*TOPICS)
    found = Ingest(kafka.bootstrap, tmp_path)
    await found.start()
    yield found
    print(found.process.tail())
    found.process.kill()


async def test_killed_in_the_middle_of_a_body_and_sent_again_each_event_is_there(
    ingest: Ingest,
) -> None:
    async with Upload(ingest.port) as upload:
        for part in PARTS[: len(PARTS) // 2]:
            await upload.send(part)
        await until(ingest.holds_some, "a part is on the topic")
        ingest.process.kill()
    await ingest.start()
    said = await ingest.send_all()
    assert said.status_code == 202 and said.json()["accepted"] == len(IDS)
    found = await ingest.ids()
    assert found.keys() == set(IDS)
    assert found.total() > len(IDS)


async def test_a_client_that_hangs_up_leaves_whole_events_and_the_rest_goes_on(
    ingest: Ingest,
) -> None:
    async with Upload(ingest.port) as upload:
        for part in PARTS[:10]:
            await upload.send(part)
        await upload.send(LINES[0][:50])
        await until(ingest.holds_some, "a part is on the topic")
    assert (await ingest.send_all()).status_code == 202
    found = await ingest.ids()
    assert found.keys() == set(IDS)
    assert "Traceback" not in ingest.process.said()


async def test_told_to_stop_in_the_middle_of_a_body_it_says_what_is_safe(ingest: Ingest) -> None:
    async with Upload(ingest.port) as upload:
        for part in PARTS[:10]:
            await upload.send(part)
        await until(ingest.holds_some, "a part is on the topic")
        ingest.process.tell(signal.SIGTERM)
        status, said = await upload.answer()
    assert status == 503 and "is closing" in said["error"]
    assert await ingest.process.exit_code() == 0
    found = await ingest.ids()
    assert said["answered"] == said["accepted"] > 0
    assert set(IDS[: said["answered"]]) <= found.keys()


async def test_a_full_disk_ends_the_body_and_the_answer_says_what_is_safe(ingest: Ingest) -> None:
    """Of a body so long that the service reads its rest after the answer: see `DRAIN_BYTES`."""
    resource.prlimit(ingest.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
    said = await ingest.send(PARTS[:20])
    assert said.status_code == 503 and int(said.headers["retry-after"]) > 0
    assert "the answers cannot be kept" in said.json()["error"]
    answered = said.json()["answered"]
    assert answered == len(said.json()["answers"]) > 0
    assert set(IDS[:answered]) <= (await ingest.ids()).keys()
    assert (await ingest.send(PARTS, prefer="return=minimal")).status_code == 202


async def test_memory_does_not_grow_with_the_body(ingest: Ingest) -> None:
    await ingest.send_all()
    before = psutil.Process(ingest.pid).memory_info().rss
    async with Upload(ingest.port) as upload:
        for part in PARTS * 8:
            await upload.send(part)
        upload.end()
        status, _ = await upload.answer()
        assert status == 202
    after = psutil.Process(ingest.pid).memory_info().rss
    assert after < 200e6
    assert after - before < 20e6


async def test_without_a_broker_it_is_alive_not_ready_and_takes_nothing(
    own_kafka: KafkaBroker, tmp_path: Path
) -> None:
    ingest = Ingest(own_kafka.bootstrap, tmp_path)
    await ingest.start()
    try:
        async with Upload(ingest.port) as upload:
            for part in PARTS[: len(PARTS) // 2]:
                await upload.send(part)
            await until(ingest.holds_some, "a part is on the topic")
            own_kafka.kill()
            status, said = await _send_on(upload)
        assert status == 503 and "send all again later" in said["error"]
        async with httpx.AsyncClient(verify=False, timeout=PATIENCE_S) as client:
            ready = await client.get(f"{ingest.url}/readyz")
            assert ready.status_code == 503 and "does not answer" in ready.json()["kafka"]
            assert (await client.get(f"{ingest.url}/healthz")).status_code == 200
        await asyncio.to_thread(own_kafka.start)
        await until(ingest._ready, "it is ready again")
        assert (await ingest.send_all()).status_code == 202
        assert (await ingest.ids()).keys() == set(IDS)
        assert ingest.process.runs
    finally:
        print(ingest.process.tail())
        ingest.process.kill()


async def _send_on(upload: Upload) -> tuple[int, dict[str, Any]]:
    """The broker being away, what comes after is not read: there is nothing to wait for."""
    answering = asyncio.create_task(upload.answer())
    for part in PARTS[len(PARTS) // 2 :]:
        sending = asyncio.create_task(upload.send(part))
        await asyncio.wait({answering, sending}, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            break
    else:
        upload.end()
    return await answering
