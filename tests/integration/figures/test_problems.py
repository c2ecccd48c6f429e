"""Problems of all functions: from events to the ranking, and back to the entries."""

import json
import random
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from copq.figures.books import Books, Reading
from copq.figures.entries_answer import answer_entries
from copq.figures.entries_request import EntriesRequest
from copq.figures.names import UnknownName
from copq.figures.problems_answer import (
    ProblemRow,
    ProblemsAnswer,
    ProblemsRequest,
    answer_problems,
)
from copq.figures.recomputing import recompute_entries
from copq.ledger.money import money
from copq.rates.book import RateBook
from copq.rates.store import book_of, file_of, load
from copq.schemas.rates import RateFile
from tests.support.building import (
    book,
    defect,
    event,
    plant,
    post_events,
    post_with_rates,
    stop,
)
from tests.support.tampering import tampering

CASE = Path(__file__).parents[2] / "cases" / "un_quality.json"
NOW = datetime.fromisoformat("2026-06-30T12:00:00+02:00")
JUNE: dict[str, Any] = {"start": "2026-06-01", "end": "2026-07-01"}
D = Decimal


def at(day: int, hour: int = 12, minute: int = 0) -> str:
    return f"2026-06-{day:02}T{hour:02}:{minute:02}:00+02:00"


async def problems(conn: Any, rates: RateBook, **asked: Any) -> ProblemsAnswer:
    request = ProblemsRequest(**{**JUNE, **asked})
    return await answer_problems(conn, rates, request, NOW)


async def named(conn: Any, rates: RateBook, **asked: Any) -> dict[Any, ProblemRow]:
    found = await problems(conn, rates, **asked)
    return {(row.function, row.problem): row for row in found.rows()}


async def test_the_published_problems_rank_as_printed(conn: Any) -> None:
    """What was made and not sold, each unit with its labour and its material."""
    items = json.loads(CASE.read_text())["cases"]
    tables = [
        {"product": item["item"], "effective_from": "2020-01-01T00:00:00Z", "currency": "EUR",
         "stages": [{"stage": "whole", "raw_material": item["material_per_unit"],
                     "labour_overhead": item["labour_per_unit"]}]}
        for item in items
    ]  # fmt: skip
    rates = book_of(
        RateFile.model_validate({"plants": [plant().model_dump()], "cost_tables": tables})
    )
    events = []
    for item in items:
        of = {"product": item["item"], "function": "planning", "defect_code": item["item"]}
        half = D(item["made"] - item["sold"]) / 2
        events += [
            event("production", f"p{item['item']}", occurred_at=at(1), quantity=item["made"], **of),
            *(event("admin_failure", f"f{item['item']}{day}", occurred_at=at(day),
                    quantity=half, **of) for day in (2, 3)),
        ]  # fmt: skip
    await post_with_rates(conn, rates, events)
    found = (await problems(conn, await load(conn))).rows()
    assert [(row.problem, row.rank, money(row.cost, "EUR").replace(",", "")) for row in found] == [
        (item["item"], item["rank"], item["cost_of_un_quality"]) for item in items
    ]
    assert [(row.frequency, row.share) for row in found] == [(2, D("0.75")), (2, D("0.25"))]
    assert [row.event_cost for row in found] == [75000, 25000]


def _of_all_functions() -> list[bytes]:
    """Labour costs 1 a minute, standstill of L1 2, of the bottleneck 2 and 3 lost; a widget 10."""
    sales, late = {"function": "sales", "defect_code": "late"}, {"interventions": 1}
    return [
        event("complaint", "c1", occurred_at=at(2), minutes=30, out_of_pocket=20, **sales, **late,
              grades={"severity": 5, "contacts": 2}),
        event("complaint", "c2", occurred_at=at(3), minutes=10, **sales, grades={"severity": 2}),
        event("complaint", "c3", occurred_at=at(4), minutes=10, **sales),
        event("admin_failure", "a1", occurred_at=at(5), minutes=300, function="purchasing",
              wrong_routings=2, other_master_data=1, defect_code="wrong part"),
        stop("s1", at(6, 9, 30), at(6, 11, 30), function="planning", defect_code="no material",
             interventions=4),
        stop("s2", at(6, 9, 30), at(6, 11, 30), function="planning", defect_code="no tool",
             line="L3"),
        event("return", "r1", occurred_at=at(7), product="widget", quantity=3, scrapped=1,
              defect_code="leak", function="production", interventions=1),
        defect("d1", at(8), 2, defect_code="leak", function="production"),
        defect("d2", at(8), 1),
        event("recovery", "v1", occurred_at=at(9), credit=500, function="purchasing"),
        event("prevention", "t1", occurred_at=at(9), minutes=600, function="sales"),
    ]  # fmt: skip


