"""Importing rates: all or nothing, and what it says of each item."""

import asyncpg
import pytest

from copq.rates.file import RateFileError, parse_rates
from copq.rates.store import Imported, current_revision, import_rates, load

PLANT = "{plant: %s, time_zone: %s, day_start: '%s', currency: %s}"
HAMBURG = PLANT % ("hamburg", "Europe/Berlin", "06:00", "EUR")
LABOUR = "{plant: %s, effective_from: 2026-01-31T00:00:00Z, rate_per_minute: %s}"
TABLE = (
    "{product: bottle, effective_from: 2026-01-31T00:00:00Z, currency: EUR,"
    " stages: [{stage: s, raw_material: %s}]}"
)


async def imported(conn: asyncpg.Connection, **lists: str) -> Imported:
    text = "".join(f"{kind}: [{items}]\n" for kind, items in lists.items())
    return await import_rates(conn, parse_rates(text), "rates.yaml", "finance")


def what(found: Imported) -> list[tuple[str, str]]:
    return [(change.key, change.what) for change in found.changes]


async def test_the_first_import_makes_the_first_revision(conn: asyncpg.Connection) -> None:
    assert await current_revision(conn) == 0
    found = await imported(conn, plants=HAMBURG, labour_rates=LABOUR % ("hamburg", "0.50"))
    assert found.revision == await current_revision(conn)
    assert what(found) == [("hamburg", "added"), ("hamburg/standard", "added")]
    rate = (await load(conn)).labour_rate("hamburg", "standard", found.changes[1].effective_from)
    assert rate is not None
    assert (rate.version, str(rate.item.rate_per_minute)) == (found.revision, "0.50")


async def test_the_same_again_makes_no_revision(conn: asyncpg.Connection) -> None:
    first = await imported(conn, plants=HAMBURG, cost_tables=TABLE % "0.1")
    again = await imported(conn, plants=HAMBURG, cost_tables=TABLE % "0.1")
    assert again.revision == first.revision
    assert what(again) == [("hamburg", "unchanged"), ("*/bottle", "unchanged")]


async def test_only_what_differs_gets_a_new_version(conn: asyncpg.Connection) -> None:
    first = await imported(conn, plants=HAMBURG, cost_tables=TABLE % "0.1")
    second = await imported(conn, plants=HAMBURG, cost_tables=TABLE % "0.2")
    assert what(second) == [("hamburg", "unchanged"), ("*/bottle", "changed")]
    found = (await load(conn)).cost_table("hamburg", "bottle", second.changes[1].effective_from)
    assert found is not None
    assert (found.version, str(found.item.finished.cost)) == (second.revision, "0.2")
    assert first.revision < second.revision


async def test_old_versions_stay(conn: asyncpg.Connection) -> None:
    for cost in ("0.1", "0.2", "0.1"):
        await imported(conn, plants=HAMBURG, cost_tables=TABLE % cost)
    kept = await conn.fetch("select 1 from copq.rate_item where kind = 'cost_table'")
    assert len(kept) == 3


async def test_what_a_file_does_not_name_stays_as_it_is(conn: asyncpg.Connection) -> None:
    await imported(conn, plants=HAMBURG, cost_tables=TABLE % "0.1")
    at = (await imported(conn, labour_rates=LABOUR % ("hamburg", "1"))).changes[0].effective_from
    book = await load(conn)
    assert book.cost_table("hamburg", "bottle", at) is not None
    assert book.labour_rate("hamburg", "standard", at) is not None


async def test_rates_of_an_unknown_plant_are_refused_and_nothing_is_kept(
    conn: asyncpg.Connection,
) -> None:
    rows = ", ".join(LABOUR % (plant, "1") for plant in ("bremen", "hamburg", "kiel"))
    with pytest.raises(RateFileError) as refused:
        await imported(conn, plants=HAMBURG, labour_rates=rows)
    assert refused.value.faults == [
        'plant "bremen" is unknown; add it under plants',
        'plant "kiel" is unknown; add it under plants',
    ]
    assert await current_revision(conn) == 0
    assert (await load(conn)).sites == {}


