"""`make bench`: the table of speeds on this machine, each next to its limit in the same run."""

import argparse
import asyncio

from benchmarks.costing import costing_alone, plain_faust, raw_read
from benchmarks.end_to_end import end_to_end, latency
from benchmarks.ingest_http import http
from benchmarks.ingest_mqtt import mqtt
from benchmarks.plant import events
from benchmarks.posting import INTO_ALL, INTO_LEDGER, aggregator_alone, limit
from benchmarks.report import Report
from benchmarks.servers import Servers, fill_topic, servers
from copq.kafka.topics import EVENTS

COLUMNS = ("what", "measured", "limit or rival", "ratio")


async def main(total: int, seconds: int) -> None:
    report = Report("speed", f"Speed on this machine, {total:,} events", *COLUMNS)
    await report.attempt("(a) (b) (d) the stages alone", stages(report, total))
    await report.attempt("(c) end to end", chain(report, total))
    await report.attempt("(e) latency", waiting(report, seconds))
    await report.attempt("(f) (g) HTTP", by_http(report, total))
    await report.attempt("(h) MQTT", by_mqtt(report, total))
    report.close()


async def stages(report: Report, total: int) -> None:
    """The services one by one, on servers of their own."""
    async with servers() as s:
        await fill_topic(s, EVENTS, events(total))
        if await report.attempt("(a) costing", costing(report, s, total)):
            await report.attempt("(b) aggregator", aggregator(report, s, total))


async def costing(report: Report, s: Servers, total: int) -> None:
    raw = await raw_read(s, total)
    rate, memory = await costing_alone(s, total)
    report.add("(a) costing, one core", _rate(rate), f"raw read {_rate(raw)}", _ratio(rate, raw))
    report.add("memory of costing", f"{memory:.0f} MB", "250 MB", _ratio(memory, 250))
    plain = await plain_faust(s, min(total, 20_000))
    report.add("(d) plain Faust agent", _rate(plain), f"(a) {_rate(rate)}", _ratio(plain, rate))


async def aggregator(report: Report, s: Servers, total: int) -> None:
    """On what costing published before."""
    ledger = await limit(s, total, [INTO_LEDGER])
    most = await limit(s, total, INTO_ALL)
    rate, memory = await aggregator_alone(s, total)
    report.add("(b) aggregator", _rate(rate), f"COPY, all {_rate(most)}", _ratio(rate, most))
    report.add("    the same", _rate(rate), f"ledger alone {_rate(ledger)}", _ratio(rate, ledger))
    report.add("memory of aggregator", f"{memory:.0f} MB", "250 MB", _ratio(memory, 250))


async def chain(report: Report, total: int) -> None:
    async with servers() as s:
        rate = await end_to_end(s, total)
    report.add("(c) end to end", _rate(rate), "40,000/s wanted", _ratio(rate, 40_000))


async def waiting(report: Report, seconds: int) -> None:
    """From published to visible, at 5,000 events a second."""
    async with servers() as s:
        waits = await latency(s, 5_000, seconds)
    for name, share, wanted in (("p50", 0.5, 100), ("p99", 0.99, 500)):
        wait = waits[int(len(waits) * share)] * 1000
        report.add(f"(e) latency {name}", f"{wait:.0f} ms", f"{wanted} ms wanted",
                   _ratio(wait, wanted))  # fmt: skip


async def by_http(report: Report, total: int) -> None:
    """Ingest alone, in front of a broker."""
    async with servers() as s:
        found = await http(s, total, min(total, 40_000))
    limit = f"validating {_rate(found.validated)}"
    report.add("(f) HTTP, NDJSON", _rate(found.ndjson), limit,
               _ratio(found.ndjson, found.validated))  # fmt: skip
    report.add("(f) by its own CPU seconds", _rate(found.ndjson_cpu), limit,
               _ratio(found.ndjson_cpu, found.validated))  # fmt: skip
    report.add("(g) HTTP, single events", _rate(found.requests), "4,000/s wanted",
               _ratio(found.requests, 4_000))  # fmt: skip
    p99 = found.waits[int(len(found.waits) * 0.99)] * 1000
    report.add("(g) p99 of 64 connections", f"{p99:.0f} ms", "50 ms wanted", _ratio(p99, 50))
    report.add("memory of ingest, at most", f"{found.memory_mb:.0f} MB", "200 MB wanted",
               _ratio(found.memory_mb, 200))  # fmt: skip


async def by_mqtt(report: Report, total: int) -> None:
    found = await mqtt(min(total, 60_000))
    alone = f"reading alone {_rate(found.raw)}"
    report.add("(h) MQTT QoS 1 to Kafka", _rate(found.stream), alone,
               _ratio(found.stream, found.raw))  # fmt: skip
    report.add("(h) MQTT to the ledger", _rate(found.ledger), alone,
               _ratio(found.ledger, found.raw))  # fmt: skip


def _rate(value: float) -> str:
    return f"{value:,.0f}/s"


def _ratio(value: float, other: float) -> str:
    return f"{value / other:.2f}" if other else "unknown"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--seconds", type=int, default=20, help="of the latency run")
    options = parser.parse_args()
    asyncio.run(main(options.events, options.seconds))
