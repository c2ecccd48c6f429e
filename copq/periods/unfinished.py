"""What a month still lacks before its closing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from asyncpg import Connection

from copq.database.queries import Queries
from copq.periods.period import PeriodError, span
from copq.rates.book import Site
from copq.text.counts import count_of

_SQL = Queries.of(__file__)


class NotFinished(PeriodError):
    """A month has unfinished items that were not accepted; `items` says which it has."""

    def __init__(self, message: str, items: str) -> None:
        super().__init__(message)
        self.items = items


@dataclass(frozen=True, slots=True)
class UnfinishedItems:
    """Counts of unpriced events, corrections of unknown events, open stops, and entries without an
    exchange rate. `rates_of` names the days of these entries."""

    unpriced: int = 0
    corrections: int = 0
    stops: int = 0
    rates: int = 0
    rates_of: str = ""

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Self:
        """The items from the counts by kind that a step stores."""
        unpriced, corrections, stops, rates = (counts.get(kind, 0) for kind in KINDS)
        return cls(unpriced, corrections, stops, rates)

    @property
    def counts(self) -> dict[str, int]:
        """The counts above zero, by kind."""
        return {kind: number for kind in KINDS if (number := getattr(self, kind))}

    def __str__(self) -> str:
        return ", ".join(map(self.words_of, self.counts))

    def words_of(self, kind: str) -> str:
        """How many items of a kind there are: `2 stops still open`."""
        of = f" ({self.rates_of})" if kind == "rates" and self.rates_of else ""
        return count_of(getattr(self, kind), *WORDS[kind]) + of

    def refuse(self, accepted: Collection[str]) -> None:
        """Raise `NotFinished` if an unfinished kind is not accepted."""
        left = [kind for kind in self.counts if kind not in accepted]
        if left:
            options = " ".join(f"--accept {kind}" for kind in left)
            raise NotFinished(
                f"it is not finished: {self}. See: {self.where}. To close it anyway: {options}",
                str(self),
            )

    @property
    def where(self) -> str:
        """The commands that show the unfinished items."""
        see = ["copq unpriced"] if set(self.counts) - {"rates"} else []
        return ", ".join([*see, *(["copq currencies list"] if self.rates else [])])


WORDS = {
    "unpriced": ("event without a price", "events without a price"),
    "corrections": ("correction that waits for its event", "corrections that wait for their event"),
    "stops": ("stop still open", "stops still open"),
    "rates": ("entry without an exchange rate", "entries without an exchange rate"),
}
KINDS = tuple(WORDS)


async def unfinished_items(conn: Connection, site: Site, month: date) -> UnfinishedItems:
    """The unfinished items of a plant's month, with open stops that began earlier."""
    plant, (start, end) = site.plant.plant, span(month, site.calendar)
    return UnfinishedItems(
        **await conn.fetchrow(*_SQL.unfinished(plant=plant, start=start, end=end, month=month))
    )
