"""Rates and events that tests are written with, and posting them as the service does."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch
from copq.posting.post import Posted, post
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.rates.store import book_of, current_revision, file_of, import_rates, load
from copq.schemas.decode import decode
from copq.schemas.priced import encode
from copq.schemas.rates import CostTable, LabourRate, LineRate, Plant, RateFile, Stage

LONG_AGO = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def plant(
    name: str = "north", zone: str = "Europe/Berlin", day_start: str = "06:00",
    currency: str = "EUR", lines: tuple[str, ...] = (),
) -> Plant:  # fmt: skip
    return Plant.model_validate(
        {"plant": name, "time_zone": zone, "day_start": day_start, "currency": currency,
         "lines": lines}
    )  # fmt: skip


def rates(*plants: Plant, ideal_rate: int | None = None, **widget: Any) -> RateFile:
    """Rates of some plants (of `north` without any), the same numbers in each one's currency.

    A `widget` costs 4 after stage S1 and 10 after S2; a minute of standstill costs 2 on L1, 3 on
    L2; a minute of labour 1. `widget` adds to its cost table: `recovery_rate="0.5"` and so on.
    """
    sites = plants or (plant(),)
    return RateFile(
        plants=sites,
        cost_tables=tuple(_table(site, widget) for site in sites),
        line_rates=tuple(
            LineRate(
                plant=site.plant,
                line=line,
                effective_from=LONG_AGO,
                rate_per_minute=Decimal(rate),
                ideal_rate_per_minute=ideal_rate and Decimal(ideal_rate),
            )
            for site in sites
            for line, rate in (("L1", 2), ("L2", 3))
        ),
        labour_rates=tuple(
            LabourRate(plant=site.plant, effective_from=LONG_AGO, rate_per_minute=Decimal(1))
            for site in sites
        ),
    )


def _table(site: Plant, more: dict[str, Any]) -> CostTable:
    stages = (
        Stage(stage="S1", raw_material=Decimal(4)),
        Stage(stage="S2", raw_material=Decimal(4), labour_overhead=Decimal(6)),
    )
    return CostTable(
        product="widget", plant=site.plant, effective_from=LONG_AGO, currency=site.currency,
        stages=stages, **more,
    )  # fmt: skip


def book(*plants: Plant, **widget: Any) -> RateBook:
    """The book of `rates`, which takes the same."""
    return book_of(rates(*plants, **widget))


def production(event_id: str, at: str, quantity: Any = 100, **more: Any) -> bytes:
    return event(
        "production", event_id, occurred_at=at, product="widget", quantity=quantity, **more
    )


def defect(event_id: str, at: str, quantity: Any = 1, **more: Any) -> bytes:
    """Rejected after S2, 10 a unit, unless `stage` says otherwise."""
    facts = {"product": "widget", "stage": "S2", "quantity": quantity, **more}
    return event("defect", event_id, occurred_at=at, **facts)


def stop(event_id: str, started_at: str, ended_at: str | None = None, **more: Any) -> bytes:
    """A stop of L1 at 2 a minute; without `ended_at` it is open."""
    ended = {} if ended_at is None else {"ended_at": ended_at}
    return event("downtime", event_id, started_at=started_at, **ended, **more)


def event(event_type: str, event_id: str, **facts: Any) -> bytes:
    """Any event, as bytes: of plant `north` and line `L1` unless `facts` say otherwise."""
    known = {"event_type": event_type, "event_id": event_id, "plant": "north", "line": "L1"}
    return json.dumps({**known, **facts}, default=str).encode()


async def post_events(conn: Connection, book: RateBook, events: Iterable[bytes]) -> Posted:
    """Price the events and post them as one batch, in a transaction of its own."""
    batch = Batch()
    with localcontext(MONEY):
        for raw in events:
            batch.add(encode(raw, price(decode(raw), book)))
    async with conn.transaction():
        return await post(conn, batch, book)


async def post_with_rates(conn: Connection, book: RateBook, events: Iterable[bytes]) -> Posted:
    """As `post_events`; the first time the rates of the book are imported before."""
    await store_rates(conn, book)
    return await post_events(conn, await load(conn), events)


async def store_rates(conn: Connection, book: RateBook) -> None:
    """Import the rates of a book, unless there are some."""
    if not await current_revision(conn):
        await import_rates(conn, file_of(book), "rates.yaml", "test")
