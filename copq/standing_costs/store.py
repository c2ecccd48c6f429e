"""Standing costs in Postgres: each version as it was set; none is ever changed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from asyncpg import Connection

from copq.access.authority import Actor, sign
from copq.database.booking_lock import change_rules
from copq.database.queries import Queries
from copq.rates.book import RateBook
from copq.rates.file import RateFileError
from copq.schemas.standing_costs import StandingCostFile, StandingCostItem
from copq.standing_costs.checks import misfits, overlaps

_SQL = Queries.of(__file__)
Key = tuple[str, str, str, date]
"""Plant, line ('' is the whole plant), name and first day of a standing cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCost:
    """A standing cost as it was set at one time; `amount` is None where it was taken away.

    `number` is unique among all, `version` counts those with the same key.
    """

    number: int
    plant: str
    line: str
    name: str
    category: str
    element: str
    amount: Decimal | None
    currency: str
    first_day: date
    last_day: date | None
    note: str | None
    set_at: datetime
    set_by: str
    source: str
    why: str | None
    version: int
    is_newest: bool = True
    posted_until: date | None = None

    @property
    def key(self) -> Key:
        return self.plant, self.line, self.name, self.first_day

    def is_due(self, day: date) -> bool:
        """Whether a production day bears it."""
        if self.amount is None or day < self.first_day:
            return False
        return self.last_day is None or day <= self.last_day


@dataclass(frozen=True, slots=True)
class Imported:
    """How many items of a file were new, restated or unchanged."""

    new: int
    restated: int
    unchanged: int


async def import_standing_costs(
    conn: Connection, file: StandingCostFile, book: RateBook, source: str, actor: Actor,
    why: str = "",
) -> Imported:  # fmt: skip
    """Add the items that say something new, all or nothing, in one transaction.

    No entry is booked meanwhile, so each posting sees all versions before its own time. Raises
    `RateFileError` where a plant or line is unknown, the plant has another currency, or costs of
    one name overlap; `OutOfScope` where the actor's token is not for a plant or line.
    """
    actor.require([(item.plant, item.line) for item in file.standing_costs])
    if faults := misfits(file.standing_costs, book):
        raise RateFileError(faults)
    async with conn.transaction(isolation="read_committed"):
        await sign(conn, actor, why)
        await change_rules(conn)
        known = {one.key: one for one in await standing_costs(conn) if one.is_newest}
        changed = [item for item in file.standing_costs if _says_more(item, known.get(_key(item)))]
        if faults := overlaps(_spans_after(known.values(), changed)):
            raise RateFileError(faults)
        origin = {"set_by": actor.name, "source": source, "why": why or None}
        rows = [{**dict(item), "line": item.line or "", **origin} for item in changed]
        await conn.executemany(*_SQL.add_standing_cost.rows(rows))
    restated = sum(_key(item) in known for item in changed)
    return Imported(len(changed) - restated, restated, len(file.standing_costs) - len(changed))


async def standing_costs(
    conn: Connection, plant: str | None = None, line: str | None = None, name: str | None = None
) -> list[StandingCost]:
    """Every version, by plant, line, name and first day, the newest first; None: of all."""
    rows = await conn.fetch(*_SQL.standing_cost_history(plant=plant, line=line, name=name))
    return [StandingCost(**row) for row in rows]


async def standing_cost(conn: Connection, number: int) -> StandingCost | None:
    """The version of this number; None where there is none."""
    row = await conn.fetchrow(*_SQL.standing_cost(number=number))
    return None if row is None else StandingCost(**row)


def _key(item: StandingCostItem) -> Key:
    return item.plant, item.line or "", item.name, item.first_day


_SAID = ("category", "element", "amount", "currency", "last_day", "note")


def _says_more(item: StandingCostItem, known: StandingCost | None) -> bool:
    if known is None:
        return item.amount is not None
    return any(getattr(item, name) != getattr(known, name) for name in _SAID)


def _spans_after(
    known: Collection[StandingCost], changed: Collection[StandingCostItem]
) -> list[tuple[Key, date | None]]:
    """The costs that count once the changed ones do, each with its last day."""
    amounts = {one.key: (one.amount, one.last_day) for one in known}
    amounts |= {_key(item): (item.amount, item.last_day) for item in changed}
    return [(key, last_day) for key, (amount, last_day) in amounts.items() if amount is not None]
