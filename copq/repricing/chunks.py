"""Events that are stored, read in order and priced as of a rate book: a chunk at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import localcontext
from typing import Any, NamedTuple

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Special, StopRow
from copq.pricing.price import Dispatch
from copq.pricing.price_cache import Memo
from copq.rates.book import RateBook
from copq.repricing.reach import Reach, RepricingScope
from copq.schemas.decode import decode
from copq.schemas.priced import Entry, Outcome, Pricing

_SQL = Queries.of(__file__)

COLUMNS = (
    "event_id", "occurred_at", "entry_no", "element", "category", "quantity", "gross", "recovered",
    "allowed", "net", "seconds", "base", "good", "ungraded", "currency", "rate_version",
    "labour_version", "line_version", "hour", "day",
)  # fmt: skip
"""Of the table `repriced`."""

_NOTHING = "\t".join(["0", *[r"\N"] * (len(COLUMNS) - 3)])
_REJECTS = frozenset({"defect", "scrap"})


class Position(NamedTuple):
    """The place after an event; the id is empty before the first event."""

    at: datetime
    event_id: str = ""


@dataclass(slots=True)
class Chunk:
    """Events after `start` until `end`, as rows of `repriced`, with stops and dispatches."""

    start: Position
    end: Position
    seen: int = 0
    rows: list[str] = field(default_factory=list)
    stops: dict[str, Special] = field(default_factory=dict)
    unpriced: dict[str, Special] = field(default_factory=dict)
    dispatches: set[Dispatch] = field(default_factory=set)
    """Days on which something was rejected that may be recoverable, or was."""


@dataclass(frozen=True, slots=True)
class _PricedRows:
    """A pricing, and its entries as the ends of rows."""

    pricing: Pricing
    ends: tuple[str, ...]
    day: date | None


def _rows_of(pricing: Pricing) -> _PricedRows:
    own = [entry for entry in pricing.entries if entry.once is None]
    ends = tuple(f"{number}\t{_figures(entry)}" for number, entry in enumerate(own, 1))
    return _PricedRows(pricing, ends or (_NOTHING,), own[0].day if own else None)


def _figures(e: Entry) -> str:
    return (
        f"{e.element}\t{e.category}\t{e.quantity}\t{e.gross}\t{e.recovered}\t{e.allowed}\t{e.net}\t"
        f"{e.seconds}\t{e.base}\t{e.good}\t{e.ungraded}\t{e.currency}\t{e.rate_version}\t"
        f"{_version(e.labour_version)}\t{_version(e.line_version)}\t{e.hour}\t{e.day}"
    )


def _version(version: int | None) -> str:
    return r"\N" if version is None else str(version)


class Chunks:
    """Reads and prices the chunks of one repricing; the pricing is done in a thread."""

    def __init__(self, reach: Reach, asked: RepricingScope, book: RateBook, size: int) -> None:
        self._reach, self._asked, self._size = reach, asked, size
        self._plants = None if reach.plants is None else sorted(reach.plants)
        self.book = book
        self._memo = Memo(book, _rows_of)

    async def after(self, conn: Connection, position: Position) -> Chunk | None:
        """The next chunk; None after the last event."""
        events = await conn.fetch(
            *_SQL.events_after(
                plants=self._plants, at=position.at, event_id=position.event_id,
                ends_at=self._reach.ends_at, limit=self._size,
            )
        )  # fmt: skip
        return await asyncio.to_thread(self._price, position, events) if events else None

    def _price(self, start: Position, events: Sequence[Record]) -> Chunk:
        last = events[-1]
        chunk = Chunk(start, Position(last["occurred_at"], last["event_id"]), len(events))
        with localcontext(MONEY):
            for event_id, at, payload in events:
                raw = payload.encode()
                event = decode(raw)
                if self._is_asked(event, at):
                    self._add(chunk, event_id, at, raw, event)
        return chunk

    def _is_asked(self, event: Any, at: datetime) -> bool:
        asked = self._asked
        if asked.product is not None and event.product != asked.product:
            return False
        if asked.first is None and asked.until is None:
            return True
        day = self._day(event.plant, at)
        after = asked.first is None or asked.first <= day
        return after and (asked.until is None or day < asked.until)

    def _day(self, plant: str, at: datetime) -> date:
        site = self.book.sites.get(plant)
        return site.calendar.bucket(at).day if site else at.date()

    def _add(self, chunk: Chunk, event_id: str, at: datetime, raw: bytes, event: Any) -> None:
        told = self._memo.of(event)
        if event.event_type == "downtime":
            chunk.stops[event_id] = _special(raw, told.pricing)
            return
        name = event_id.replace("\\", "\\\\") if "\\" in event_id else event_id
        for end in told.ends:
            chunk.rows.append(f"{name}\t{at}\t{end}")
        if told.pricing.outcome == Outcome.UNPRICED:
            chunk.unpriced[event_id] = _special(raw, told.pricing)
        if event.event_type in _REJECTS:
            day = told.day or self._day(event.plant, at)
            chunk.dispatches.add(Dispatch(event.plant, event.line, event.product, day))


def _special(raw: bytes, pricing: Pricing) -> Special:
    r = pricing.stop
    stop = None if r is None else StopRow(str(r.per_hour), r.currency, r.rate_version)
    return Special(pricing.outcome, raw, pricing.rates, pricing.reason, stop)
