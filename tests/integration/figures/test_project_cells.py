"""Cells of a plan: its filters, its exposure, and what stays as booked."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from copq.figures.books import Books
from copq.figures.project_cells import Asked, Others, PlanDay, Reading, read_days, scopes_of
from copq.figures.window import Window
from copq.improvement.projects.plan import Exposure
from copq.rates.frozen import frozen_book
from copq.rates.store import import_rates, load
from copq.schemas.rates import LineRate, RateFile
from tests.integration.histories.test_project_cells import plan
from tests.support.building import (
    LONG_AGO,
    book,
    defect,
    event,
    plant,
    post_events,
    post_with_rates,
    production,
    rates,
    stop,
)

D = Decimal
JUNE_2 = date(2026, 6, 2)
AT = datetime.fromisoformat("2026-05-31T12:00:00+02:00")


def at(hour: int, minute: int = 0, day: int = 2) -> str:
    return f"2026-06-{day:02}T{hour:02}:{minute:02}:00+02:00"


async def days(
    conn: Any, scope: dict[str, set[str]] | None = None, exposure: Exposure = Exposure.UNITS,
    number: int = 1, others: Others | None = None,
) -> list[PlanDay]:  # fmt: skip
    newest = await load(conn)
    asked = [JUNE_2 + timedelta(days=n) for n in range(number)]
    async with conn.transaction():
        return await read_days(
            conn, Books(), newest, plan(scope or {}, exposure), frozen_book(newest, AT), asked,
            others,
        )  # fmt: skip


def brief(day: PlanDay) -> dict[Any, tuple[Decimal, Decimal, Decimal]]:
    return {
        (line, product, *others): (one.booked, one.at_frozen_rates, one.exposure)
        for (line, product, others), one in sorted(day.cells.items())
    }


MADE = [
    production("p1", at(8), 60), production("p2", at(9), 40), production("p3", at(9), 5, line="L2"),
    defect("leak", at(8), 2, defect_code="LEAK", shift="early", supplier="S1", work_unit="M1"),
    defect("dent", at(9), 1, defect_code="DENT", stage="S1"),
    stop("jam", at(8), at(8, 30), defect_code="JAM", work_unit="M1"),
]  # fmt: skip


async def test_an_empty_scope_holds_everything(conn: Any) -> None:
    await post_with_rates(conn, book(), MADE)
    [day] = await days(conn)
    assert brief(day) == {
        ("", ""): (0, 0, 105), ("", "widget"): (0, 0, 105),
        ("L1", ""): (60, 60, 100), ("L1", "widget"): (24, 24, 100),
        ("L2", ""): (0, 0, 5), ("L2", "widget"): (0, 0, 5),
    }  # fmt: skip
    assert (day.entries, day.left_as_booked, day.other_currencies) == (6, 0, set())


async def test_each_filter_takes_its_losses_and_leaves_the_exposure(conn: Any) -> None:
    await post_with_rates(conn, book(), MADE)
    for scope, booked in [
        ({"defect_code": {"LEAK"}}, 20), ({"defect_code": {"LEAK", "DENT"}}, 24),
        ({"defect_code": {"JAM"}}, 60), ({"stage": {"S1"}}, 4), ({"shift": {"early"}}, 20),
        ({"supplier": {"S1"}}, 20), ({"work_unit": {"M1"}}, 80), ({"element": {"downtime"}}, 60),
        ({"category": {"appraisal"}}, 0), ({"product": {"widget"}}, 24), ({"line": {"L2"}}, 0),
        ({"product": {""}}, 60), ({"shift": {""}, "product": {"widget"}}, 4),
    ]:  # fmt: skip
        [day] = await days(conn, scope)
        assert sum(cell.booked for cell in day.cells.values()) == booked, scope
        products = scope.get("product", {"widget"})
        lines = scope.get("line", {"L1", "L2"})
        made = {("L1", "widget"): 100, ("L2", "widget"): 5, ("L1", ""): 100, ("L2", ""): 5}
        due = {p: n for p, n in made.items() if p[0] in lines and p[1] in products}
        assert {p: day.cells[*p, ()].exposure for p in due} == due, scope


async def test_exposure_in_hours_and_in_cost_of_production(conn: Any) -> None:
    """L1 made something in two hours, and stood still for half of one; L2 in one hour."""
    await post_with_rates(conn, book(), MADE)
    [day] = await days(conn, {"product": {"widget"}}, Exposure.PRODUCTION_HOURS)
    assert brief(day) == {
        ("", "widget"): (0, 0, D("2.5")), ("L1", "widget"): (24, 24, D("1.5")),
        ("L2", "widget"): (0, 0, 1),
    }  # fmt: skip
    assert day.entries == 6
    [day] = await days(conn, {"product": {"widget"}, "line": {"L1"}}, Exposure.COST_OF_PRODUCTION)
    assert brief(day) == {("L1", "widget"): (24, 24, 1000)}


async def test_rates_that_changed_later_are_in_what_is_booked_alone(conn: Any) -> None:
    """Dispatches, stops and rejects: twice as much from June on."""
    await post_with_rates(conn, book(recovery_rate="0.5", recovery_overhead_per_day="9"), [])
    june = datetime.fromisoformat("2026-06-01T00:00:00+02:00")
    dear = rates(recovery_rate=D("0.5"), recovery_overhead_per_day=D(18)).cost_tables[0]
    stages = tuple(
        s.model_copy(update={"labour_overhead": s.labour_overhead * 2}) for s in dear.stages
    )
    line = LineRate(plant="north", line="L1", effective_from=june, rate_per_minute=D(4))
    file = RateFile(
        cost_tables=(dear.model_copy(update={"effective_from": june, "stages": stages}),),
        line_rates=(line,),
    )  # fmt: skip
    await import_rates(conn, file, "rates", "finance")
    await post_events(conn, await load(conn), MADE)
    [day] = await days(conn, {"line": {"L1"}})
    assert brief(day) == {("L1", ""): (120, 60, 100), ("L1", "widget"): (48, 27, 100)}
    [day] = await days(conn, {"line": {"L1"}, "defect_code": {"LEAK"}})
    assert brief(day)["L1", "widget"] == (28, 16, 100)
    [day] = await days(conn, {"line": {"L1"}}, Exposure.COST_OF_PRODUCTION)
    assert brief(day)["L1", "widget"] == (48, 27, 1000)


async def test_what_the_frozen_book_does_not_know_stays_as_booked(conn: Any) -> None:
    await post_with_rates(conn, book(), MADE)
    frozen = await load(conn)
    gadget = rates().cost_tables[0].model_copy(update={"product": "gadget"})
    line = LineRate(plant="north", line="L3", effective_from=LONG_AGO, rate_per_minute=D(7))
    await import_rates(conn, RateFile(cost_tables=(gadget,), line_rates=(line,)), "new", "finance")
    newest = await load(conn)
    await post_events(conn, newest, [
        event("defect", "g", occurred_at=at(10), product="gadget", quantity=3, stage="S2"),
        stop("s3", at(11), at(11, 10), line="L3"),
    ])  # fmt: skip
    async with conn.transaction():
        [day] = await read_days(
            conn, Books(), newest, plan({}), frozen_book(frozen, AT), [JUNE_2]
        )  # fmt: skip
    found = brief(day)
    assert (found["L1", "gadget"], found["L3", ""]) == ((30, 30, 0), (70, 70, 0))
    assert day.left_as_booked == 2


async def test_a_day_has_more_entries_after_each_change_to_it(conn: Any) -> None:
    await post_with_rates(conn, book(), MADE)
    [day, other] = await days(conn, number=2)
    assert (day.entries, other.entries, dict(other.cells)) == (6, 0, {})
    fix = {
        "occurred_at": at(5, day=5), "corrects": "leak", "reason": "counted twice",
        "replacement": {"event_type": "defect", "event_id": "leak-2", "plant": "north",
                        "line": "L1", "occurred_at": at(8), "product": "widget", "stage": "S2",
                        "quantity": 2, "defect_code": "LEAK"},
    }  # fmt: skip
    await post_events(conn, await load(conn), [event("correction", "fix", **fix)])
    [after] = await days(conn)
    assert brief(after) == brief(day)
    assert after.entries == 8


async def test_losses_that_other_scopes_hold_are_apart(conn: Any) -> None:
    await post_with_rates(conn, book(), MADE)
    others = {
        7: plan({"defect_code": {"LEAK"}}).scope, 9: plan({"line": {"L1"}}).scope,
        11: plan({"line": {"L2"}}).scope,
    }  # fmt: skip
    [day] = await days(conn, {"product": {"widget"}}, others=others)
    assert brief(day) == {
        ("", "widget"): (0, 0, 105), ("L1", "widget"): (0, 0, 100),
        ("L1", "widget", 7, 9): (20, 20, 0),
        ("L1", "widget", 9): (4, 4, 0), ("L2", "widget"): (0, 0, 5),
    }  # fmt: skip


async def test_other_currencies_are_named_and_in_no_cell(conn: Any) -> None:
    await post_with_rates(conn, book(plant(currency="PLN")), MADE)
    [day] = await days(conn, {"line": {"L1"}})
    assert day.other_currencies == {"PLN"}
    assert sum(cell.booked for cell in day.cells.values()) == 0
    await post_events(conn, await load(conn), [
        event("correction", f"v-{of}", occurred_at=at(10), corrects=of, reason="another plant's")
        for of in ("leak", "dent", "jam")
    ])  # fmt: skip
    [day] = await days(conn, {"line": {"L1"}})
    assert day.other_currencies == set(), "what was taken back has no currency"


async def test_plans_of_other_instants_change_no_currency(conn: Any) -> None:
    """Entries and their reversals lie before and after the freeze of a plan that is read along."""
    await post_with_rates(conn, book(plant(currency="PLN")), MADE)
    between = await conn.fetchval("select clock_timestamp()")
    await post_events(conn, await load(conn), [
        event("correction", f"v-{of}", occurred_at=at(10), corrects=of, reason="another plant's")
        for of in ("leak", "dent", "jam")
    ])  # fmt: skip
    frozen = frozen_book(await load(conn), AT)
    asked = [
        Asked(plan=plan({"line": {"L1"}}, Exposure.UNITS), frozen=frozen, days={JUNE_2},
              booked_until=until)
        for until in (between, None)
    ]  # fmt: skip
    found = Reading(asked, scopes_of(asked), Window(JUNE_2, JUNE_2 + timedelta(days=1)))
    async with conn.transaction():
        await found.read(conn)
    assert [day.other_currencies for _, day in sorted(found.days.items())] == [{"PLN"}, set()]


async def test_cells_as_the_ledger_was_at_an_instant(conn: Any) -> None:
    """What was booked or taken back later is left out, dispatches included."""
    await post_with_rates(conn, book(recovery_rate="0.5", recovery_overhead_per_day="9"), MADE)
    [before] = await days(conn)
    then = await conn.fetchval("select clock_timestamp()")
    await post_events(conn, await load(conn), [
        event("correction", "v1", occurred_at=at(9), corrects="leak", reason="typed wrong"),
        event("correction", "v2", occurred_at=at(9), corrects="dent", reason="typed wrong"),
        defect("late", at(11), 7), production("p4", at(12), 50),
    ])  # fmt: skip
    newest = await load(conn)
    async with conn.transaction():
        [again] = await read_days(
            conn, Books(), newest, plan({}), frozen_book(newest, AT), [JUNE_2], booked_until=then
        )  # fmt: skip
    assert again == before
    [after] = await days(conn)
    assert brief(after) != brief(before)
