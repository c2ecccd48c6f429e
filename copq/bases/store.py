"""Bases in Postgres: each version as it was set; none is ever changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor, sign
from copq.database.queries import Queries
from copq.groups.store import groups_of_grouping
from copq.periods.period import span
from copq.rates.book import RateBook, Site
from copq.rates.file import RateFileError
from copq.rates.names import name_list, unknown_plant
from copq.schemas.bases import BaseFile, BaseItem

_SQL = Queries.of(__file__)
Key = tuple[str, date, str, str]
"""Plant, first of the month, name of the base, and product group ('': the whole plant)."""


@dataclass(frozen=True, slots=True)
class BaseVersion:
    """A base as it was set at one time; `amount` is None where it was taken away."""

    plant: str
    month: date
    base: str
    grouping: str | None
    group: str | None
    amount: Decimal | None
    currency: str
    version: int
    is_newest: bool
    set_at: datetime
    set_by: str
    source: str
    why: str | None


@dataclass(frozen=True, slots=True)
class MonthBase:
    """The amount that counts, and how many versions there are; more than one: it was restated."""

    amount: Decimal
    currency: str
    versions: int


@dataclass(frozen=True, slots=True)
class Imported:
    """How many items of a file were new, restated or unchanged."""

    new: int
    restated: int
    unchanged: int


async def import_bases(
    conn: Connection, file: BaseFile, book: RateBook, source: str, actor: Actor, why: str = ""
) -> Imported:
    """Add the items that say something new, all or nothing, in one transaction.

    Raises `RateFileError` where a plant or group is unknown or the plant has another currency,
    `OutOfScope` where the actor's token is not for a whole plant.
    """
    actor.require([(item.plant, None) for item in file.bases])
    if faults := [fault for item in file.bases if (fault := _fault(item, book))]:
        raise RateFileError(list(dict.fromkeys(faults)))
    if faults := [fault for item in file.bases if (fault := await _no_group(conn, item))]:
        raise RateFileError(list(dict.fromkeys(faults)))
    async with conn.transaction():
        await sign(conn, actor, why)
        known = await _newest(conn)
        changed = [item for item in file.bases if _says_more(item, known.get(_key(item)))]
        origin = {"set_by": actor.name, "source": source, "why": why or None}
        rows = [{**dict(item), **origin} for item in changed]
        await conn.executemany(*_SQL.add_base.rows(rows))
    restated = sum(_key(item) in known for item in changed)
    return Imported(len(changed) - restated, restated, len(file.bases) - len(changed))


async def base_history(
    conn: Connection, plant: str | None = None, month: date | None = None, base: str | None = None
) -> list[BaseVersion]:
    """Every version, the newest month and version first; None: of all."""
    rows = await conn.fetch(*_SQL.base_history(plant=plant, month=month, base=base))
    return [BaseVersion(**row) for row in rows]


async def bases_of_months(
    conn: Connection, bases: Sequence[str], start: date, end: date | None,
    as_of: datetime | None = None, first_reported: bool = False, grouping: str | None = None,
) -> dict[Key, MonthBase]:  # fmt: skip
    """What counts in the months of [start, end), of the plants that the reader sees as a whole.

    It is what counts now, or counted at `as_of`, or when each month was first reported.
    """
    rows = await conn.fetch(
        *_SQL.bases_of_months(
            bases=list(bases),
            start=start,
            end=end,
            as_of=as_of,
            first_reported=first_reported,
            grouping=grouping,
        )
    )
    return {
        (row["plant"], row["month"], row["base"], row["product_group"]): MonthBase(
            row["amount"], row["currency"], row["versions"]
        )
        for row in rows
        if row["amount"] is not None
    }


async def base_names(conn: Connection) -> list[str]:
    """The names that finance has ever imported, for plants that the reader sees as a whole."""
    return [row["base"] for row in await conn.fetch(*_SQL.base_names())]


async def whole_plants(conn: Connection, plants: Iterable[str]) -> set[str]:
    """Those of the plants of which the reader sees all lines."""
    rows = await conn.fetch(*_SQL.whole_plants(plants=list(plants)))
    return {row["plant"] for row in rows}


def _key(of: BaseItem | BaseVersion) -> tuple[Any, ...]:
    return of.plant, of.month, of.base, of.grouping, of.group


async def _newest(conn: Connection) -> dict[tuple[Any, ...], BaseVersion]:
    return {_key(one): one for one in await base_history(conn) if one.is_newest}


async def _no_group(conn: Connection, item: BaseItem) -> str | None:
    """Why the group of an item is not one of its plant; None if it is, or there is none."""
    if item.grouping is None:
        return None
    groups = await groups_of_grouping(conn, item.grouping, item.plant)
    if item.group in groups:
        return None
    return (
        f'{item.name}: "{item.group}" is not a group of {item.grouping} in {item.plant}; its '
        f"groups: {name_list(groups)}"
    )


def _says_more(item: BaseItem, known: BaseVersion | None) -> bool:
    if known is None:
        return True
    return (item.amount, item.currency) != (known.amount, known.currency)


def _fault(item: BaseItem, book: RateBook) -> str | None:
    """Why the rate book does not allow this item; None if it does."""
    if item.plant not in book.sites:
        return unknown_plant(item.plant, book.sites)
    currencies = currencies_of_month(book.sites[item.plant], item.month)
    if item.currency in currencies:
        return None
    return (
        f"{item.name} is in {item.currency}, the plant's "
        f"costs are in {' and '.join(currencies)}: give the amount in {currencies[-1]}"
    )


def currencies_of_month(site: Site, month: date) -> list[str]:
    """The currencies of the plant in a month of its own: one, or two where it changes."""
    start, end = span(month, site.calendar)
    changes = (v.item.effective_from for v in site.currencies.all()) if site.currencies else ()
    instants = [start, *(at for at in changes if start <= at < end)]
    return list(dict.fromkeys(site.currency_at(at) for at in instants))
