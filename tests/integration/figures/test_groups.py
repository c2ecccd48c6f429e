"""Figures by product group: they are those of the products, whatever groups a product was in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.figures.basis import As, basis_of
from copq.figures.books import Books, Reading
from copq.figures.conformance_answer import ConformanceRequest, answer_conformance
from copq.figures.drivers import Days, drivers
from copq.figures.entries_answer import answer_entries
from copq.figures.entries_request import EntriesRequest
from copq.figures.kpi_report import KpiQuery, key_figures
from copq.figures.report import ReportQuery, report
from copq.figures.report_answer import ReportRequest
from copq.figures.trailing import trailing_windows
from copq.figures.what_if import answer_what_if
from copq.figures.what_if_query import WhatIfRequest
from copq.groups.store import groups_of_days, import_groups
from copq.ledger.figures import ReportRow, Scope
from copq.rates.store import import_rates, load
from copq.schemas.groups import NO_GROUP, GroupFile
from tests.support.building import event, plant, post_events, rates

NOW = datetime.fromisoformat("2026-04-02T12:00:00+02:00")
LATER = datetime.fromisoformat("2190-01-01T00:00:00+00:00")
"""After whatever is booked here."""

PRODUCTS = ("widget", "gadget", "gear")
FIRST = date(2026, 3, 29)
SUMMED = ("net", "copq", "coq", "base", "units", "seconds", "rejected", "provisional")


def _events() -> Iterator[bytes]:
    """Five days around the end of a month, in hours on both sides of the day's start at 06:00."""
    for number in range(40):
        at = (NOW - timedelta(hours=3 * number, minutes=7)).isoformat()
        product, line = PRODUCTS[number % 3], ("L1", "L2")[number % 2]
        of = {"product": product, "line": line, "occurred_at": at}
        yield event("production", f"p{number}", quantity=50 + number, **of)
        yield event("defect", f"d{number}", quantity=f"{number % 5 + 1}.25", stage="S2", **of)
    yield event("inspection", "i", occurred_at=NOW.isoformat(), minutes="7")
    for number, days in enumerate((1, 3)):
        start = datetime.fromisoformat("2026-04-02T04:30:00+02:00") - timedelta(days=days)
        times = {
            "started_at": start.isoformat(),
            "ended_at": (start + timedelta(hours=3)).isoformat(),
        }
        yield event("downtime", f"s{number}", product="gear", work_unit="M1", **times)
    opened = (NOW - timedelta(hours=9)).isoformat()
    yield event("downtime", "open", product="gadget", work_unit="M2", line="L2", started_at=opened)
    yield event("downtime", "other", work_unit="M3", started_at=opened)


@pytest.fixture
async def made(conn: Any) -> Any:
    file = rates(plant(), ideal_rate=2)
    [table] = file.cost_tables
    tables = tuple(table.model_copy(update={"product": name}) for name in PRODUCTS)
    await import_rates(conn, file.model_copy(update={"cost_tables": tables}), "rates.yaml", "test")
    await post_events(conn, await load(conn), _events())
    return conn


async def group(conn: Any, *items: tuple[str, str, str, str]) -> None:
    """Put products into groups: grouping, product, group, day."""
    names = ("grouping", "product", "group", "effective_from")
    members = [{"plant": "north", **dict(zip(names, item, strict=True))} for item in items]
    file = GroupFile.model_validate({"groups": members})
    await import_groups(conn, file, await load(conn), "groups.csv", Actor("carla"))


def _history(random: Random, grouping: str) -> Iterator[tuple[str, str, str, str]]:
    """Each product changes its group on some of the days, or is in none."""
    for product in PRODUCTS:
        for day in sorted(random.sample(range(-1, 6), random.randint(0, 3))):
            name = random.choice(["A", "B", NO_GROUP])
            yield grouping, product, name, str(FIRST + timedelta(days=day))


def _sums(rows: Iterable[ReportRow]) -> list[Decimal]:
    found = list(rows)
    return [sum((getattr(row, name) for row in found), Decimal()) for name in SUMMED]


