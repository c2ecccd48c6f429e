"""What the figures do not include yet, and all corrections, as answers for readers."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.figures.corrections import ListedCorrection, list_corrections
from copq.figures.unpriced import UnpricedGroup, WaitingItems, waiting_items, waiting_json
from copq.ledger.corrections import State
from copq.rates.book import RateBook

ALL = 1_000_000
"""More groups or corrections than a plant ever has: as a table, all of them are answered."""


@dataclass(frozen=True, slots=True)
class UnpricedAnswer:
    """The waiting items as of `at`; the table has the events without a price."""

    at: datetime
    items: WaitingItems

    @property
    def columns(self) -> Sequence[str]:
        return [field.name for field in fields(UnpricedGroup)]

    def table(self) -> Iterable[dict[str, Any]]:
        return map(asdict, self.items.unpriced.groups)

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, **waiting_json(self.items)}


async def answer_unpriced(
    conn: Connection, book: RateBook, now: datetime, most: int | None
) -> UnpricedAnswer:
    """At most `most` items of each kind."""
    return UnpricedAnswer(now, await waiting_items(conn, book, now, most or ALL))


@dataclass(frozen=True, slots=True)
class CorrectionsAnswer:
    """Corrections, the newest first."""

    corrections: Sequence[ListedCorrection]

    @property
    def columns(self) -> Sequence[str]:
        return [field.name for field in fields(ListedCorrection)]

    def table(self) -> Iterable[dict[str, Any]]:
        return ({**asdict(one), "entries": " ".join(one.entries)} for one in self.corrections)

    def as_json(self) -> dict[str, Any]:
        return {"corrections": [asdict(one) for one in self.corrections]}


async def answer_corrections(
    conn: Connection, states: Sequence[State], most: int | None
) -> CorrectionsAnswer:
    """At most `most` corrections in one of `states`; in any state if there are none."""
    return CorrectionsAnswer(await list_corrections(conn, tuple(states or State), most))
