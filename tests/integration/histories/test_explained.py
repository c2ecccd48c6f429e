"""Every entry of a random history is explained by what is stored with it, and found right.

Events of all types; tables, line and labour rates for any date, by the minute and by the hour;
repricing; corrections; a plant that gets and loses lines; anchors, and bytes dropped by policy.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from copq.access.authority import Actor
from copq.audit.anchoring import make_anchor
from copq.figures.books import Books
from copq.figures.entries import EntryFilter as AskedEntries
from copq.figures.entries import all_entries
from copq.figures.explaining import explain_entries
from copq.figures.verify import verify
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.repricing.applying import apply
from copq.repricing.reach import RepricingScope
from copq.retention.store import Order, begin, drop_events, finish
from copq.schemas.rates import LabourRate, LineRate, RateFile, ReturnScrap, ReworkRates
from tests.support.building import plant, post_events, rates
from tests.support.searching import examples
from tests.support.tampering import empty

START = datetime(2026, 2, 1, 3, tzinfo=UTC)
INSTANTS = st.integers(0, 6_000).map(lambda minutes: START + timedelta(minutes=minutes))
AMOUNTS = st.integers(1, 90)
MINUTES = st.sampled_from([1, 7, 30, 200])


@st.composite
def bodies(draw: st.DrawFn, event_id: str) -> dict[str, Any]:
    kind = draw(st.sampled_from([
        "production", "defect", "scrap", "rework", "downgrade", "downtime", "recovery", "return",
        "complaint", "warranty", "inspection", "prevention", "admin_failure",
    ]))  # fmt: skip
    at, amount, minutes = draw(INSTANTS), draw(AMOUNTS), draw(MINUTES)
    where = {
        "event_id": event_id, "event_type": kind, "plant": "north",
        "line": draw(st.sampled_from(["L1", "L2"])),
    }  # fmt: skip
    if kind == "downtime":
        ended = (at + timedelta(minutes=minutes, seconds=amount)).isoformat()
        planned = draw(st.booleans())
        return {**where, "started_at": at.isoformat(), "ended_at": ended, "planned": planned}
    of: dict[str, dict[str, Any]] = {
        "production": {"quantity": amount, "work_unit": draw(st.sampled_from([None, "M1", "M2"]))},
        "rework": {"quantity": amount, "minutes": draw(st.sampled_from([None, minutes]))},
        "return": {"quantity": amount + 1, "scrapped": 1, "on_site": draw(st.booleans())},
        "recovery": {"out_of_pocket": amount, "credit": 3},
        "warranty": {"out_of_pocket": amount},
        "admin_failure": {"quantity": amount, "minutes": minutes},
    }
    timed = {"minutes": minutes} if kind in ("complaint", "inspection", "prevention") else {}
    scrapped: dict[str, Any] = {"quantity": amount, "stage": "S2"}
    what = of.get(kind, timed or scrapped)
    if kind not in ("recovery", "warranty", "complaint", "inspection", "prevention"):
        what = {**what, "product": "widget"}
    known = {name: value for name, value in what.items() if value is not None}
    return {**where, "occurred_at": at.isoformat(), **known}


FULL: dict[str, Any] = {
    "recovery_rate": Decimal("0.5"),
    "recovery_overhead_per_day": Decimal(9),
    "allowed_rejection": Decimal("0.01"),
    "price": Decimal(20),
    "seconds_price": Decimal(8),
    "rework_in_house": ReworkRates(labour=Decimal(1), material=Decimal("1.2")),
    "rework_on_site": ReworkRates(labour=Decimal(2), overhead=Decimal("4.5")),
    "return_scrap": ReturnScrap(price=Decimal(9), recovered=Decimal(2)),
}


@st.composite
def changes(draw: st.DrawFn) -> RateFile:
    """One of the kinds of rates, in force from any time."""
    since, amount = draw(INSTANTS), Decimal(draw(AMOUNTS))
    unit = draw(st.sampled_from(["rate_per_minute", "rate_per_hour"]))
    kind = draw(st.sampled_from(["table", "labour", "line", "plant"]))
    if kind == "plant":
        lines = draw(st.sampled_from([(), ("L1",), ("L1", "L2")]))
        return RateFile(plants=(plant(lines=lines),))
    if kind == "table":
        table = rates(**{**FULL, "price": amount + 20}).cost_tables[0]
        stages = (table.stages[0], table.stages[1].model_copy(update={"labour_overhead": amount}))
        return RateFile(
            cost_tables=(table.model_copy(update={"effective_from": since, "stages": stages}),)
        )
    dated = {"plant": "north", "effective_from": since, unit: amount}
    if kind == "labour":
        return RateFile(labour_rates=(LabourRate.model_validate(dated),))
    end = draw(st.sampled_from([(), ("M1",), ("M2",)]))
    line = {
        **dated, "line": "L1", "bottleneck": True, "contribution_per_hour": 50,
        "planned_rate_per_minute": 1, "output_work_units": end,
    }  # fmt: skip
    return RateFile(line_rates=(LineRate.model_validate(line),))


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    names = [f"e{number}" for number in range(draw(st.integers(3, 12)))]
    events = [draw(bodies(name)) for name in names]
    steps: list[tuple[str, Any]] = []
    for event in events:
        steps.append(("post", event))
        if draw(st.booleans()):
            steps.append(("rates", draw(changes())))
        if draw(st.integers(0, 3)) == 0:
            steps.append(("reprice", None))
        if draw(st.integers(0, 2)) == 0:
            steps.append(("anchor", None))
        if draw(st.integers(0, 9)) == 0:
            steps.append(("drop", event.get("occurred_at")))
        if draw(st.integers(0, 4)) == 0:
            void = {
                **{name: event[name] for name in ("plant", "line")}, "event_type": "correction",
                "event_id": f"void-{event['event_id']}", "corrects": event["event_id"],
                "occurred_at": START.isoformat(), "reason": "typed wrong",
            }  # fmt: skip
            steps.append(("post", void))
    return steps


async def play(conn: asyncpg.Connection, dsn: str, steps: list[tuple[str, Any]]) -> None:
    for name, what in steps:
        if name == "post":
            await post_events(conn, await load(conn), [json.dumps(what).encode()])
        elif name == "rates":
            await import_rates(conn, what, "rates", "finance")
            await settle(conn, await load(conn))
        elif name == "anchor":
            await make_anchor(conn, Actor("finance"), "")
        elif name == "drop":
            await drop(conn, datetime.fromisoformat(what or START.isoformat()))
        else:
            await apply(
                dsn,
                RepricingScope(),
                Actor("finance"),
                "rates for the past",
                lambda _: None,
                size=3,
            )


async def drop(conn: asyncpg.Connection, until: datetime) -> None:
    actor, why = Actor("admin"), "records policy"
    run = await begin(conn, Order("events", until.date()), actor, why)
    dropped = await drop_events(conn, run, {"north": until}, until, actor, why)
    await finish(conn, dropped or run, actor, why)


@examples(0.1)
@given(steps=histories())
def test_every_entry_is_explained_and_right(database: str, steps: list[tuple[str, Any]]) -> None:
    async def run() -> None:
        conn = await asyncpg.connect(database)
        try:
            await prepare(conn)
            await empty(conn)
            await import_rates(conn, rates(**FULL), "rates", "finance")
            await play(conn, database, steps)
            now = await conn.fetchval("select clock_timestamp()")
            books = Books()
            async for page in all_entries(conn, AskedEntries(), now):
                for entry, why in await explain_entries(conn, books, page.entries):
                    dropped = entry.dropped_at is not None
                    assert why.agrees or (dropped and why.agrees is None), (entry, why)
            assert await verify(conn) == [], steps
        finally:
            await conn.close()

    asyncio.run(run())
