"""A portfolio of projects: sums, steps from the promise to what is validated, returns, totals."""

import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from copq.figures.portfolio import PortfolioAnswer, PortfolioRequest, answer_portfolio
from copq.figures.portfolio_project import EFFECTS, answer_project
from copq.improvement.projects.plan import BenefitType
from copq.improvement.savings.portfolio import STEPS
from copq.rates.store import load
from tests.support.building import book, store_rates
from tests.support.portfolio import (
    EVIDENCE,
    TWO_PLANTS,
    bridge,
    caps,
    claim,
    decided,
    judged,
    realised,
)
from tests.support.projects import item, propose
from tests.support.tampering import tampering

NOW = datetime.fromisoformat("2026-08-10T12:00:00+02:00")


async def portfolio(conn: Any, **asked: Any) -> PortfolioAnswer:
    return await answer_portfolio(conn, await load(conn), PortfolioRequest(**asked), NOW, None)


async def test_a_project_from_its_promise_to_what_is_validated(conn: Any) -> None:
    number = await caps(conn)
    await judged(conn, number, "eroding")
    found = await portfolio(conn)
    [row] = found.rows
    shown = row.as_json()
    assert [shown[name] for name in ("promised", "forecast", "gross", "realised", "claimed",
            "validated", "in_budget", "variance", "invested")] == [
        300, 300, 230, 200, 190, 70, 50, -230, 1200]  # fmt: skip
    assert [shown[name] for name in STEPS] == [-100, 30, -30, 0, -10, -10, 0, -110]
    assert (shown["first_reported"], shown["restated"]) == (95, 90)
    assert (shown["state"], shown["status"], shown["is_proven"]) == ("realised", "eroding", True)
    assert shown["realisation_rate"] == D("0.233333333")
    assert shown["roi"] == D("-0.941666667")
    assert shown["return_on_quality"] == D("0.166666667")
    assert (shown["payback"], shown["reasons"]["payback"]) == (
        None, "savings do not exceed the investment yet")  # fmt: skip
    assert (shown["promised_in_year"], shown["promised_run_rate"]) == (300, 0)
    assert (shown["in_year"], shown["run_rate"], shown["carry_over"]) == (70, 840, 280)
    assert shown["waits_since"] is not None
    assert (found.end, found.year_begins) == (date(2026, 8, 1), date(2026, 1, 1))


async def test_a_validated_month_that_saves_less_now_waits_for_finance(conn: Any) -> None:
    """May was validated at 70 of 90, and a correction leaves 60 of it; finance lowers it."""
    number = await caps(conn)
    async with tampering(conn):
        await conn.execute("delete from copq.project_claim where month = '2026-06-01'")
    [before] = (await portfolio(conn)).rows
    assert (before.as_json()["excess"], before.as_json()["waits_since"]) == (0, None)
    later = await conn.fetchval("select clock_timestamp()")
    await bridge(conn, number, "2026-05", 100, 60, later)
    await bridge(conn, number, "2026-05", 90, 50, later + timedelta(days=3))
    found = await portfolio(conn)
    assert (found.rows[0].as_json()["excess"], found.rows[0].as_json()["waits_since"]) == (
        20,
        later,
    )
    assert [total.as_json()["excess"] for total in found.totals] == [20, 20, 20]
    assert (await portfolio(conn, end="2026-05")).rows[0].as_json()["excess"] == 0
    one = await answer_project(conn, await load(conn), "north", "caps", "", NOW)
    assert {m.month: m.as_json([BenefitType.HARD])["excess"] for m in one.months} == {
        date(2026, 5, 1): 20, date(2026, 6, 1): None, date(2026, 7, 1): None,
    }  # fmt: skip