async def test_sums_over_groups_are_those_of_the_products_in_any_grouping(made: Any) -> None:
    book = await load(made)
    random = Random(41)
    for number in range(8):
        grouping = f"g{number}"
        await group(made, *_history(random, grouping), (grouping, "axle", "A", "2026-01-01"))
        for grain, start in (("hour", NOW - timedelta(days=4)), ("day", FIRST), ("month", None)):
            query = ReportQuery(by=("product",), grain=grain, start=start)
            await _is_split_by(made, book, query, grouping)
        early = basis_of(As.RESTATED, LATER, LATER)
        await _is_split_by(
            made, book, ReportQuery(by=("product",), grain="month", basis=early), grouping
        )
        await _windows_are_split(made, book, grouping)
        await _units_are_split(made, book, grouping)


async def _is_split_by(conn: Any, book: Any, query: ReportQuery, grouping: str) -> None:
    """Each group has what its products cost on the days on which they were in it."""
    finest = "hour" if query.grain == "hour" else "day"
    days = replace(query, grain=finest, start=query.start)
    expected: dict[Any, list[ReportRow]] = defaultdict(list)
    for row in await report(conn, book, days, NOW):
        day: Any = row.bucket
        if isinstance(day, datetime):
            day = book.sites["north"].calendar.bucket(day).day
        [name] = await groups_of_days(conn, grouping, [("north", row.dims["product"], day)])
        bucket = day.replace(day=1) if query.grain == "month" else row.bucket
        expected[bucket, name].append(row)
    by_group = replace(query, by=("group",), grouping=grouping)
    rows = await report(conn, book, by_group, NOW)
    found = {(row.bucket, row.dims["group"]): _sums([row]) for row in rows}
    assert len(found) > 1 or len(expected) == 1
    assert found == {key: _sums(parts) for key, parts in expected.items()}
    for name in {name for _, name in found}:
        alone = await report(conn, book, replace(by_group, by=(), group=name), NOW)
        assert {(row.bucket, name): _sums([row]) for row in alone}.items() <= found.items()
        assert len(alone) == sum(of == name for _, of in found)


async def test_a_what_if_of_all_groups_is_that_of_all_products(made: Any) -> None:
    """Booked and changed, with stops that overlap and a change of groups within the days."""
    book, random = await load(made), Random(7)
    for number in range(4):
        grouping = f"w{number}"
        await group(made, *_history(random, grouping), (grouping, "axle", "A", "2026-01-01"))
        asked = {"change": "scale type=defect by 0.3; remove type=downtime", "start": str(FIRST),
                 "end": "2026-04-03", "by": "group", "grouping": grouping}  # fmt: skip
        rows, whole = await _what_if(made, book, **asked)
        assert [sum(of) for of in zip(*rows.values(), strict=True)] == whole
        for name, figures in rows.items():
            _, alone = await _what_if(made, book, **asked, group=name)
            assert alone == figures


async def _what_if(conn: Any, book: Any, **asked: str) -> tuple[dict[str, list[Any]], list[Any]]:
    """Booked, the difference, lost time and entries that differ, of each group and of all."""
    answer = await answer_what_if(conn, Books(), book, WhatIfRequest(**asked), NOW)
    [_, coq] = answer.totals
    names = ("booked", "difference", "seconds", "seconds_difference", "entries")
    rows = {row.group: [getattr(row, name) for name in names] for row in answer.rows()}
    return rows, [getattr(coq, name) for name in names]


async def test_conformance_of_all_groups_is_that_of_all_products(made: Any) -> None:
    book = await load(made)
    await group(made, ("g", "widget", "A", "2026-01-01"), ("g", "gear", "B", "2026-04-01"))

    async def sums(**asked: str) -> list[Decimal]:
        request = ConformanceRequest(start="2026-03", end="2026-05", **asked)
        answer = await answer_conformance(made, book, request, NOW)
        return _sums(row.figures for row in answer.rows)

    alone = [await sums(group=name) for name in ("A", "B", NO_GROUP)]
    assert [sum(of) for of in zip(*alone, strict=True)] == await sums()


