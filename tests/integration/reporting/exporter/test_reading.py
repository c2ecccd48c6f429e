"""What the exporter reads: not the ledger, and not again what is over."""

import json
from datetime import datetime, timedelta
from typing import Any

from copq.reporting.exporter.collector import page_of
from copq.reporting.exporter.finished_samples import FinishedSamples
from copq.reporting.exporter.finished_sums import RENEW_S, FinishedSums
from copq.reporting.exporter.reading import read
from tests.integration.reporting.exporter.test_figures import NOW, at
from tests.support.building import book, defect, post_events, production


class Recorded:
    """A connection that remembers what it was asked."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, statement: str, *parameters: Any) -> Any:
        self.asked.append((statement, parameters))
        return await self._conn.fetch(statement, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)


async def rows_read(conn: Any, statement: str, parameters: tuple[Any, ...]) -> int:
    """By all scans of a statement, those included that a filter then drops."""
    said = await conn.fetchval(f"explain (analyze, format json) {statement}", *parameters)

    def scanned(node: dict[str, Any]) -> int:
        below = sum(map(scanned, node.get("Plans", [])))
        if "Scan" not in node["Node Type"] or "Relation Name" not in node:
            return below
        dropped = sum(n for name, n in node.items() if name.startswith("Rows Removed by"))
        rows: int = round((node["Actual Rows"] + dropped) * node["Actual Loops"])
        return below + rows

    return scanned(json.loads(said)[0]["Plan"])


async def test_what_is_read_does_not_grow_with_the_ledger(conn: Any) -> None:
    """Ten times the entries in every hour, and ten times the months: no more rows are read."""
    rates = book()
    await conn.execute("set enable_seqscan = off")  # tiny tables are read whole otherwise

    async def fill(days: int, events: int, name: str) -> None:
        for day in range(1, days + 1):
            then = (NOW - timedelta(days=day)).replace(hour=14, minute=30).isoformat()
            raws = [defect(f"{name}-{day}-{n}", then, 1) for n in range(events)]
            await post_events(conn, rates, [*raws, production(f"{name}-{day}-p", then, 100)])
        await conn.execute("analyze")

    async def total() -> int:
        recorded = Recorded(conn)
        await read(recorded, rates, NOW)
        return sum([await rows_read(conn, *asked) for asked in recorded.asked])

    await fill(31, 2, "few")
    read_before = await total()
    assert read_before > 0
    await fill(31, 20, "many")
    await fill(300, 1, "old")
    assert await conn.fetchval("select count(*) from copq.ledger") > 10 * 31 * 3
    assert 0 < await total() <= read_before


async def test_a_bucket_that_is_over_is_read_again_only_after_a_while(conn: Any) -> None:
    rates, now = book(), 0.0
    kept = FinishedSums(clock=lambda: now)
    await post_events(conn, rates, [defect("a", at("10:30:00"), 1), defect("b", at("11:10:00"), 1)])
    made = FinishedSamples()

    async def failures(when: datetime = NOW) -> dict[str, float]:
        page = page_of(await read(conn, rates, when, kept), 10_000, finished=made)
        return {
            s.labels[-1]: s.value for s in page.samples
            if s.figure.name == "copq_failure_cost" and s.labels[0] == "line"
        }  # fmt: skip

    assert (await failures())["last_hour"] == 10
    late = [defect("late", at("10:40:00"), 5), defect("new", at("11:15:00"), 3)]
    await post_events(conn, rates, late)
    soon = await failures()
    assert (soon["last_hour"], soon["hour"], soon["day"]) == (10, 40, 100)
    now = RENEW_S
    later = await failures()
    assert (later["last_hour"], later["hour"], later["day"], later["24h"]) == (60, 40, 100, 100)
    turned = await failures(NOW + timedelta(hours=1))
    assert turned["last_hour"] == 40, "an hour that has just ended is read as it is"


async def test_what_is_over_is_made_once_and_again_when_rates_change(conn: Any) -> None:
    rates, kept, made = book(), FinishedSums(), FinishedSamples()
    await post_events(conn, rates, [defect("a", at("10:30:00"), 1), defect("b", at("11:10:00"), 1)])

    async def windows() -> dict[str, Any]:
        reading = await read(conn, rates, NOW, kept)
        page_of(reading, 10_000, finished=made)
        return {
            name: made.samples(made.window(name, reading), "line", reading)
            for name in ("last_hour", "hour")
        }

    first, second = await windows(), await windows()
    assert second["last_hour"] is first["last_hour"]
    assert second["hour"] is not first["hour"] and second["hour"] == first["hour"]
    rates.revision += 1
    assert (await windows())["last_hour"] is not first["last_hour"]