async def test_what_is_not_approved_or_cancelled_spends_nothing_more(conn: Any) -> None:
    await store_rates(conn, book())
    running = {"name": "service", "kind": "running", "amount": "50", "first_month": "2026-04"}
    for name in ("proposed", "cancelled"):
        await propose(conn, item(name, investments=[running]))
    await realised(conn, "cancelled", is_cancelled=True)
    rows = {row.facts.project.name: row.as_json() for row in (await portfolio(conn)).rows}
    assert rows["proposed"]["invested"] == 0
    assert rows["cancelled"]["invested"] == 200, "of April to July, and it is cancelled later"
    async with tampering(conn):
        await conn.execute(
            "update copq.project_step set taken_at = '2026-05-20' where what = 'cancel'"
        )
    [row] = [row for row in (await portfolio(conn)).rows if row.facts.project.name == "cancelled"]
    assert row.as_json()["invested"] == 100, "of April and May"
    async with tampering(conn):
        await conn.execute(
            "update copq.project_step set taken_at = '2026-06-01T03:00:00+02:00' "
            "where what = 'cancel'"
        )
    [row] = [row for row in (await portfolio(conn)).rows if row.facts.project.name == "cancelled"]
    assert row.as_json()["invested"] == 100, "the night shift of 31 May is still May's"


async def test_a_proposal_that_is_cancelled_expects_nothing(conn: Any) -> None:
    await store_rates(conn, book())
    await propose(conn, item())
    assert (await portfolio(conn)).rows[0].as_json()["forecast"] == 300
    await conn.execute(
        "insert into copq.project_step (project, step, what, state, taken_by, why) "
        "values (1, 2, 'cancel', 'cancelled', 'olga', 'no money')"
    )
    assert (await portfolio(conn)).rows[0].as_json()["forecast"] == 0


async def test_types_are_apart_and_count_only_where_asked(conn: Any) -> None:
    number = await caps(conn)
    soft = await claim(conn, number, "2026-05", 5, BenefitType.SOFT)
    await decided(conn, soft, "accepted", 5)
    [hard] = (await portfolio(conn)).rows
    assert (hard.figures.counted.validated, hard.as_json()["other_types"]) == (70, -5)
    both = await portfolio(conn, count="soft,hard")
    assert both.rows[0].figures.counted.validated == 75
    assert both.rows[0].as_json()["other_types"] == 0
    assert "count hard and soft savings" in both.query.basis
    types = {row["type"]: row for row in both.types_json() if row["project"]}
    assert (types["soft"]["promised"], types["soft"]["validated"]) == (0, 5)
    assert types["hard"]["validated"] == 70
    only = await portfolio(conn, type="soft")
    assert only.rows[0].figures.counted.validated == 5
    assert {row["type"] for row in only.types_json()} == {"soft"}


async def test_months_bound_the_sums_and_returns_are_of_all_months_before_the_end(
    conn: Any,
) -> None:
    await caps(conn)
    [june] = (await portfolio(conn, start="2026-06", end="2026-07")).rows
    shown = june.as_json()
    assert (shown["promised"], shown["realised"], shown["claimed"]) == (100, 110, 110)
    assert (shown["validated"], shown["invested"]) == (0, 0)
    assert shown["roi"] == D("-0.941666667")
    assert shown["reasons"]["return_on_quality"] == "nothing was invested in these months"
    [april] = (await portfolio(conn, end="2026-05")).rows
    assert april.as_json()["realised"] is None
    assert april.as_json()["reasons"]["realised"] == "no month is measured yet"


async def test_a_claim_that_is_raised_waits_for_the_difference(conn: Any) -> None:
    number = await caps(conn)
    await claim(conn, number, "2026-05", 85)
    [row] = (await portfolio(conn, end="2026-06")).rows
    steps = row.figures.waterfall.steps
    assert (steps["reduced"], steps["waiting"], row.figures.counted.validated) == (-10, -5, 70)


async def test_totals_by_plant_and_owner_never_add_currencies(conn: Any) -> None:
    await caps(conn)
    await propose(conn, item("lids", owner="otto"), item("jars", plant="south", currency="USD"))
    found = await portfolio(conn)
    assert [(one.by, one.name, one.currency, one.projects) for one in found.totals] == [
        ("all", None, "EUR", 2), ("all", None, "USD", 1), ("owner", "olga", "EUR", 1),
        ("owner", "olga", "USD", 1), ("owner", "otto", "EUR", 1), ("plant", "north", "EUR", 2),
        ("plant", "south", "USD", 1),
    ]  # fmt: skip
    of = {(one.by, one.name, one.currency): one.figures for one in found.totals}
    assert of["all", None, "EUR"].counted.promised == 300
    assert of["all", None, "EUR"].counted.forecast == 600
    assert of["owner", "otto", "EUR"].counted.promised == 0
    assert of["all", None, "EUR"].invested == 1200, "what is proposed spends nothing yet"
    assert [row.facts.project.name for row in (await portfolio(conn, owner="otto")).rows] == [
        "lids"
    ]


