"""What a month still lacks as it is about to be closed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from asyncpg import Connection

from services.counted import counted
from services.periods.period import PeriodError
from services.sql_files import statement

_UNFINISHED = statement(__file__, "unfinished")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How many of each: events without a price, corrections of events unknown, open stops."""

    unpriced: int = 0
    corrections: int = 0
    stops: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Those that there are."""
        return {kind: number for kind, number in asdict(self).items() if number}

    def __str__(self) -> str:
        return ", ".join(counted(number, *WORDS[kind]) for kind, number in self.counts.items())

    def refuse(self, accepted: Collection[str]) -> None:
        """Raises `PeriodError` where something is unfinished that nobody accepts."""
        left = [kind for kind in self.counts if kind not in accepted]
        if left:
            said = " ".join(f"--accept {kind}" for kind in left)
            raise PeriodError(
                f"it is not finished: {self}. See: copq unpriced. To close it all the same: {said}"
            )


WORDS = {
    "unpriced": ("event without a price", "events without a price"),
    "corrections": ("correction that waits for its event", "corrections that wait for their event"),
    "stops": ("stop still open", "stops still open"),
}
KINDS = tuple(WORDS)


async def unfinished(conn: Connection, plant: str, start: datetime, end: datetime) -> Unfinished:
    """Of a plant, in [start, end); a stop that began before and is open lasts into it."""
    return Unfinished(**await conn.fetchrow(_UNFINISHED, plant, start, end))
