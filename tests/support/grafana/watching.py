"""Two plants with all that a dashboard shows, and a Prometheus that watches them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from copq.access.authority import Actor
from copq.access.door import OpenDoor
from copq.aggregator import metrics as aggregator
from copq.bases.store import import_bases
from copq.costing import metrics as costing
from copq.currencies.file import PublishedRate
from copq.currencies.store import import_exchange, set_reporting
from copq.groups.store import import_groups
from copq.kafka import metrics as stream
from copq.rates.book import RateBook
from copq.rates.store import book_of, import_rates
from copq.reporting.exporter.exporter import Exporter
from copq.reporting.server import make_reporting
from copq.schemas.bases import BaseFile
from copq.schemas.groups import GroupFile
from copq.schemas.rates import RateFile
from copq.schemas.targets import TargetFile
from copq.targets.store import import_targets
from copq.web.serving import serve_http
from tests.support.alerts.rules import RULES
from tests.support.alerts.servers import Prometheus, prometheus
from tests.support.building import event, plant, post_events, rates
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.portfolio import bridge, claim, judged, realised
from tests.support.projects import item, propose

PLANT, LINE, PRODUCT = "d'Arc (new)", "Q'1", "wid.get's"
"""Names as people give them."""


def ago(**length: int) -> str:
    """Before this moment: a module is loaded long before its tests are run."""
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


def last_month() -> str:
    return (datetime.now(UTC).replace(day=1) - timedelta(days=15)).isoformat()


def rates_of_both() -> RateFile:
    """Of `north`, and of a plant, line and product with signs in their names."""
    file = rates(plant(), plant(PLANT, zone="Asia/Kolkata"), ideal_rate=100)
    tables, lines = file.cost_tables, file.line_rates
    named = [t.model_copy(update={"product": PRODUCT}) for t in tables if t.plant == PLANT]
    here = [
        r.model_copy(update={"line": LINE}) for r in lines if (r.plant, r.line) == (PLANT, "L1")
    ]
    return file.model_copy(update={"cost_tables": (*tables, *named), "line_rates": (*lines, *here)})


def a_plants_month(
    prefix: str = "", plant: str = "north", line: str = "L1", product: str = "widget"
) -> list[bytes]:
    """Of all kinds; one stop began before the hour, one goes on.

    What was made and lost a minute ago falls into one month, also on the first of it."""

    def told(kind: str, name: str, **facts: Any) -> bytes:
        return event(kind, prefix + name, **{"plant": plant, "line": line, **facts})

    def made(kind: str, name: str, at: str, quantity: int, **facts: Any) -> bytes:
        of = {"product": product, "quantity": quantity, "occurred_at": at}
        return told(kind, name, **{**of, **facts})

    jam = {"work_unit": "packer", "defect_code": "jam"}
    return [
        made("production", "p1", ago(minutes=1), 1000, good=950),
        made("defect", "d1", ago(minutes=1), 40, stage="S2"),
        made("defect", "d2", ago(minutes=10), 5, stage="S1", defect_code="burr"),
        made("production", "p2", ago(days=1), 500),
        made("defect", "d3", ago(days=1), 5, stage="S2"),
        made("production", "p3", last_month(), 500),
        made("defect", "d4", last_month(), 5, stage="S2"),
        made("defect", "u1", ago(minutes=5), 40, stage="S2", product="unknown"),
        told("inspection", "i1", occurred_at=ago(minutes=30), minutes=15),
        told("downtime", "s0", started_at=ago(minutes=95), ended_at=ago(minutes=48),
             product=product, **jam),
        told("downtime", "s1", started_at=ago(minutes=45), ended_at=ago(minutes=40), **jam),
        told("downtime", "s2", started_at=ago(minutes=3), **jam),
    ]  # fmt: skip


async def fill(conn: Any) -> None:
    file = rates_of_both()
    await import_rates(conn, file, "rates.yaml", "finance")
    book = book_of(file)
    await set_reporting(conn, "USD", 7, Actor("finance"), "")
    today = datetime.now(UTC).date()
    usd = [PublishedRate(today - timedelta(days=n), "EUR", Decimal("1.08")) for n in range(60)]
    await import_exchange(conn, usd, "usd.csv", Actor("finance"))
    named = a_plants_month("n-", plant=PLANT, line=LINE, product=PRODUCT)
    await post_events(conn, book, [*a_plants_month(), *named])
    await import_targets(conn, TargetFile.model_validate({
        "targets": [{"effective_from": ago(days=40), "ratio": "0.03"}],
        "budgets": [
            {"plant": name, "effective_from": ago(days=40), "amount": "5000"}
            for name in ("north", PLANT)
        ],
    }), book, "targets.yaml", Actor("finance"))  # fmt: skip
    await group_and_base(conn, book)
    await projects(conn)
    await conn.execute(
        "insert into copq.rejected (code, field, message, size, payload) "
        "values ('missing_field', 'plant', 'is missing', 2, '{}')"
    )


async def group_and_base(conn: Any, book: RateBook) -> None:
    """A group of each plant's product, and revenue of both months."""
    plants = {"north": "widget", PLANT: PRODUCT}
    day = last_month()[:10]
    members = [
        {"plant": name, "grouping": "family", "product": product, "group": "small parts",
         "effective_from": day}
        for name, product in plants.items()
    ]  # fmt: skip
    groups = GroupFile.model_validate({"groups": members})
    await import_groups(conn, groups, book, "groups.csv", Actor("finance"))
    revenue = [
        {"plant": name, "month": day[:7], "base": "revenue", "amount": "9000", "currency": "EUR"}
        for name in plants
        for day in (last_month(), ago())
    ]
    bases = BaseFile.model_validate({"bases": revenue})
    await import_bases(conn, bases, book, "bases.csv", Actor("finance"))


