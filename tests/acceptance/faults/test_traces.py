"""Traces from the HTTP request to the commit, as a collector gets them from real processes."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from copq.telemetry.tracing import ENDPOINTS, is_wanted
from tests.support.faults.collector import Collector, collecting
from tests.support.faults.plant import Plant
from tests.support.faults.processes import Service, until
from tests.support.faults.sender import Sender, ingesting
from tests.support.faults.site import Site
from tests.support.kafka.settings import free_ports

TRACE, CLIENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
UNSAMPLED = "0af7651916cd43dd8448eb211c80319c"
EVENTS = 40


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """What is started from here on sends its spans to it, soon."""
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        yield found


@pytest.mark.kafka
async def test_a_request_is_traced_through_kafka_until_its_events_are_committed(
    site: Site, collector: Collector
) -> None:
    plant = Plant(71)
    ingest, sender = ingesting(site)
    stream = [ingest, site.costing(), site.aggregator()]
    await sender.is_answered()
    sender.traceparent = f"00-{TRACE}-{CLIENT}-01"
    async with _nothing_is_posted(site) as somebody_waits:
        sent = plant.make(EVENTS)
        assert await sender.post(sent) == 202
        await until(somebody_waits, "the aggregator waits to post")
        await until(lambda: bool(collector.of("copq-costing")), "costing is traced")
        assert collector.of("copq-aggregator") == []
        released = time.time_ns()
    await site.is_right(plant.facts)
    sender.traceparent = f"00-{UNSAMPLED}-{CLIENT}-00"
    assert await sender.post(plant.make(EVENTS)) == 202
    await site.is_right(plant.facts)
    assert [await service.stop() for service in stream] == [0, 0, 0]
    _is_one_trace(collector)
    _is_complete(collector, len({fact.event_id for fact in sent}), released)


def _is_one_trace(collector: Collector) -> None:
    """Only what was sampled at its head; every batch is linked to the request."""
    [request] = collector.of("copq-ingest")
    assert (request.name, request.trace, request.parent) == ("POST /v1/events", TRACE, CLIENT)
    assert request.said["http.response.status_code"] == 202
    for batch in collector.of("copq-costing") + collector.of("copq-aggregator"):
        assert (batch.trace, batch.parent) == (TRACE, request.span)
        assert batch.links == {(TRACE, request.span)}
        assert request.start < batch.start


def _is_complete(collector: Collector, fresh: int, released: int) -> None:
    assert collector.sum("copq-costing", "messaging.batch.message_count") == EVENTS
    assert collector.sum("copq-aggregator", "copq.fresh") == fresh
    assert collector.sum("copq-aggregator", "copq.duplicates") == EVENTS - fresh
    for batch in collector.of("copq-aggregator"):
        assert batch.name == "process copq.priced-events"
        assert batch.end > released


@asynccontextmanager
async def _nothing_is_posted(site: Site) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Hold back whoever posts; says whether somebody is held back."""
    holding, asking = [await asyncpg.connect(site.database) for _ in range(2)]

    async def somebody_waits() -> bool:
        query = "select exists (select from pg_locks where not granted and relation = $1::regclass)"
        return bool(await asking.fetchval(query, "copq.event_key"))

    async with holding.transaction():
        await holding.execute("lock table copq.event_key in share mode")
        yield somebody_waits
    await holding.close()
    await asking.close()


def _up(site: Site) -> tuple[Service, Sender]:
    [port] = free_ports(1)
    reach = ("--database", site.database, "--port", str(port))
    return site.service("up", "up", *reach).start(), Sender(port)


@pytest.fixture
async def alone(database: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A database with rates, and no Kafka."""
    found = Site("", database, tmp_path)
    await found.import_rates()
    yield found
    found.close()


async def test_without_kafka_each_request_shows_its_transaction_even_if_the_service_leaves(
    alone: Site, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    plant, (up, sender) = Plant(72), _up(alone)
    await sender.is_answered()
    sent = [sender.post(plant.make(EVENTS)) for _ in range(5)]
    assert await asyncio.gather(*sent) == [202] * 5
    assert collector.seen == []
    assert await up.stop() == 0
    requests = {s.span: s for s in collector.seen if s.name == "POST /v1/events"}
    posts = {s.parent: s for s in collector.seen if s.name == "post to the ledger"}
    assert requests.keys() == posts.keys() and len(requests) == 5
    for span, request in requests.items():
        assert request.trace == posts[span].trace
        assert request.start < posts[span].start < posts[span].end < request.end


async def test_an_endpoint_that_does_not_answer_harms_nothing(
    alone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
        monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")
        plant, (up, sender) = Plant(73), _up(alone)
        await sender.is_answered()
        for _ in range(20):
            assert await sender.post(plant.make(EVENTS)) == 202
        assert await up.stop() == 0
        assert "the last traces are lost" in up.said()
    await alone.figures_are_right({fact.event_id: fact for fact in plant.facts}.values())


_LOADED = """
import sys
from copq.telemetry.tracing import traced

def loaded(*prefixes):
    return any(name.startswith(prefixes) for name in sys.modules)

import copq.aggregator.service, copq.costing.stream
with traced("copq"):
    print(loaded("opentelemetry"))
import copq.command_line.command, copq.ingest.server, copq.standalone.server
with traced("copq"):
    print(loaded("opentelemetry.sdk", "opentelemetry.exporter"))
"""
"""FastAPI loads OpenTelemetry's interface by itself, which records nothing."""


@pytest.mark.parametrize("is_set", [True, False])
def test_opentelemetry_is_loaded_only_where_an_endpoint_is_set(
    is_set: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    if is_set:
        monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:9")
    said = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True)
    assert said.stdout.split() == [str(is_set)] * 2, said.stderr


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({ENDPOINTS[0]: ""}, False),  # as compose passes on what is not set
        ({ENDPOINTS[0]: "http://collector:4318"}, True),
        ({ENDPOINTS[1]: "http://collector:4318/v1/traces"}, True),
        ({ENDPOINTS[0]: "http://collector:4318", "OTEL_SDK_DISABLED": "True"}, False),
        ({ENDPOINTS[0]: "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_opentelemetrys_own_variables_say_whether_to_trace(
    environment: dict[str, str], wanted: bool
) -> None:
    assert is_wanted(environment) is wanted