RETURNS = {
    "rework_in_house": {"labour": 1, "material": 1, "overhead": 0},
    "return_scrap": {"price": 9, "recovered": 0, "recovery_overhead": 0},
}


@pytest.fixture
async def rates(conn: Any) -> RateBook:
    file = file_of(book(**RETURNS))
    of_l3 = {"line": "L3", "bottleneck": True, "contribution_per_minute": D(3)}
    bottleneck = file.line_rates[0].model_copy(update=of_l3)
    lines = (*file.line_rates, bottleneck)
    with_bottleneck = book_of(file.model_copy(update={"line_rates": lines}))
    await post_with_rates(conn, with_bottleneck, _of_all_functions())
    return await load(conn)


async def test_problems_of_all_functions_are_on_one_scale(conn: Any, rates: RateBook) -> None:
    found = await problems(conn, rates)
    shown = ("rank", "function", "problem", "cost", "frequency")
    assert [tuple(getattr(row, name) for name in shown) for row in found.rows()] == [
        (1, "planning", "no tool", 600, 1),
        (2, "purchasing", "wrong part", 300, 1),
        (3, "planning", "no material", 240, 1),
        (4, "sales", "late", 70, 3),
        (5, "production", "leak", 33, 2),
        (6, None, "defect", 10, 1),
    ]  # fmt: skip
    [total] = found.totals
    assert (total.ranked.cost, total.earned, total.net) == (1253, -500, 753)
    assert (total.ranked.problems, total.ranked.frequency, total.complaints) == (6, 9, 2)
    assert found.rows()[-1].cumulative_share == 1


async def test_control_and_reputation_stand_next_to_the_money(conn: Any, rates: RateBook) -> None:
    rows = await named(conn, rates)
    control = {
        key: (row.interventions, row.wrong_routings, row.other_master_data, row.control_share)
        for key, row in rows.items()
    }
    assert control["purchasing", "wrong part"] == (0, 2, 1, D("0.333333333"))
    assert control["planning", "no material"] == (4, 0, 0, D("0.444444444"))
    assert control["production", "leak"] == (1, 0, 0, D("0.111111111"))
    assert control[None, "defect"] == (0, 0, 0, 0)
    late = rows["sales", "late"]
    assert (late.complaints, late.severity, late.contacts, late.people) == (2, D("3.5"), 2, None)


async def test_problems_rank_by_hours(conn: Any, rates: RateBook) -> None:
    found = await problems(conn, rates, is_by_time=True)
    assert [(row.problem, row.hours) for row in found.rows()] == [
        ("wrong part", 5), ("no material", 2), ("no tool", 2), ("late", D("0.833333333")),
    ]  # fmt: skip
    assert found.rows()[0].share == D("0.508474576") and found.as_json()["ranked_by"] == "time"


async def test_a_function_selects_its_problems(conn: Any, rates: RateBook) -> None:
    assert set(await named(conn, rates, function="sales")) == {("sales", "late")}
    assert set(await named(conn, rates, function="")) == {(None, "defect")}
    assert set(await named(conn, rates, product="widget")) == {
        ("production", "leak"), (None, "defect"),
    }  # fmt: skip
    with pytest.raises(UnknownName, match=r'no entry has the function "purchas"; .*"purchasing"'):
        await problems(conn, rates, function="purchas")


async def test_a_corrected_event_says_no_more_of_it(conn: Any, rates: RateBook) -> None:
    replacement = json.loads(
        event("complaint", "c4", occurred_at=at(2), minutes=5, function="logistics",
              defect_code="late", grades={"people": 4}, wrong_routings=1)
    )  # fmt: skip
    why = {"reason": "of logistics", "occurred_at": at(10)}
    await post_events(
        conn,
        rates,
        [
            event("correction", "x1", corrects="c1", replacement=replacement, **why),
            event("correction", "x2", corrects="a1", **why),
        ],
    )
    rows = await named(conn, rates)
    assert ("purchasing", "wrong part") not in rows
    sales, logistics = rows["sales", "late"], rows["logistics", "late"]
    assert (sales.cost, sales.frequency, sales.interventions, sales.severity) == (20, 2, 0, 2)
    assert (logistics.cost, logistics.people, logistics.wrong_routings) == (5, 4, 1)


async def test_a_repeated_event_counts_once(conn: Any, rates: RateBook) -> None:
    before = await named(conn, rates)
    await post_events(conn, rates, _of_all_functions())
    assert await named(conn, rates) == before


async def test_an_open_stop_is_one_occurrence_that_goes_on(conn: Any, rates: RateBook) -> None:
    await post_events(
        conn, rates, [stop("o", at(30, 8), function="planning", defect_code="no material")]
    )
    row = (await named(conn, rates))["planning", "no material"]
    assert (row.cost, row.provisional, row.frequency, row.hours) == (240 + 480, 480, 2, 6)
    await the_entries_add_up_to_the_rows(conn, rates, [row])


