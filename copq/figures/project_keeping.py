"""The days of projects are read again where the ledger has new entries, and nowhere else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_cells import AT_ONCE, PlanDay, count_entries, read_days
from copq.figures.project_watch import Watched
from copq.rates.book import RateBook
from copq.rates.frozen import frozen_book

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Days:
    """How many production days of a project were looked at, and how many of these priced again."""

    looked_at: int
    priced: int


async def keep_days(conn: Connection, books: Books, newest: RateBook, one: Watched) -> Days:
    """Bring the days of a project up to date with the summary of the ledger.

    Some days at a time, each time in one transaction: it may be interrupted at any time.
    """
    rows = await conn.fetch(*_SQL.changed_project_days(**_which(one)))
    priced = 0
    for part in _parts(rows):
        async with conn.transaction(isolation="repeatable_read"):
            priced += await _keep(conn, books, newest, one, part)
    return Days(len(rows), priced)


def _which(one: Watched) -> dict[str, Any]:
    plan = one.project.plan
    return {
        "project": one.id, "plant": plan.plant, "sharing": sorted(one.others),
        "baseline_first": plan.baseline_first, "baseline_last": plan.baseline_last,
        "starts": plan.starts, "ends": one.ends,
    }  # fmt: skip


def _parts(rows: Sequence[Record]) -> Iterable[Sequence[Record]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


async def _keep(
    conn: Connection, books: Books, newest: RateBook, one: Watched, rows: Sequence[Record]
) -> int:
    """Read the days again that have other entries than before; return how many these are."""
    known = {row["day"]: row["entries"] for row in rows if row["is_known"]}
    now = await count_entries(conn, one.project.plan, known)
    same = [day for day, entries in known.items() if now[day] == entries]
    await conn.execute(*_SQL.remember_days(project=one.id, plant=one.project.plant, days=same))
    changed = sorted({row["day"] for row in rows} - set(same))
    if changed:
        await _write(conn, one, changed, await read_project_days(conn, books, newest, one, changed))
    return len(changed)


async def read_project_days(
    conn: Connection, books: Books, newest: RateBook, one: Watched, days: Iterable[date]
) -> list[PlanDay]:
    """Days of a project in the snapshot of the caller: those of the baseline as approval saw them,
    the others as the ledger is."""
    plan, freeze = one.project.plan, one.freeze
    frozen = frozen_book(await books.as_of(conn, freeze.revision), freeze.rates_at)
    of_baseline = [day for day in days if plan.baseline_first <= day <= plan.baseline_last]
    rest = [day for day in days if day not in set(of_baseline)]
    found: list[PlanDay] = []
    for some, until in ((of_baseline, freeze.booked_until), (rest, None)):
        found += await read_days(
            conn,
            books,
            newest,
            plan,
            frozen,
            some,
            one.others,
            booked_until=until,
            project=one.id,
        )
    return found


async def _write(
    conn: Connection, one: Watched, days: list[date], found: Sequence[PlanDay]
) -> None:
    await conn.execute(*_SQL.remove_days(project=one.id, days=days))
    rows = await conn.fetch(*_SQL.plant_days(plant=one.project.plant, days=days))
    plant_entries = {row["day"]: row["entries"] for row in rows}
    await conn.executemany(*_SQL.add_project_day.rows([
        {
            "project": one.id, "day": day.day, "entries": day.entries,
            "plant_entries": plant_entries.get(day.day, 0), "left_as_booked": day.left_as_booked,
            "other_currencies": sorted(day.other_currencies), "sharing": sorted(one.others),
        }
        for day in found
    ]))  # fmt: skip
    await conn.executemany(*_SQL.add_project_cell.rows([
        {
            "project": one.id, "day": day.day, "line": line, "product": product,
            "others": list(others), "booked": cell.booked,
            "at_frozen_rates": cell.at_frozen_rates, "exposure": cell.exposure,
        }
        for day in found
        for (line, product, others), cell in sorted(day.cells.items())
    ]))  # fmt: skip