async def projects(conn: Any) -> None:
    """A project of each plant: measured, claimed, and with a verdict; its claim waits."""
    for name in ("north", PLANT):
        await propose(conn, item(plant=name))
        project = await realised(conn, plant=name)
        await bridge(conn, project, "2026-05", 120, 90)
        await claim(conn, project, "2026-05", 80)
        await judged(conn, project, "holding")


async def work() -> None:
    """The workers' own metrics, a little every while, so that there are rates."""
    while True:
        for stage in (costing.STAGE, aggregator.STAGE):
            stream.EVENTS.labels(stage, "priced").inc(10)
            stream.BATCH_EVENTS.labels(stage).observe(10)
            stream.BATCH_SECONDS.labels(stage).observe(0.02)
            stream.RETRIES.labels(stage).inc()
            stream.LAST_COMMIT.labels(stage).set_to_current_time()
            stream.LAG.labels(stage, "quality.events", "0").set(3)
        stream.REFUSED.labels("missing_field").inc()
        await asyncio.sleep(0.3)


@asynccontextmanager
async def watched(database: str, folder: Path) -> AsyncIterator[Prometheus]:
    """A Prometheus that has scraped the exporter a few times."""
    [port] = free_ports(1)
    exporter, stopping = Exporter(database, every_s=0.5), asyncio.Event()
    app = make_reporting(exporter, OpenDoor())
    beside = [
        asyncio.create_task(part)
        for part in (serve_http(app, "127.0.0.1", port, stopping), exporter.run(), work())
    ]
    quick = [folder / path.name for path in RULES]
    for path, copy in zip(RULES, quick, strict=True):
        copy.write_text(path.read_text().replace("interval: 15s", "interval: 1s"))
    running = prometheus(folder / "prom", {"copq": f"127.0.0.1:{port}"}, quick)
    server = await asyncio.to_thread(running.__enter__)
    try:
        async with asyncio.timeout(PATIENCE_S):
            last = "copq:budget:spent and on () count_over_time(copq_exporter_series[1m]) > 5"
            while not await asyncio.to_thread(server.query, last):
                await asyncio.sleep(0.3)
        yield server
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
        stopping.set()
        await beside[0]
        for part in beside[1:]:
            part.cancel()
        await asyncio.gather(*beside[1:], return_exceptions=True)
        for stage in (costing.STAGE, aggregator.STAGE):
            stream.LAG.remove(stage, "quality.events", "0")
