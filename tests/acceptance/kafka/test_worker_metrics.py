"""What the workers tell Prometheus, on a real Kafka."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from copq.kafka.brokers import Brokers
from copq.kafka.headers import NONE
from copq.kafka.lag import measure_lag
from copq.kafka.metrics import LAG
from copq.kafka.publish import publish, start_producer
from copq.kafka.topics import EVENTS, make_topics
from copq.rates.store import import_rates
from tests.support.building import defect, rates
from tests.support.faults.processes import Service, until
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

pytestmark = pytest.mark.kafka
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(port: int) -> Samples:
    try:
        async with httpx.AsyncClient(verify=False) as http:
            text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    except httpx.TransportError:
        return {}
    return {
        (s.name, frozenset(s.labels.items())): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


async def test_workers_count_what_they_do(
    own_kafka: KafkaBroker, database: str, conn: Any, tmp_path: Path
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "finance")
    await make_topics(Brokers(own_kafka.bootstrap), 1)
    at = "2026-03-02T10:00:00Z"
    events = [defect("d1", at), defect("d2", at), defect("d1", at), defect("u", at, product="?")]
    events.append(b"{}")
    producer = await start_producer(Brokers(own_kafka.bootstrap))
    await asyncio.gather(*await publish(producer, EVENTS, 0, [(None, raw, NONE) for raw in events]))
    await producer.stop()
    ports = dict(zip(("costing", "aggregator"), free_ports(2), strict=True))
    where = ["--kafka", own_kafka.bootstrap, "--database", database]
    services = [
        Service(tmp_path, name, name, *where, "--metrics-port", str(port),
                *(["--max-reject-share", "1"] if name == "costing" else [])).start()
        for name, port in ports.items()
    ]  # fmt: skip
    try:
        lag = {"stage": "costing", "topic": EVENTS, "partition": "0"}
        wanted: dict[str, list[tuple[str, dict[str, str], float]]] = {
            "costing": [
                ("copq_stream_events_total", {"stage": "costing", "outcome": "priced"}, 3),
                ("copq_stream_events_total", {"stage": "costing", "outcome": "unpriced"}, 1),
                ("copq_stream_events_total", {"stage": "costing", "outcome": "refused"}, 1),
                ("copq_stream_rejected_events_total", {"code": "missing_field"}, 1),
                ("copq_stream_batch_events_sum", {"stage": "costing"}, 5),
                ("copq_stream_lag_events", lag, 0),
            ],
            "aggregator": [
                ("copq_stream_events_total", {"stage": "aggregator", "outcome": "posted"}, 3),
                ("copq_stream_events_total", {"stage": "aggregator", "outcome": "duplicate"}, 1),
                ("copq_stream_batch_events_sum", {"stage": "aggregator"}, 4),
                ("copq_rejected_kept_messages_total", {}, 1),
            ],
        }
        seen: dict[str, Samples] = {}

        for name in ports:
            missing: list[Any] = []

            async def told(name: str = name, missing: list[Any] = missing) -> bool:
                seen[name] = await scrape(ports[name])
                missing[:] = [
                    (metric, labels, value, seen[name].get((metric, frozenset(labels.items()))))
                    for metric, labels, value in wanted[name]
                    if seen[name].get((metric, frozenset(labels.items()))) != value
                ]
                return not missing

            try:
                await until(told, f"{name} has told", 40)
            except AssertionError as error:
                raise AssertionError(f"wanted and not found: {missing}") from error
            last = seen[name]["copq_stream_last_commit_timestamp_seconds",
                              frozenset({("stage", name)})]  # fmt: skip
            assert last > 1_700_000_000
    finally:
        for service in services:
            service.kill()


async def test_lag_is_what_nobody_has_committed(own_kafka: KafkaBroker) -> None:
    await make_topics(Brokers(own_kafka.bootstrap), 2)
    producer = await start_producer(Brokers(own_kafka.bootstrap))
    await asyncio.gather(*await publish(producer, EVENTS, 1, [(None, b"x", NONE)] * 3))
    await producer.stop()
    ours = [0, 1]
    measuring = asyncio.create_task(
        measure_lag(Brokers(own_kafka.bootstrap), "test", EVENTS, "nobody", lambda: ours, 0.1)
    )

    def lags() -> dict[str, float]:
        (family,) = LAG.collect()
        found = [s for s in family.samples if s.labels["stage"] == "test"]
        return {s.labels["partition"]: s.value for s in found}

    try:
        await until(lambda: lags() == {"0": 0, "1": 3}, "the lag is known")
        ours.remove(1)
        await until(lambda: lags() == {"0": 0}, "a partition that went is no longer shown")
    finally:
        measuring.cancel()
