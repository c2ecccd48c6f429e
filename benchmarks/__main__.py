"""`make bench`: the table of speeds on this machine, each next to its limit in the same run."""

import argparse
import asyncio

from benchmarks.costing import costing_alone, plain_faust, raw_read
from benchmarks.end_to_end import end_to_end, latency
from benchmarks.ingest_http import http
from benchmarks.ingest_mqtt import mqtt
from benchmarks.plant import events
from benchmarks.posting import INTO_ALL, INTO_LEDGER, aggregator_alone, limit
from benchmarks.servers import fill_topic, servers
from copq.terminal import err, table
from services.kafka.topics import EVENTS

Row = tuple[str, str, str, str]


async def main(total: int, seconds: int) -> None:
    rows = await stages(total)
    rows += await chain(total, seconds)
    rows += await ways_in(total)
    table("Speed on this machine", ["what", "measured", "limit or rival", "ratio"], rows)


async def stages(total: int) -> list[Row]:
    """The services one by one, on servers of their own."""
    async with servers() as s:
        err.print(f"filling a topic with {total:,} events …")
        await fill_topic(s, EVENTS, events(total))
        err.print("(a) costing alone …")
        raw = await raw_read(s, total)
        costing, costing_mb = await costing_alone(s, total)
        err.print(f"(b) aggregator alone … (costing: {_rate(costing)}, raw read: {_rate(raw)})")
        ledger = await limit(s, total, [INTO_LEDGER])
        most = await limit(s, total, INTO_ALL)
        aggregator, aggregator_mb = await aggregator_alone(s, total)
        err.print(f"(d) plain Faust … (aggregator: {_rate(aggregator)}, COPY: {_rate(most)})")
        plain = await plain_faust(s, min(total, 20_000))
    return [
        ("(a) costing, one core", _rate(costing), f"raw read {_rate(raw)}", _ratio(costing, raw)),
        ("(b) aggregator", _rate(aggregator), f"COPY, all {_rate(most)}", _ratio(aggregator, most)),
        (
            "    the same",
            _rate(aggregator),
            f"ledger alone {_rate(ledger)}",
            _ratio(aggregator, ledger),
        ),
        ("(d) plain Faust agent", _rate(plain), f"(a) {_rate(costing)}", _ratio(costing, plain)),
        ("memory of costing", f"{costing_mb:.0f} MB", "250 MB", _ratio(costing_mb, 250)),
        ("memory of aggregator", f"{aggregator_mb:.0f} MB", "250 MB", _ratio(aggregator_mb, 250)),
    ]


async def chain(total: int, seconds: int) -> list[Row]:
    """All of it together."""
    async with servers() as s:
        err.print("(c) end to end …")
        rate = await end_to_end(s, total)
    async with servers() as s:
        err.print(f"(e) latency, {seconds} s at 5,000 events/s …")
        waits = await latency(s, 5_000, seconds)
    p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    return [
        ("(c) end to end", _rate(rate), "40,000/s wanted", _ratio(rate, 40_000)),
        ("(e) latency p50", f"{p50 * 1000:.0f} ms", "100 ms wanted", _ratio(p50, 0.1)),
        ("(e) latency p99", f"{p99 * 1000:.0f} ms", "500 ms wanted", _ratio(p99, 0.5)),
    ]


async def ways_in(total: int) -> list[Row]:
    """Ingest alone, in front of a broker: HTTP, then MQTT."""
    async with servers() as s:
        err.print("(f) HTTP ingest …")
        found = await http(s, total, min(total, 40_000))
    err.print("(h) MQTT …")
    messages = await mqtt(min(total, 60_000))
    p99 = found.waits[int(len(found.waits) * 0.99)]
    alone = f"reading alone {_rate(messages.raw)}"
    limit = f"validating {_rate(found.validated)}"
    return [
        ("(f) HTTP, NDJSON", _rate(found.ndjson), "40,000/s wanted", _ratio(found.ndjson, 40_000)),
        ("(f) the same", _rate(found.ndjson), limit, _ratio(found.ndjson, found.validated)),
        ("(f) by its own CPU seconds", _rate(found.ndjson_cpu), limit,
         _ratio(found.ndjson_cpu, found.validated)),
        ("(g) HTTP, single events", _rate(found.requests), "4,000/s wanted",
         _ratio(found.requests, 4_000)),
        ("(g) p99 of 64 connections", f"{p99 * 1000:.0f} ms", "50 ms wanted", _ratio(p99, 0.05)),
        ("memory of ingest, at most", f"{found.memory_mb:.0f} MB", "200 MB wanted",
         _ratio(found.memory_mb, 200)),
        ("(h) MQTT QoS 1 to Kafka", _rate(messages.stream), "10,000/s wanted",
         _ratio(messages.stream, 10_000)),
        ("(h) the same", _rate(messages.stream), alone, _ratio(messages.stream, messages.raw)),
        ("(h) MQTT to the ledger", _rate(messages.ledger), alone,
         _ratio(messages.ledger, messages.raw)),
    ]  # fmt: skip


def _rate(value: float) -> str:
    return f"{value:,.0f}/s"


def _ratio(value: float, other: float) -> str:
    return f"{value / other:.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--seconds", type=int, default=20, help="of the latency run")
    options = parser.parse_args()
    asyncio.run(main(options.events, options.seconds))