async def test_a_stop_reported_in_pieces_is_one_occurrence(conn: Any, rates: RateBook) -> None:
    of = {"function": "planning", "defect_code": "no tool", "line": "L3"}
    pieces = [
        stop("p1", at(9, 9, 50), at(9, 10, 10), **of),
        stop("p2", at(9, 10, 10), at(9, 11), **of),
    ]
    await post_events(conn, rates, pieces)
    row = (await named(conn, rates))["planning", "no tool"]
    assert (row.cost, row.frequency) == (600 + 70 * 5, 2)


async def the_entries_add_up_to_the_rows(
    conn: Any, rates: RateBook, rows: list[ProblemRow]
) -> None:
    reading = Reading(conn, rates, Books(), NOW)
    for row in rows:
        filters = {name: value or "" for name, value in row.filters.items()}
        request = EntriesRequest(**JUNE, category="copq", **filters)
        whole = (await answer_entries(reading, request, 1)).whole
        assert whole is not None
        figures = {figure.currency: figure.net for figure in whole.figures}
        assert figures[row.currency] == row.cost, row


KINDS = ("complaint", "admin_failure", "defect", "recovery", "warranty", "stop")


def _any_events(chance: random.Random) -> list[bytes]:
    events = []
    for number in range(60):
        of: dict[str, Any] = {
            "plant": chance.choice(["north", "south"]), "line": chance.choice(["L1", "L2"]),
            "occurred_at": at(chance.randint(2, 29), chance.randint(0, 23)),
        }  # fmt: skip
        for name, values in (("function", "xyz"), ("defect_code", "abc"), ("interventions", "12")):
            if value := chance.choice([None, *values]):
                of[name] = value
        kind = chance.choice(KINDS)
        money_ = {"out_of_pocket": f"{chance.randint(1, 90_000)}.{chance.randint(0, 99):02}"}
        if kind == "stop":
            start = of.pop("occurred_at")
            events.append(stop(f"e{number}", start, start.replace(":00:00", ":47:00"), **of))
        elif kind == "defect":
            events.append(defect(f"e{number}", of.pop("occurred_at"), chance.randint(1, 9), **of))
        elif kind == "recovery":
            events.append(event(kind, f"e{number}", credit=chance.randint(1, 99), **of))
        else:
            events.append(event(kind, f"e{number}", **money_, **of))
    voided = chance.sample(range(60), 8)
    events += [
        event("correction", f"v{one}", corrects=f"e{one}", reason="wrong", occurred_at=at(29),
              **{n: json.loads(events[one])[n] for n in ("plant", "line")})
        for one in voided
    ]  # fmt: skip
    return events


@pytest.mark.parametrize("seed", range(3))
async def test_shares_add_up_and_totals_are_those_of_the_ledger(conn: Any, seed: int) -> None:
    await post_with_rates(
        conn, book(plant(), plant("south", currency="USD")), _any_events(random.Random(seed))
    )
    rates = await load(conn)
    ledger = {
        row["currency"]: row["net"]
        for row in await conn.fetch(
            "select currency, sum(net) as net from copq.ledger where category like '%failure' "
            "group by 1"
        )
    }
    found = await problems(conn, rates)
    rows = found.rows()
    assert {total.ranked.currency: total.net for total in found.totals} == ledger
    for total in found.totals:
        own = [row for row in rows if row.currency == total.ranked.currency]
        assert sum(row.cost for row in own) == total.ranked.cost == total.net - total.earned
        assert sum(row.interventions for row in own) == total.ranked.control.interventions
        assert own[-1].cumulative_share == 1
        assert abs(sum((row.share for row in own), D(0)) - 1) < D("1e-7")
    await the_entries_add_up_to_the_rows(conn, rates, rows)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        assert await recompute_entries(conn) == []
    largest = await answer_problems(conn, rates, ProblemsRequest(**JUNE), NOW, 2)
    assert largest.rows() == [row for row in rows if row in largest.rows()]
    assert [len([r for r in largest.rows() if r.currency == c]) for c in ("EUR", "USD")] == [2, 2]


async def test_the_rows_prove_to_be_those_of_the_events(conn: Any, rates: RateBook) -> None:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        assert await recompute_entries(conn) == []
    async with tampering(conn):
        await conn.execute("update copq.event_problem set function = 'it' where event_id = 'c1'")
        await conn.execute("delete from copq.event_problem where event_id = 'a1'")
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        found = await recompute_entries(conn)
    assert [(one.check, one.subject["event_id"]) for one in found] == [
        ("problem", "c1"), ("problem", "a1"),
    ]  # fmt: skip