async def _windows_are_split(conn: Any, book: Any, grouping: str) -> None:
    scope = Scope(by=("group",), grouping=grouping)
    whole = await trailing_windows(conn, book, Scope(by=()), NOW)
    for window, all_of_it in zip(
        await trailing_windows(conn, book, scope, NOW), whole, strict=True
    ):
        assert _sums(window.rows) == _sums(all_of_it.rows)
        for row in window.rows:
            of = replace(scope, by=(), group=row.dims["group"])
            [alone] = await trailing_windows(conn, book, of, NOW, [window.window])
            assert _sums(alone.rows) == _sums([row])
    days = Days(FIRST - timedelta(days=2), date(2026, 4, 4))
    total = (await drivers(conn, book, days, NOW)).totals[0].net
    parts = [
        (await drivers(conn, book, replace(days, group=name, grouping=grouping), NOW)).totals
        for name in ("A", "B", NO_GROUP)
    ]
    assert sum(one.net or 0 for part in parts for one in part) == total


async def _units_are_split(conn: Any, book: Any, grouping: str) -> None:
    query = KpiQuery(start=FIRST, by=())
    [whole] = await key_figures(conn, book, query, NOW)
    split = replace(query, by=("group",), grouping=grouping)
    rows = await key_figures(conn, book, split, NOW)
    assert sum(row.units.produced for row in rows) == whole.units.produced
    assert sum(row.units.scrapped for row in rows) == whole.units.scrapped
    for row in rows:
        [alone] = await key_figures(conn, book, replace(split, by=(), group=row.dims["group"]), NOW)
        assert alone.units == row.units
        assert alone.oee is None and "group" in alone.reasons["oee"]


async def test_a_group_opens_down_to_its_entries(made: Any) -> None:
    """In the hours of a day before and after a change, open stops included."""
    await group(
        made, ("family", "gadget", "A", "2026-03-31"), ("family", "gadget", "B", "2026-04-02")
    )
    book = await load(made)
    for name in ("A", "B", NO_GROUP):
        of = {"group": name, "start": "2026-03-01", "end": "2026-04-03"}
        query = await ReportRequest(by="", grain="month", group=name).query(made, book, NOW)
        cost = sum((row.net for row in await report(made, book, query, NOW)), Decimal())
        books = Books()
        async with made.transaction(isolation="repeatable_read", readonly=True):
            reading = Reading(made, await books.newest(made), books, NOW)
            answer = await answer_entries(reading, EntriesRequest(**of), 500)
        assert answer.whole is not None
        assert sum(figure.net for figure in answer.whole.figures) == cost, name
        products = {entry.product for entry, _ in answer.entries}
        assert products == ({"gadget"} if name != NO_GROUP else {"widget", "gear", "gadget", None})
        assert len(answer.whole.open_stops.shown) == 1


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ({"by": "group"}, "grouping: choose what products are grouped by: customer, family"),
        ({"group": "A"}, "grouping: choose what products are grouped by: customer, family"),
        ({"by": "group", "grouping": "famly"}, 'none of customer, family; did you mean "family"?'),
        ({"group": "C", "grouping": "family"}, '"C" is none of A, no group'),
        ({"grouping": "family"}, 'grouping: name a group, or add "group" to by'),
        ({"by": "grup"}, '"grup" is none of plant, line, product, group, element, category'),
    ],
)
async def test_a_group_that_is_not_clear_is_refused(
    made: Any, of: dict[str, str], says: str
) -> None:
    await group(
        made, ("family", "gear", "A", "2026-01-01"), ("customer", "gear", "Ford", "2026-01-01")
    )
    with pytest.raises(ValueError) as caught:
        await ReportRequest(**of).query(made, await load(made), NOW)
    assert says in str(caught.value)


async def test_without_groups_nothing_is_by_group(made: Any) -> None:
    with pytest.raises(ValueError, match="set groups with: copq groups import FILE"):
        await ReportRequest(by="group").query(made, await load(made), NOW)
