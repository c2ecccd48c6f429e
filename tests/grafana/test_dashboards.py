"""The dashboards: fresh, and every query of every panel answered by the real servers."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.generate import FOLDER, dashboards
from schemas.targets import TargetFile
from services.access.authority import Actor
from services.access.door import OpenDoor
from services.aggregator import metrics as aggregator
from services.costing import metrics as costing
from services.currencies.file import Published
from services.currencies.store import import_exchange, set_reporting
from services.ingest.serving import serve_http
from services.kafka import metrics as stream
from services.rates.store import book_of, import_rates
from services.reporting.exporter.exporter import Exporter
from services.reporting.server import make_reporting
from services.targets.store import import_targets
from tests.alerts.servers import Prometheus, prometheus
from tests.alerts.test_rules import RULES
from tests.building import defect, event, post_events, production, rates, stop
from tests.kafka.settings import free_ports

PROVISIONING = FOLDER.parent / "provisioning"
NOW = datetime.now(UTC)
VARIABLES = {
    "${plant:regex}": ".*", "${line:regex}": ".*", "$plant": ".*", "$line": ".*", "$product": ".*",
    "$currency": "EUR", "$window": "1h", "$__rate_interval": "30s",
}  # fmt: skip
TIME_FILTER = "{} between now() - interval '30 days' and now()"


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            yield f"{path.stem}: {panel['title']}", panel


def filled(text: str) -> str:
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    for column in ("occurred_at", "started_at"):
        text = text.replace(f"$__timeFilter({column})", TIME_FILTER.format(column))
    assert "$" not in text.replace("$'", ""), f"a variable that the test does not know: {text}"
    return text


def ago(**length: int) -> str:
    return (NOW - timedelta(**length)).isoformat()


def a_plants_day() -> list[bytes]:
    events = [
        production("p1", ago(minutes=20), 1000, good=950), defect("d1", ago(minutes=15), 40),
        defect("d2", ago(minutes=10), 5, defect_code="burr", stage="S1"),
        production("p2", ago(days=1), 500), defect("d3", ago(days=1), 5),
        production("p3", ago(days=31), 500), defect("d4", ago(days=31), 5),
        event("inspection", "i1", occurred_at=ago(minutes=30), minutes=15),
        stop("s1", ago(minutes=50), ago(minutes=45), work_unit="packer", defect_code="jam"),
        stop("s2", ago(minutes=3), work_unit="packer", defect_code="jam"),
        defect("u1", ago(minutes=5), product="unknown"),
    ]  # fmt: skip
    return events


async def fill(conn: Any) -> None:
    """A plant with all that a dashboard shows, and workers that have worked."""
    file = rates(ideal_rate=100)
    await import_rates(conn, file, "rates.yaml", "finance")
    book = book_of(file)
    await set_reporting(conn, "USD", 7, Actor("finance"), "")
    today = datetime.now(UTC).date()
    usd = [Published(today - timedelta(days=n), "EUR", Decimal("1.08")) for n in range(60)]
    await import_exchange(conn, usd, "usd.csv", Actor("finance"))
    await post_events(conn, book, a_plants_day())
    await import_targets(conn, TargetFile.model_validate({
        "targets": [{"effective_from": ago(days=40), "ratio": "0.03"}],
        "budgets": [{"plant": "north", "effective_from": ago(days=40), "amount": "5000"}],
    }), book, "targets.yaml", "finance")  # fmt: skip
    await conn.execute(
        "insert into copq.rejected (code, field, message, size, payload) "
        "values ('missing_field', 'plant', 'is missing', 2, '{}')"
    )


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
        costing.REFUSED.labels("missing_field").inc()
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
        async with asyncio.timeout(60):
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
        for stage in (costing.STAGE, aggregator.STAGE):
            stream.LAG.remove(stage, "quality.events", "0")


@pytest.mark.prometheus
async def test_every_query_of_every_panel_has_an_answer(
    conn: Any, database: str, tmp_path: Path
) -> None:
    await fill(conn)
    asked, silent = 0, []
    async with watched(database, tmp_path) as server:
        for name, panel in panels():
            for target in panel["targets"]:
                if "rawSql" in target:
                    answer = await conn.fetch(filled(target["rawSql"]))
                else:
                    answer = await asyncio.to_thread(server.query, filled(target["expr"]))
                asked += 1
                if not answer:
                    silent.append((name, target.get("expr", "SQL")))
    assert not silent
    assert asked > 60


def test_the_files_are_what_the_code_makes() -> None:
    for path, text in dashboards().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run make dashboards"


def test_every_panel_says_what_it_shows_and_asks_a_source_that_is_provisioned() -> None:
    sources = yaml.safe_load((PROVISIONING / "datasources" / "copq.yml").read_text())
    known = {source["uid"]: source["type"] for source in sources["datasources"]}
    for name, panel in panels():
        assert panel["type"] in ("stat", "timeseries", "table", "bargauge"), name
        for of in (panel, *panel["targets"]):
            source = of["datasource"]
            assert known[source["uid"]] == source["type"], name


def test_a_line_leads_to_the_events_behind_it() -> None:
    (lines,) = [panel for name, panel in panels() if name == "copq-now: Lines"]
    (link,) = lines["fieldConfig"]["defaults"]["links"]
    uids = {json.loads(path.read_text())["uid"] for path in FOLDER.glob("*.json")}
    assert link["url"].startswith("/d/copq-line?var-plant=${__data.fields.plant}")
    assert uids == {"copq-now", "copq-line", "copq-finance", "copq-pipeline"}
    titles = [name for name, panel in panels() if "ledger" in str(panel.get("description"))]
    assert "line-and-product: The events behind it" in titles
