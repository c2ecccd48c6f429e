"""What a month still lacks as it is about to be closed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from asyncpg import Connection

from services.database.sql_files import statement
from services.periods.period import PeriodError, span
from services.rates.book import Site
from services.text.counts import count_of

_UNFINISHED = statement(__file__, "unfinished")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How many of each: events without a price, corrections of events unknown, open stops, and
    entries that are missing from figures in the reporting currency, `rates_of` which days.
    """

    unpriced: int = 0
    corrections: int = 0
    stops: int = 0
    rates: int = 0
    rates_of: str = ""

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Self:
        """As a step has kept it, by kind."""
        unpriced, corrections, stops, rates = (counts.get(kind, 0) for kind in KINDS)
        return cls(unpriced, corrections, stops, rates)

    @property
    def counts(self) -> dict[str, int]:
        """Those that there are."""
        return {kind: number for kind in KINDS if (number := getattr(self, kind))}

    def __str__(self) -> str:
        return ", ".join(self._said(kind, number) for kind, number in self.counts.items())

    def _said(self, kind: str, number: int) -> str:
        of = f" ({self.rates_of})" if kind == "rates" and self.rates_of else ""
        return count_of(number, *WORDS[kind]) + of

    def refuse(self, accepted: Collection[str]) -> None:
        """Raises `PeriodError` where something is unfinished that nobody accepts."""
        left = [kind for kind in self.counts if kind not in accepted]
        if left:
            said = " ".join(f"--accept {kind}" for kind in left)
            raise PeriodError(
                f"it is not finished: {self}. See: {self.where}. To close it anyway: {said}"
            )

    @property
    def where(self) -> str:
        """The commands that show what is missing."""
        see = ["copq unpriced"] if set(self.counts) - {"rates"} else []
        return ", ".join([*see, *(["copq currencies list"] if self.rates else [])])


WORDS = {
    "unpriced": ("event without a price", "events without a price"),
    "corrections": ("correction that waits for its event", "corrections that wait for their event"),
    "stops": ("stop still open", "stops still open"),
    "rates": ("entry without an exchange rate", "entries without an exchange rate"),
}
KINDS = tuple(WORDS)


async def unfinished(conn: Connection, site: Site, month: date) -> Unfinished:
    """Of a plant's month; a stop that began before and is open lasts into it."""
    plant, (start, end) = site.plant.plant, span(month, site.calendar)
    return Unfinished(**await conn.fetchrow(_UNFINISHED, plant, start, end, month))
