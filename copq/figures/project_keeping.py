"""The days of projects are read again where the ledger has new entries, and nowhere else.

The ledger's entries of a day are read once for all projects of the plant.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_cells import Asked, PlanDay, Reading, windows_of
from copq.figures.project_pricing import FrozenPrices
from copq.figures.project_scopes import Scopes
from copq.figures.project_watch import Watched
from copq.figures.window import Window
from copq.rates.book import RateBook
from copq.rates.frozen import frozen_book

_SQL = Queries.of(__file__)
AT_ONCE = 14
"""The number of production days whose figures of all projects are held in memory."""

Key = tuple[int, date]
"""A project and a production day."""


@dataclass(slots=True)
class Days:
    """How many production days of projects were looked at, and how many of these priced again."""

    looked_at: int = 0
    priced: int = 0


class PlantDays:
    """Reads production days of one plant's projects, those of a baseline as approval saw them, the
    others as the ledger is."""

    def __init__(
        self, conn: Connection, books: Books, newest: RateBook, found: Sequence[Watched]
    ) -> None:
        self._conn, self._books = conn, books
        self._found = {one.id: one for one in found}
        self._prices = FrozenPrices(conn, books, newest)
        self._frozen: dict[tuple[int, datetime], RateBook] = {}
        self._scopes = Scopes({one.id: one.project.plan.scope for one in found})

    async def read(self, window: Window, keys: Collection[Key]) -> "ReadDays":
        """What was lost and made on days of a window, in the snapshot of the caller."""
        every = [
            await self._asked(self._found[project], days, is_baseline=is_baseline)
            for (project, is_baseline), days in self._by_project(keys).items()
        ]
        reading = Reading(every, self._scopes, window)
        await reading.read(self._conn)
        return ReadDays(self._conn, self._prices, every, reading)

    def _by_project(self, keys: Collection[Key]) -> Mapping[tuple[int, bool], list[date]]:
        found: dict[tuple[int, bool], list[date]] = {}
        for project, day in keys:
            plan = self._found[project].project.plan
            is_baseline = plan.baseline_first <= day <= plan.baseline_last
            found.setdefault((project, is_baseline), []).append(day)
        return found

    async def _asked(self, one: Watched, days: Collection[date], *, is_baseline: bool) -> Asked:
        return Asked(
            plan=one.project.plan, frozen=await self._frozen_book(one), days=days,
            others=one.others, project=one.id,
            booked_until=one.freeze.booked_until if is_baseline else None,
        )  # fmt: skip

    async def _frozen_book(self, one: Watched) -> RateBook:
        key = one.freeze.revision, one.freeze.rates_at
        if key not in self._frozen:
            book = await self._books.as_of(self._conn, one.freeze.revision)
            self._frozen[key] = frozen_book(book, one.freeze.rates_at)
        return self._frozen[key]


class ReadDays:
    """Days that were read; before they are priced, only their entries are known."""

    def __init__(
        self, conn: Connection, prices: FrozenPrices, every: Sequence[Asked], reading: Reading
    ) -> None:
        self._conn, self._prices, self._reading = conn, prices, reading
        projects = [one.project for one in every]
        self._places = {(projects[place], day): (place, day) for place, day in reading.days}

    def entries(self, key: Key) -> int:
        return self._reading.days[self._places[key]].entries

    async def priced(self, keys: Collection[Key]) -> Mapping[Key, PlanDay]:
        places = [self._places[key] for key in keys]
        await self._reading.price(self._conn, self._prices, places)
        return {key: self._reading.days[self._places[key]] for key in keys}


async def keep_days(
    conn: Connection, books: Books, newest: RateBook, found: Sequence[Watched]
) -> Days:
    """Bring the days of a plant's projects up to date with the summary of the ledger.

    Some days at a time, each time in one transaction: it may be interrupted at any time.
    """
    plant, done = PlantDays(conn, books, newest, found), Days()
    which = {"plant": found[0].project.plant, "projects": _which(found)}
    rows = await conn.fetch(*_SQL.changed_days(**which))
    for window in windows_of([row["day"] for row in rows], AT_ONCE):
        async with conn.transaction(isolation="repeatable_read"):
            await _keep(conn, plant, found, which, window, done)
    return done


def _which(found: Sequence[Watched]) -> str:
    """The projects for the queries."""
    return json.dumps([
        {
            "project": one.id, "sharing": sorted(one.others),
            "starts": str(one.project.plan.starts), "ends": str(one.ends),
            "baseline_first": str(one.project.plan.baseline_first),
            "baseline_last": str(one.project.plan.baseline_last),
        }
        for one in found
    ])  # fmt: skip


async def _keep(
    conn: Connection, plant: PlantDays, found: Sequence[Watched], which: Mapping[str, Any],
    window: Window, done: Days,
) -> None:  # fmt: skip
    """Read the days again that have other entries than before."""
    days = {"first": window.first, "last": window.last}
    rows = await conn.fetch(*_SQL.changed_project_days(**which, **days))
    kept = {(row["project"], row["day"]): row["entries"] if row["is_known"] else None
            for row in rows}  # fmt: skip
    read = await plant.read(window, kept)
    same = [key for key, entries in kept.items() if entries == read.entries(key)]
    await conn.execute(*_SQL.remember_days(plant=which["plant"], **_columns(same)))
    changed = sorted(kept.keys() - set(same))
    if changed:
        await _write(conn, which["plant"], found, await read.priced(changed), window)
    done.looked_at += len(rows)
    done.priced += len(changed)


def _columns(keys: Collection[Key]) -> dict[str, list[Any]]:
    return {"projects": [project for project, _ in keys], "days": [day for _, day in keys]}


async def _write(
    conn: Connection, plant: str, found: Sequence[Watched], read: Mapping[Key, PlanDay],
    window: Window,
) -> None:  # fmt: skip
    await conn.execute(*_SQL.remove_days(**_columns(read.keys())))
    rows = await conn.fetch(*_SQL.plant_days(plant=plant, first=window.first, last=window.last))
    plant_entries = {row["day"]: row["entries"] for row in rows}
    sharing = {one.id: sorted(one.others) for one in found}
    await conn.executemany(*_SQL.add_project_day.rows([
        {
            "project": project, "day": day, "entries": own.entries,
            "plant_entries": plant_entries.get(day, 0), "left_as_booked": own.left_as_booked,
            "other_currencies": sorted(own.other_currencies), "sharing": sharing[project],
        }
        for (project, day), own in read.items()
    ]))  # fmt: skip
    await conn.executemany(*_SQL.add_project_cell.rows(_cells(read)))


def _cells(read: Mapping[Key, PlanDay]) -> Iterator[dict[str, Any]]:
    for (project, day), own in read.items():
        for (line, product, others), cell in sorted(own.cells.items()):
            yield {
                "project": project, "day": day, "line": line, "product": product,
                "others": list(others), "booked": cell.booked,
                "at_frozen_rates": cell.at_frozen_rates, "exposure": cell.exposure,
            }  # fmt: skip
