"""What a window would have cost with some changes: from the ledger to the answer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.figures.books import Books
from copq.figures.what_if import WhatIfAnswer, answer_what_if
from copq.figures.what_if_entries import ChangedEntry
from copq.figures.what_if_query import WhatIfRequest
from copq.improvement.what_if.changed_events import Left
from copq.rates.store import import_rates, load
from copq.retention.apply import apply
from copq.retention.bounds import bounds
from copq.retention.store import Order
from copq.schemas.rates import RateFile
from tests.support.building import (
    book,
    defect,
    event,
    post_events,
    post_with_rates,
    rates,
    stop,
)

NOW = datetime.fromisoformat("2026-06-30T12:00:00+02:00")
D = Decimal


async def what_if(conn: Any, *changes: str, reach: int = 100, **asked: Any) -> WhatIfAnswer:
    request = WhatIfRequest(change="; ".join(changes), **{"month": "2026-06", **asked})
    return await answer_what_if(conn, Books(), await load(conn), request, NOW, reach=reach)


def at(day: int, hour: int = 12, minute: int = 0) -> str:
    return f"2026-06-{day:02}T{hour:02}:{minute:02}:00+02:00"


def totals(answer: WhatIfAnswer) -> tuple[Decimal, Decimal, Decimal]:
    [copq] = [total for total in answer.totals if total.figure == "copq"]
    return copq.booked, copq.changed, copq.difference


def brief(entries: list[ChangedEntry]) -> list[tuple[str, int | None, Decimal, Decimal]]:
    return [(one.event_id, one.entry_no, one.booked, one.changed) for one in entries]


LEAKS = [
    defect("leak", at(2), 4, defect_code="LEAK"), defect("odd", at(3), 3, defect_code="LEAK"),
    defect("dent", at(3), 1, defect_code="DENT"),
    event("scrap", "end", occurred_at=at(4), product="widget", quantity=2, defect_code="LEAK"),
]  # fmt: skip


async def test_half_a_defect_is_half_of_each_event(conn: Any) -> None:
    await post_with_rates(conn, book(), LEAKS)
    found = await what_if(conn, "halve code=LEAK")
    assert totals(found) == (D(100), D(55), D(-45))
    assert brief(found.entries) == [
        ("leak", 1, D(40), D(20)), ("odd", 1, D(30), D(15)), ("end", 1, D(20), D(10)),
    ]  # fmt: skip
    [change] = found.changes
    assert (change.change, change.events, change.left) == ("halve code=LEAK", 3, [])
    rows = [(row.element, row.booked, row.changed, row.entries) for row in found.rows()]
    assert rows == [("defect", D(80), D(45), 2), ("scrap", D(20), D(10), 1)]


async def test_detection_moves_to_an_earlier_stage(conn: Any) -> None:
    """After S1 a unit has cost 4, after S2 10."""
    early = defect("early", at(5), 1, stage="S1", defect_code="LEAK")
    await post_with_rates(conn, book(), [*LEAKS, early])
    found = await what_if(conn, "move code=LEAK to S1")
    assert totals(found) == (D(104), D(50), D(-54))
    [change] = found.changes
    assert change.events == 3
    assert [(left.reason, left.events) for left in change.left] == [
        ("they are found at the stage or before it already", 1)
    ]


async def test_changes_apply_in_their_order(conn: Any) -> None:
    await post_with_rates(conn, book(), LEAKS)
    found = await what_if(conn, "move code=LEAK to S1", "halve stage=S1")
    assert totals(found)[1] == D(10) + D(18)
    found = await what_if(conn, "halve stage=S2", "move code=LEAK to S1")
    assert totals(found)[1] == D(5) + 4 * D("3.5") + 8
    assert [change.events for change in found.changes] == [3, 3]


STOPS = [
    stop("jam", at(2, 12), at(2, 12, 30), defect_code="JAM", work_unit="M1"),
    stop("power", at(2, 12, 20), at(2, 12, 50), defect_code="POWER", work_unit="M2"),
]


async def test_without_a_stop_the_time_below_it_belongs_to_the_next(conn: Any) -> None:
    """The two stops overlap by ten minutes: without the jam these belong to the power failure."""
    await post_with_rates(conn, book(), STOPS)
    found = await what_if(conn, "remove code=JAM")
    assert totals(found) == (D(100), D(60), D(-40))
    assert brief(found.entries) == [("jam", 1, D(60), D(0)), ("power", 1, D(40), D(60))]
    halved = await what_if(conn, "halve code=JAM")
    assert totals(halved) == (D(100), D(90), D(-10))


async def test_a_changed_rate_prices_the_events_again(conn: Any) -> None:
    rework = event("inspection", "i", occurred_at=at(2), minutes=30)
    await post_with_rates(conn, book(), [*LEAKS, *STOPS, rework])
    labour = await what_if(conn, "rate labour=standard rate_per_minute to 1.5", by="element")
    assert [(e.event_id, e.difference) for e in labour.entries] == [("i", D(15))]
    line = await what_if(conn, "rate line=L1 by 0.5")
    assert sum(e.difference for e in line.entries) == D(-50)
    table = await what_if(conn, "rate product=widget stages.S2.labour_overhead by 2")
    assert totals(table)[2] == D(60)
    both = await what_if(conn, "rate product=widget raw_material by 1.5", "halve code=LEAK")
    assert totals(both)[2] == D(12) + D(54) - 100


async def test_what_a_correction_took_back_is_not_in_it(conn: Any) -> None:
    await post_with_rates(conn, book(), LEAKS)
    fix = {
        "occurred_at": at(5), "corrects": "leak", "reason": "counted twice",
        "replacement": {"event_type": "defect", "event_id": "leak-2", "plant": "north",
                        "line": "L1", "occurred_at": at(2), "product": "widget", "stage": "S2",
                        "quantity": 1, "defect_code": "LEAK"},
    }  # fmt: skip
    void = {"occurred_at": at(5), "corrects": "odd", "reason": "not a leak"}
    await post_events(conn, await load(conn), [
        event("correction", "fix", **fix), event("correction", "void", **void),
    ])  # fmt: skip
    found = await what_if(conn, "remove code=LEAK")
    assert brief(found.entries) == [("end", 1, D(20), D(0)), ("leak-2", 1, D(10), D(0))]


async def test_a_day_without_recoverable_rejects_has_no_dispatch(conn: Any) -> None:
    rates = book(recovery_rate="0.5", recovery_overhead_per_day="9")
    await post_with_rates(conn, rates, LEAKS)
    found = await what_if(conn, "remove code=LEAK")
    gone = [(e.element, e.day.day, e.booked, e.changed) for e in found.entries]
    assert ("recovery_overhead", 2, D(9), D(0)) in gone and (
        "recovery_overhead",
        4,
        D(9),
        D(0),
    ) in gone
    assert not [one for one in gone if one[:2] == ("recovery_overhead", 3)]
    rate = await what_if(conn, "rate product=widget recovery_overhead_per_day to 1")
    assert sum(e.difference for e in rate.entries) == D(-24)


async def test_nothing_is_written(conn: Any) -> None:
    await post_with_rates(conn, book(), [*LEAKS, *STOPS])
    all_tables = "select quote_ident(relname) from pg_stat_user_tables where schemaname = 'copq'"
    tables = [f"select * from copq.{row[0]}" for row in await conn.fetch(all_tables)]
    before = [await conn.fetch(table) for table in tables]
    await what_if(conn, "halve code=LEAK", "remove code=JAM", "rate labour=standard by 2")
    assert tables and before == [await conn.fetch(table) for table in tables]


async def test_rates_for_the_past_that_are_not_booked_yet_are_not_in_the_difference(
    conn: Any,
) -> None:
    """The scrapped units were booked at 10 each; since then a unit costs 20 after S2."""
    await post_with_rates(conn, book(), LEAKS)
    table = rates().cost_tables[0]
    costlier = table.stages[1].model_copy(update={"labour_overhead": D(16)})
    later = table.model_copy(update={"stages": (table.stages[0], costlier)})
    await import_rates(conn, RateFile(cost_tables=(later,)), "rates", "finance")
    found = await what_if(conn, "halve code=LEAK")
    assert totals(found) == (D(100), D(55), D(-45))
    found = await what_if(conn, "rate product=widget stages.S2.labour_overhead by 0.5")
    assert totals(found) == (D(100), D(70), D(-30))


async def test_events_without_bytes_stay_as_booked_unless_they_are_removed(conn: Any) -> None:
    await post_with_rates(conn, book(), [*LEAKS, *STOPS])
    order = Order("events", date(2026, 7, 1))
    limits = await bounds(conn, await load(conn), order.before, order.plant)
    async for _ in apply(conn, order, limits, Actor("ann"), "records policy"):
        pass
    found = await what_if(conn, "halve code=LEAK", "rate product=widget by 2", "halve code=JAM")
    assert [(one.events, [(left.reason, left.events) for left in one.left])
            for one in found.changes] == [
        (0, [(Left.NO_BYTES, 3)]), (0, [(Left.NO_BYTES, 4)]), (1, []),
    ]  # fmt: skip
    assert totals(found) == (D(200), D(190), D(-10))
    found = await what_if(conn, "remove code=LEAK", "halve line=L1")
    assert totals(found)[2] == D(-90) - D(40)
    found = await what_if(conn, "halve line=L1", "remove code=LEAK")
    assert totals(found)[2] == D(-40)


async def test_a_stop_over_the_windows_edge_counts_by_its_time_inside(conn: Any) -> None:
    """The production day begins at six: of 05:00 to 07:00 an hour is inside, halved nothing."""
    await post_with_rates(conn, book(), [stop("over", at(2, 5), at(2, 7), defect_code="JAM")])
    one: dict[str, Any] = {"month": "", "start": "2026-06-02", "end": "2026-06-03"}
    assert totals(await what_if(conn, "halve code=JAM", **one)) == (D(120), D(0), D(-120))
    before: dict[str, Any] = {"month": "", "start": "2026-06-01", "end": "2026-06-02"}
    found = await what_if(conn, "remove code=JAM", "halve line=L1", **before)
    assert totals(found) == (D(120), D(0), D(-120))
    assert totals(await what_if(conn, "halve code=JAM", **before)) == (D(120), D(120), D(0))


async def test_what_has_no_price_is_in_no_figure(conn: Any) -> None:
    gadget = defect("g", at(2), 5, product="gadget", defect_code="LEAK")
    await post_with_rates(conn, book(), [*LEAKS, gadget, stop("open", at(3), defect_code="LEAK")])
    found = await what_if(conn, "remove code=LEAK")
    assert totals(found) == (D(100), D(10), D(-90))
    assert (found.unpriced, found.waiting.open_stops) == (1, 1)
    assert (await what_if(conn, "remove code=LEAK", product="widget")).unpriced == 0


async def test_a_change_that_names_nothing_of_the_window_changes_nothing(conn: Any) -> None:
    late = defect("late", "2026-05-04T12:00:00+02:00", 1, defect_code="OLD")
    await post_with_rates(conn, book(), [*LEAKS, late])
    found = await what_if(conn, "remove code=OLD")
    assert (found.entries, found.changes[0].events, found.changes[0].left) == ([], 0, [])
    assert totals(found) == (D(100), D(100), D(0))
    nothing = await what_if(conn, "remove code=OLD", month="2026-04")
    assert (nothing.cells, nothing.totals, nothing.rows()) == ([], [], [])


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("halve code=LEKA", {}, 'no entry has the defect code "LEKA"; there are DENT, JAM, LEAK, PO'),
    ("halve stage=S9", {}, 'no entry has the stage "S9"'),
    ("halve machine=M9", {}, 'no entry has the machine "M9"; there are M1, M2'),
    ("halve supplier=B", {}, 'no entry has the supplier "B"'),
    ("halve line=L9", {}, 'change "halve line=L9": line "L9" is not in any plant'),
    ("halve plant=nroth", {}, 'plant "nroth" is not in the rate book; its plants: north'),
    ("halve product=gadget", {}, 'product "gadget" has neither a cost table nor figures'),
    ("move code=LEAK to S9", {}, 'no cost table has the stage "S9"; there are S1, S2'),
    ("rate line=L9 by 2", {}, 'no line rate is of line "L9"; there are L1, L2'),
    ("halve line=L2", {"line": "L1"}, 'its line "L2" is outside the line "L1" of the question'),
    ("scale code=LEAK by 1.5", {}, "1.5 is not from 0 to 1"),
    ("scale code=LEAK by -1", {}, "-1 is not from 0 to 1"),
    ("", {}, "name a change, for example: halve code=LEAK"),
    ("halve code=LEAK", {"line": "L9"}, 'line "L9" is not in any plant'),
    ("halve code=LEAK", {"by": "colour"}, '"colour" is none of plant, line, product'),
    ("halve code=LEAK", {"table": "all"}, '"all" is none of rows, entries'),
    ("halve code=LEAK", {"month": "", "start": "2026-06-02", "end": "2026-06-02"},
     "to (2026-06-02) must be after from (2026-06-02)"),
    ("halve code=LEAK", {"month": "", "start": "2024-06-02", "end": "2026-06-02"},
     "are 730 days; name at most 366"),
    ("halve code=LEAK", {"reach": 2}, "these changes reach more than 2 entries in the window"),
    ("halve code=JAM", {"reach": 0}, "these changes reach more than 0 entries"),
]  # fmt: skip


async def test_a_question_that_is_not_possible_says_why(conn: Any) -> None:
    await post_with_rates(conn, book(), [*LEAKS, *STOPS])
    for change, asked, fault in REFUSED:
        with pytest.raises(ValueError) as error:
            await what_if(conn, change, **asked)
        assert fault in str(error.value), change