async def test_an_import_that_fails_midway_keeps_nothing(conn: asyncpg.Connection) -> None:
    await conn.execute(
        "alter table copq.rate_item add constraint no_labour check (kind <> 'labour_rate')"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await imported(conn, plants=HAMBURG, labour_rates=LABOUR % ("hamburg", "1"))
    assert await current_revision(conn) == 0
    assert await conn.fetchval("select count(*) from copq.rate_item") == 0


async def test_a_calendar_may_change_until_there_are_entries(conn: asyncpg.Connection) -> None:
    await imported(conn, plants=HAMBURG)
    moved = PLANT % ("hamburg", "Europe/Berlin", "05:00", "EUR")
    assert what(await imported(conn, plants=moved)) == [("hamburg", "changed")]
    assert (await load(conn)).sites["hamburg"].calendar.day_start.isoformat() == "05:00:00"


MOVED = (
    ("Europe/London", "06:00", "EUR"),
    ("Europe/Berlin", "05:00", "EUR"),
    ("Europe/Berlin", "06:00", "USD"),
)


@pytest.mark.parametrize("calendar", MOVED)
async def test_with_entries_the_calendar_stays(
    conn: asyncpg.Connection, calendar: tuple[str, str, str]
) -> None:
    first = await imported(conn, plants=HAMBURG)
    await _book_something(conn, "hamburg")
    with pytest.raises(RateFileError, match="has entries: its time_zone, day_start and currency"):
        await imported(conn, plants=PLANT % ("hamburg", *calendar), cost_tables=TABLE % "1")
    assert await current_revision(conn) == first.revision


async def test_with_entries_the_lines_may_change(conn: asyncpg.Connection) -> None:
    await imported(conn, plants=HAMBURG)
    await _book_something(conn, "hamburg")
    lined = HAMBURG.replace("}", ", lines: [filling]}")
    assert what(await imported(conn, plants=lined)) == [("hamburg", "changed")]
    assert (await load(conn)).sites["hamburg"].lines == {"filling"}


async def _book_something(conn: asyncpg.Connection, plant: str) -> None:
    await conn.execute(
        """
        insert into copq.rollup values ('day', $1, 'l', '', 'scrap', 'EUR', '2026-01-31',
            '-infinity', 'internal_failure', 1, 1, 1, 0, 0, 1, 0, 0, 0)
        """,
        plant,
    )


async def test_names_with_slashes_are_kept_apart(conn: asyncpg.Connection) -> None:
    plants = ", ".join(PLANT % (name, "UTC", "00:00", "EUR") for name in ("a", "a/b"))
    rate = "{plant: %s, grade: %s, effective_from: 2026-01-31T00:00:00Z, rate_per_minute: %s}"
    rates = ", ".join((rate % ("a", "b/c", "1"), rate % ("a/b", "c", "2")))
    found = await imported(conn, plants=plants, labour_rates=rates)
    at = found.changes[-1].effective_from
    book = await load(conn)
    one, two = book.labour_rate("a", "b/c", at), book.labour_rate("a/b", "c", at)
    assert one is not None
    assert two is not None
    assert one.item.rate_per_minute == 1
    assert two.item.rate_per_minute == 2


async def test_a_table_for_ever_and_one_from_long_ago_are_kept(conn: asyncpg.Connection) -> None:
    old = TABLE.replace("2026-01-31T", "1900-01-01T") % "1"
    ended = old.replace("currency", "effective_to: 9999-12-31T00:00:00-12:00, currency", 1)
    await imported(conn, plants=HAMBURG, cost_tables=ended)
    found = (await load(conn)).tables_of("hamburg", "bottle")
    assert found is not None
    assert found.all()[0].item.effective_to is not None