async def test_savings_are_discoveries_of_the_portfolio_that_is_asked_for(conn: Any) -> None:
    """Of two tested ones, the smaller needs 20 : 1 and the larger 40 : 1 at a rate of 5 %."""
    await store_rates(conn, book(*TWO_PLANTS))
    await propose(conn, item(), item("lids", owner="otto"), item("new"))
    for name, odds in (("caps", 30), ("lids", 15)):
        await judged(conn, await realised(conn, name), "holding", odds=odds)

    async def named(**asked: Any) -> dict[str, bool | None]:
        rows = (await portfolio(conn, **asked)).rows
        return {row.facts.project.name: row.as_json()["is_discovery"] for row in rows}

    assert await named() == {"caps": False, "lids": False, "new": None}
    assert await named(false_discoveries="0.07") == {"caps": True, "lids": True, "new": None}
    assert await named(owner="olga") == {"caps": True, "new": None}, "one hypothesis, not two"
    shown = (await portfolio(conn, false_discoveries="0.07")).as_json()["discoveries"]
    assert (shown["rate"], shown["tested"], shown["named"]) == (D("0.07"), 2, 2)
    assert "2 of 2 tested savings are discoveries" in shown["basis"]
    assert "at most 7 % saved nothing" in shown["basis"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"plant": "nroth"}, 'plant "nroth" is not in the rate book'),
        ({"owner": "olag"}, '"olag" is none of olga'),
        ({"type": "firm"}, '"firm" is none of hard, avoidance, working_capital, soft'),
        ({"count": "hard,sfot"}, 'did you mean "soft"'),
        ({"false_discoveries": "2"}, 'false_discoveries is "2": write a share above 0'),
        ({"false_discoveries": "few"}, "write a share above 0 and below 1, such as 0.05"),
        ({"start": "2026-13"}, '"2026-13" is not a date'),
        ({"start": "2026-05-02"}, "is within a month"),
        ({"start": "2026-05", "end": "2026-05"}, "must be after from"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    conn: Any, asked: dict[str, str], words: str
) -> None:
    await store_rates(conn, book(*TWO_PLANTS))
    await propose(conn, item())
    with pytest.raises(ValueError, match=words):
        await portfolio(conn, **asked)


async def test_one_project_shows_each_month_as_its_steps_add_up(conn: Any) -> None:
    number = await caps(conn)
    await judged(conn, number, "holding")
    found = await answer_project(conn, await load(conn), "north", "caps", "", NOW)
    months = {one["month"]: one for one in found.table()}
    assert list(months) == ["2026-05", "2026-06", "2026-07"]
    may = months["2026-05"]
    assert [may[name] for name in ("net", "first_reported", "promised", "claimed", "validated")
            ] == [90, 95, 100, 80, 70]  # fmt: skip
    assert may["actual"] - may["baseline"] == sum(may[name] for name in EFFECTS)
    assert (may["decisions"], months["2026-06"]["decisions"]) == (["reduced"], [])
    assert months["2026-07"]["net"] is None
    shown = found.as_json()
    assert shown["frozen"]["sha256"] == hashlib.sha256(EVIDENCE.encode()).hexdigest()
    assert [step["what"] for step in shown["steps"]] == [
        "propose",
        "size",
        "approve",
        "start",
        "realise",
    ]
    assert shown["verdict"]["status"] == "holding"
    [row] = (await portfolio(conn)).rows
    assert shown["money"] == row.figures.as_json()
    with pytest.raises(ValueError, match='did you mean "caps"'):
        await answer_project(conn, await load(conn), "north", "cap", "", NOW)
