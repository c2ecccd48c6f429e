"""Product groups in Postgres: each version as it was set; none is ever changed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor, sign
from copq.database.queries import Queries
from copq.groups.clashes import clashes
from copq.rates.book import RateBook
from copq.rates.file import RateFileError
from copq.rates.names import unknown_plant
from copq.schemas.groups import NO_GROUP, GroupFile, GroupItem

_SQL = Queries.of(__file__)
Key = tuple[str, str, str, date]
"""Plant, grouping, product, first production day."""


@dataclass(frozen=True, slots=True)
class MemberVersion:
    """The group of a product from a production day on, as it was set at one time."""

    plant: str
    grouping: str
    product: str
    group: str
    effective_from: date
    version: int
    is_newest: bool
    set_at: datetime
    set_by: str
    source: str
    why: str | None


@dataclass(frozen=True, slots=True)
class Imported:
    """How many items of a file were new, changed or unchanged."""

    new: int
    changed: int
    unchanged: int


async def import_groups(
    conn: Connection, file: GroupFile, book: RateBook, source: str, actor: Actor, why: str = ""
) -> Imported:
    """Add the items that say something new, all or nothing, in one transaction.

    Raises `RateFileError` where a plant is unknown or names clash, `OutOfScope` where the actor's
    token is not for a whole plant.
    """
    actor.require([(item.plant, None) for item in file.groups])
    unknown = {item.plant: None for item in file.groups if item.plant not in book.sites}
    if unknown:
        raise RateFileError([unknown_plant(plant, book.sites) for plant in unknown])
    async with conn.transaction():
        await sign(conn, actor, why)
        known = await _newest(conn)
        if faults := clashes({**known, **{_key(item): item for item in file.groups}}.values()):
            raise RateFileError(faults)
        added = [item for item in file.groups if known.get(_key(item)) != item]
        origin = {"set_by": actor.name, "source": source, "why": why or None}
        await conn.executemany(*_SQL.add_member.rows([_row(item) | origin for item in added]))
    changed = sum(_key(item) in known for item in added)
    return Imported(len(added) - changed, changed, len(file.groups) - len(added))


async def member_history(
    conn: Connection, plant: str | None = None, grouping: str | None = None,
    group: str | None = None, product: str | None = None,
) -> list[MemberVersion]:  # fmt: skip
    """Every version in the order of names, the newest day and version first; None: of all."""
    rows = await conn.fetch(
        *_SQL.member_history(plant=plant, grouping=grouping, product_group=group, product=product)
    )
    return [MemberVersion(**_member(dict(row))) for row in rows]


async def groupings(conn: Connection, plant: str | None = None) -> list[str]:
    """The groupings of a plant, or of all plants."""
    return [row["grouping"] for row in await conn.fetch(*_SQL.groupings(plant=plant))]


async def groups_of_grouping(conn: Connection, grouping: str, plant: str | None) -> list[str]:
    """The groups of a grouping, and last that of the products without one."""
    rows = await conn.fetch(*_SQL.groups_of_grouping(grouping=grouping, plant=plant))
    named = [row["product_group"] for row in rows if row["product_group"] != NO_GROUP]
    return [*named, NO_GROUP]


async def groups_on(
    conn: Connection, grouping: str, plant: str | None, day: date
) -> dict[tuple[str, str], str]:
    """The group of each plant and product on a production day, of those that are in one."""
    rows = await conn.fetch(*_SQL.groups_on(grouping=grouping, plant=plant, day=day))
    return {(row["plant"], row["product"]): row["product_group"] for row in rows}


@dataclass(frozen=True, slots=True)
class GroupDays:
    """The groups of a grouping by production day, for questions about many days."""

    of: Mapping[tuple[str, str], Sequence[tuple[date, date, str]]]

    def group(self, plant: str, product: str | None, day: date) -> str:
        spans = self.of.get((plant, product or ""), ())
        return next((group for first, last, group in spans if first <= day < last), NO_GROUP)


async def read_group_days(conn: Connection, grouping: str, plant: str | None) -> GroupDays:
    """The groups of a plant, or of all plants."""
    found: dict[tuple[str, str], list[tuple[date, date, str]]] = defaultdict(list)
    for row in await conn.fetch(*_SQL.member_days(grouping=grouping, plant=plant)):
        days = row["first_day"], row["last_day"], row["product_group"]
        found[row["plant"], row["product"]].append(days)
    return GroupDays(found)


async def groups_change(
    conn: Connection, grouping: str, plant: str | None, first: date, last: date
) -> bool:
    """Whether a product changes its group within the production days [first, last)."""
    found: bool = await conn.fetchval(
        *_SQL.groups_change(grouping=grouping, plant=plant, first=first, last=last)
    )
    return found


async def groups_of_days(
    conn: Connection, grouping: str, places: Sequence[tuple[str, str | None, date]]
) -> list[str]:
    """The group of each plant, product and production day, in the same order."""
    if not places:
        return []
    plants, products, days = zip(*places, strict=True)
    rows = await conn.fetch(
        *_SQL.groups_of_days(grouping=grouping, plants=plants, products=products, days=days)
    )
    return [row["product_group"] for row in rows]


def _key(item: GroupItem) -> Key:
    return item.plant, item.grouping, item.product, item.effective_from


def _row(item: GroupItem) -> dict[str, Any]:
    fields = item.model_dump()
    return {"product_group": fields.pop("group"), **fields}


def _member(row: dict[str, Any]) -> dict[str, Any]:
    return {"group": row.pop("product_group"), **row}


async def _newest(conn: Connection) -> dict[Key, GroupItem]:
    """What counts of all that was ever set."""
    items = (
        GroupItem(
            plant=one.plant, grouping=one.grouping, product=one.product, group=one.group,
            effective_from=one.effective_from,
        )
        for one in await member_history(conn) if one.is_newest
    )  # fmt: skip
    return {_key(item): item for item in items}
