"""The limit of new names from a sender: names in the rate book do not count.

A faulty or hostile sender could report each event for another line.
Every such name is for ever a row in tables, a series in metrics and a choice in lists.
"""

import asyncio
import logging
from collections import defaultdict
from typing import Any

import asyncpg

from copq.database.connections import AWAY
from copq.database.queries import Queries
from copq.rates.book import RateBook
from copq.schemas.refusal import Refusal, Refused, printable_name

PER_SENDER = 1_000
"""Names of each kind: more lines, machines or reasons than one sender can know of."""

EVERY_S = 5
_REMEMBERED = 65_536
_KINDS = (
    "plant", "line", "product", "stage", "work_unit", "defect_code", "shift", "supplier",
    "function",
)  # fmt: skip
_SQL = Queries.of(__file__)


log = logging.getLogger(__name__)


class Names:
    """The new names from senders, at most `most` of each kind and sender.

    Senders without a name are not limited: they are trusted with the machine, or the brokers.
    """

    def __init__(self, most: int = PER_SENDER) -> None:
        self._most = most
        self._brought: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._new: list[tuple[str, str, str]] = []
        self._passed: set[tuple[str | None, ...]] = set()
        self.loaded = False

    def check(self, event: Any, sender: str | None, book: RateBook) -> None:
        """Note the names of the event. Raises `Refused`, and notes none, if there are too many."""
        if sender is None:
            return
        said = (
            sender, event.plant, event.line, event.product, event.stage, event.work_unit,
            event.defect_code, event.shift, event.supplier, event.function,
        )  # fmt: skip
        if said in self._passed:
            return
        for kind, name in self._fresh(said, book):
            self._brought[sender, kind].add(name)
            self._new.append((sender, kind, name))
        if len(self._passed) >= _REMEMBERED:
            self._passed.clear()
        self._passed.add(said)

    def _fresh(self, said: tuple[str | None, ...], book: RateBook) -> list[tuple[str, str]]:
        sender, plant, line, product, stage, *_ = map(str, said)
        known = {
            "plant": plant in book.sites,
            "line": _has_line(book, plant, line),
            "product": book.has_table(None, product),
            "stage": stage in book.stages,
        }
        fresh = []
        for kind, name in zip(_KINDS, said[1:], strict=True):
            if name is None or known.get(kind):
                continue
            whole = f"{plant}/{name}" if kind == "line" else name
            brought = self._brought[sender, kind]
            if whole not in brought:
                if len(brought) >= self._most:
                    raise Refused(_refusal(kind, name, self._most))
                fresh.append((kind, whole))
        return fresh

    async def load(self, conn: asyncpg.Connection) -> None:
        """Load the names noted earlier and by other processes."""
        for row in await conn.fetch(*_SQL.brought_names()):
            self._brought[row["sent_by"], row["kind"]].add(row["name"])
        self.loaded = True

    async def keep(self, conn: asyncpg.Connection) -> None:
        """Store the names noted since the last call, so that a restart keeps them."""
        if new := self._new:
            self._new = []
            senders, kinds, names = map(list, zip(*new, strict=True))
            await conn.execute(*_SQL.keep_names(senders=senders, kinds=kinds, names=names))

    async def follow(self, pool: asyncpg.Pool) -> None:
        """Load and store for ever. While Postgres is away, memory counts."""
        while True:
            try:
                async with pool.acquire() as conn:
                    await self.keep(conn)
                    await self.load(conn)
            except (*AWAY, asyncpg.PostgresError) as error:
                log.warning("names that senders bring are counted in memory alone: %s", error)
            await asyncio.sleep(EVERY_S)


def _has_line(book: RateBook, plant: str, line: str) -> bool:
    site = book.sites.get(plant)
    return site is not None and (line in site.lines or book.line_rates_of(plant, line) is not None)


def _refusal(kind: str, name: str, most: int) -> Refusal:
    message = (
        f'{kind} "{printable_name(name)}" is one too many: this sender has brought {most:,} names '
        "of this kind that the rate book does not know. Have finance add it (copq rates import), "
        "or run the service with a higher --names-per-sender; then replay the event"
    )
    return Refusal("too_many_names", kind, message)
