"""Proof that the kept days and months of projects follow from the ledger and the frozen rates."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_cells import PlanDay, windows_of
from copq.figures.project_keeping import AT_ONCE, PlantDays
from copq.figures.project_months import (
    NotComparable,
    PlantMonths,
    Version,
    changed_months,
    newest_versions,
)
from copq.figures.project_watch import Watched, watched_projects
from copq.figures.recomputing import Reach
from copq.ledger.difference import Difference

_SQL = Queries.of(__file__)
Facts = dict[Any, Any]


async def measured_projects(conn: Connection, reach: Reach) -> list[Difference]:
    """The kept days and months in `reach` that are not what they should be, in the caller's
    snapshot. What the ledger has changed since is left out: the next refresh reads it."""
    books, differences = Books(), []
    newest = await books.newest(conn)
    found = await watched_projects(conn, newest, reach.plant)
    for plant in sorted({one.project.plant for one in found}):
        own = PlantMonths(conn, [one for one in found if one.project.plant == plant])
        days = PlantDays(conn, books, newest, own.found)
        differences += [d async for d in _days(conn, days, own.found, reach)]
        kept_months = {one.id: await newest_versions(conn, one.id) for one in own.found}
        stale = await changed_months(
            conn, own.found, {number: list(kept) for number, kept in kept_months.items()}
        )
        for one in own.found:
            kept = {
                month: version for month, version in kept_months[one.id].items()
                if month not in stale.get(one.id, {}) and reach.month in (None, month)
            }  # fmt: skip
            differences += [d async for d in _months(own, one, kept)]
    return differences


async def _days(
    conn: Connection, plant: PlantDays, found: Sequence[Watched], reach: Reach
) -> AsyncIterator[Difference]:
    projects = {one.id: one for one in found}
    which = {name: reach.parameters[name] for name in ("month", "share", "seed")}
    days = await conn.fetch(*_SQL.kept_days(projects=list(projects), **which))
    for window in windows_of([row["day"] for row in days], AT_ONCE):
        asked = {"projects": list(projects), "first": window.first, "last": window.last}
        rows = await conn.fetch(*_SQL.kept_project_days(**asked, **which))
        kept = {(row["project"], row["day"]): row for row in rows}
        read = await plant.read(window, kept)
        same = [
            (number, day) for (number, day), row in kept.items()
            if row["entries"] == read.entries((number, day))
            and row["sharing"] == sorted(projects[number].others)
        ]  # fmt: skip
        cells = await _kept_cells(conn, asked)
        for key, due in (await read.priced(same)).items():
            for difference in _cells(projects[key[0]], due, cells.get(key, {})):
                yield difference


async def _kept_cells(conn: Connection, asked: Facts) -> dict[tuple[int, date], Facts]:
    cells: dict[tuple[int, date], Facts] = {}
    for row in await conn.fetch(*_SQL.cells_of_window(**asked)):
        name = row["line"], row["product"], tuple(row["others"])
        figures = row["booked"], row["at_frozen_rates"], row["exposure"]
        cells.setdefault((row["project"], row["day"]), {})[name] = figures
    return cells


def _cells(one: Watched, day: PlanDay, kept: Facts) -> Iterator[Difference]:
    due: Facts = {
        name: (own.booked, own.at_frozen_rates, own.exposure) for name, own in day.cells.items()
    }
    for name in sorted(due.keys() | kept.keys()):
        if due.get(name) != kept.get(name):
            subject = {**_subject(one), "day": day.day, "line": name[0], "product": name[1]}
            yield Difference("project_cell", subject, _figures(due.get(name)),
                             _figures(kept.get(name)))  # fmt: skip


def _figures(values: tuple[Any, ...] | None) -> Facts | None:
    names = ("booked", "at_frozen_rates", "exposure")
    return None if values is None else dict(zip(names, values, strict=True))


async def _months(
    months: PlantMonths, one: Watched, kept: Mapping[date, Version]
) -> AsyncIterator[Difference]:
    for month, version in kept.items():
        try:
            due = asdict(await months.figures(one, month))
        except NotComparable as error:
            due = {"reason": str(error)}
        found = {"reason": version.reason} if version.known is None else asdict(version.figures)
        differ = [name for name in due if due[name] != found.get(name)]
        if differ:
            yield Difference(
                "project_month", {**_subject(one), "month": month, "version": version.number},
                {name: due[name] for name in differ}, {name: found.get(name) for name in differ},
            )  # fmt: skip


def _subject(one: Watched) -> Facts:
    return {"plant": one.project.plant, "project": one.project.name}
