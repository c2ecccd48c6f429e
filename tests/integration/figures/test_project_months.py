"""Months of approved projects, kept next to the service: what changes them, and what does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.command_line.commands.finance.projects import app
from copq.database.connections import DatabaseRole, act_as
from copq.figures import project_cells, project_keeping, project_refresh
from copq.figures.books import Books
from copq.figures.bridge_answer import TABLES, BridgeAnswer, BridgeRequest, answer_bridge
from copq.figures.portfolio import PortfolioRequest, answer_portfolio
from copq.figures.project_baseline import measure_baseline
from copq.figures.project_months import PlantMonths, first_versions, newest_versions
from copq.figures.project_refresh import Refreshed, Seen, refresh
from copq.figures.project_watch import watched_projects
from copq.figures.verify import verify
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import RULES, Step
from copq.improvement.savings.bridge import Effect
from copq.ledger.difference import Difference
from copq.projects.accounts import add_substitute, decide
from copq.projects.approving import approve
from copq.projects.order import Order
from copq.projects.savings import Verdict, claim, validate
from copq.projects.sizing import size
from copq.projects.store import Project, ProjectError
from copq.rates.store import import_rates, load
from copq.schemas.rates import RateFile
from copq.summary.keeping import bring_up_to_date
from tests.support.building import (
    book,
    defect,
    event,
    post_events,
    post_with_rates,
    production,
    rates,
    stop,
)
from tests.support.patience import PATIENCE_S
from tests.support.portfolio import closed
from tests.support.projects import CARLA, OLGA, item, propose
from tests.support.tampering import tampering

D = Decimal
APPROVED = datetime.fromisoformat("2026-04-10T12:00:00+02:00")
NOW = datetime.fromisoformat("2026-07-03T12:00:00+02:00")
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


async def approved(conn: Any, name: str = "caps", **more: Any) -> Project:
    await propose(conn, item(name, **{"starts": "2026-05-01", **more}))
    await size(conn, "north", name, await load(conn), measure_baseline, Order(OLGA), APPROVED)
    return (await approve(conn, "north", name, measure_baseline, Order(CARLA, "pays"), APPROVED))[0]


def history() -> list[bytes]:
    """Each day of the first quarter L1 makes 100 and rejects 10, and each third day of May and June
    100 and 5; a reject costs 10."""
    start = date(2026, 1, 1)
    events = []
    for number in range(181):
        day = start + timedelta(days=number)
        if day.month == 4 or (day.month > 4 and day.day % 3):
            continue
        rejected = 10 if day.month < 4 else 5
        at = f"{day}T12:00:00+02:00"
        events += [production(f"p{number}", at), defect(f"d{number}", at, rejected,
                                                        defect_code="LEAK")]  # fmt: skip
    return events


@pytest.fixture
async def service(database: str) -> AsyncIterator[Any]:
    conn = await asyncpg.connect(database)
    await act_as(conn, DatabaseRole.AGGREGATOR)
    yield conn
    await conn.close()


async def refreshed(service: Any, now: datetime = NOW, *, at_once: bool = False) -> Refreshed:
    await bring_up_to_date(service)
    found = await refresh(service, Books(), now, at_once=at_once)
    assert found is not None
    return found


async def take_steps(conn: Any, project: Project, *steps: tuple[str, str]) -> None:
    """Steps as if they had been taken at noon of these days."""
    for what, day in steps:
        await conn.execute(
            "insert into copq.project_step (project, step, what, state, taken_by, why, taken_at) "
            "select $1, max(step) + 1, $2, $3, 'carla', 'as agreed', $4 from copq.project_step "
            "where project = $1", project.id, what, str(RULES[Step(what)].target),
            datetime.fromisoformat(f"{day}T12:00:00+02:00"),
        )  # fmt: skip


async def test_a_month_is_bridged_from_the_frozen_baseline(conn: Any, service: Any) -> None:
    """A month of the baseline has 3,000 units and 300 rejects; May 1,000 units and 50."""
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    done = await refreshed(service)
    assert (done.projects, done.days_priced, done.months) == (1, 90 + 20, 2)
    months = await newest_versions(conn, project.id)
    assert sorted(months) == [MAY, JUNE]
    may = months[MAY].figures
    assert (may.baseline, may.actual, may.volume, may.performance) == (3000, 500, -2000, -500)
    assert (may.mix, may.rates, may.non_routine, may.without_baseline) == (0, 0, 0, 0)
    assert (may.gross, may.net, may.residual, may.days) == (500, 500, 0, 10)
    assert may.low is None and await verify(conn) == []
    [said] = await conn.fetch("select * from copq.project_verdict")
    assert (said["until"], said["is_proven"], said["status"]) == (
        date(2026, 6, 30), True, "holding",
    )  # fmt: skip
    assert "was proven after" in json.loads(said["figures"])["words"]


async def test_a_second_refresh_prices_no_event_and_computes_no_month(
    conn: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post_with_rates(conn, book(), history())
    await approved(conn)
    await refreshed(service)

    async def priced(*_: Any) -> None:
        pytest.fail("an event was priced")

    monkeypatch.setattr(project_cells, "price_plans", priced)
    assert await refreshed(service) == Refreshed(projects=1)
    await post_events(conn, await load(conn), [defect("x", "2026-05-03T12:00:00+02:00", line="L2")])
    again = await refreshed(service)
    assert again == Refreshed(projects=1, days_looked_at=1)
    assert await refreshed(service) == Refreshed(projects=1)


async def test_the_service_leaves_out_a_plant_where_nothing_has_changed(
    conn: Any, service: Any
) -> None:
    """It asks nothing about single projects; an entry, a step and a new day count as changes."""
    await post_with_rates(conn, book(), history())
    project, seen, books = await approved(conn), Seen(), Books()

    async def measured(now: datetime = NOW) -> Refreshed:
        await bring_up_to_date(service)
        done = await refresh(service, books, now, seen=seen)
        assert done is not None and done.projects == 1
        return done

    assert (await measured()).months == 2
    queries: list[str] = []
    service.add_query_logger(lambda record: queries.append(record.query))
    assert await measured() == Refreshed(projects=1)
    assert not [query for query in queries if "project_day" in query or "project_month" in query]
    await post_events(conn, await load(conn), [defect("late", "2026-05-01T12:00:00+02:00", 7)])
    assert (await measured()).days_priced == 1
    assert await measured() == Refreshed(projects=1)
    await take_steps(conn, project, ("start", "2026-06-29"))
    assert (await measured()).months == 2
    queries.clear()
    await measured(NOW + timedelta(days=1))
    assert [query for query in queries if "project_day" in query]


async def test_days_are_tested_once_a_day_though_no_figure_changes(conn: Any, service: Any) -> None:
    """A loss of nothing changes a day and no figure: the day's entries are more than before."""
    await post_with_rates(conn, book(), history())
    await approved(conn)
    assert (await refreshed(service)).tests == 1
    at = "2026-05-03T12:00:00+02:00"
    void = event("correction", "v", occurred_at=at, corrects="late", reason="counted twice")
    await post_events(conn, await load(conn), [defect("late", at, 3), void])
    again = await refreshed(service, at_once=True)
    assert (again.days_priced, again.tests) == (1, 1)
    assert (await refreshed(service, at_once=True)).tests == 0, "it was tested, with one result"
    assert await conn.fetchval("select count(*) from copq.project_verdict") == 1
    await post_events(conn, await load(conn), [defect("later", at, 1)])
    again = await refreshed(service)
    assert (again.days_priced, again.tests) == (1, 0), "it was tested on this day"
    tomorrow = NOW + timedelta(days=1)
    assert [(await refreshed(service, tomorrow)).tests for _ in range(2)] == [1, 0]


async def test_late_events_corrections_and_repricing_restate_a_month(
    conn: Any, service: Any
) -> None:
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    await refreshed(service)
    await closed(conn, "2026-05", await conn.fetchval("select clock_timestamp()"))
    newest = await load(conn)
    may_3 = "2026-05-03T13:00:00+02:00"
    await post_events(conn, newest, [defect("late", may_3, 3)])
    done = await refreshed(service)
    assert (done.days_priced, done.months) == (1, 1)
    void = event("correction", "v", occurred_at=may_3, corrects="late", reason="counted twice")
    await post_events(conn, newest, [void, defect("late2", "2026-06-03T13:00:00+02:00", 1)])
    done = await refreshed(service)
    assert (done.days_priced, done.months) == (2, 2)
    versions = await conn.fetch(
        "select month, version, gross from copq.project_month order by month, version"
    )
    assert [tuple(row) for row in versions] == [
        (MAY, 1, 500), (MAY, 2, 470), (MAY, 3, 500), (JUNE, 1, 500), (JUNE, 2, 490),
    ]  # fmt: skip
    first, restated = (
        await first_versions(conn, project.id),
        await newest_versions(conn, project.id),
    )
    assert {month: one.number for month, one in first.items()} == {MAY: 1}
    assert {month: one.number for month, one in restated.items()} == {MAY: 3, JUNE: 2}


async def test_other_rates_are_no_saving(conn: Any, service: Any) -> None:
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    table = rates().cost_tables[0]
    stages = tuple(s.model_copy(update={"labour_overhead": D(16)}) for s in table.stages[1:])
    dear = table.model_copy(update={
        "stages": (table.stages[0], *stages),
        "effective_from": datetime.fromisoformat("2026-07-01T00:00:00+02:00"),
    })  # fmt: skip
    await import_rates(conn, RateFile(cost_tables=(dear,)), "rates", "finance")
    at = "2026-07-02T12:00:00+02:00"
    await post_events(conn, await load(conn), [production("j", at), defect("jd", at, 5)])
    await refreshed(service, datetime.fromisoformat("2026-08-01T12:00:00+02:00"))
    july = (await newest_versions(conn, project.id))[date(2026, 7, 1)].figures
    assert (july.actual, july.rates, july.volume, july.gross) == (100, 50, -2900, 50)


async def test_decisions_of_finance_change_the_months_that_they_are_of(
    conn: Any, service: Any
) -> None:
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    await refreshed(service)
    number = await conn.fetchval(
        "insert into copq.project_non_routine (project, month, amount, reason, evidence, set_by) "
        "values ($1, '2026-05-01', 120.50, 'flood', 'report 7', 'olga') returning number",
        project.id,
    )
    assert (await refreshed(service)).months == 0
    await conn.execute(
        "insert into copq.project_decision (kind, number, project, decision, decided_by, note) "
        "values ('non_routine', $1, $2, 'accepted', 'carla', 'seen')", number, project.id,
    )  # fmt: skip
    done = await refreshed(service)
    assert (done.days_looked_at, done.months) == (0, 2)
    newest = await newest_versions(conn, project.id)
    assert [newest[m].number for m in (MAY, JUNE)] == [2, 1]
    assert (newest[MAY].figures.non_routine, newest[MAY].figures.gross) == (
        D("120.50"),
        D("620.50"),
    )
    assert done.tests == 1, "a decision does not wait for the next day"
    before, after = [
        json.loads(row["figures"])
        for row in await conn.fetch("select figures from copq.project_verdict order by number")
    ]
    assert before["share"] == pytest.approx(0.5)
    assert after["share"] == pytest.approx((500 + 620.50) / 2000), "as both bridges have it"


async def test_projects_that_share_losses_divide_them(conn: Any, service: Any) -> None:
    """`leaks` has all that `caps` has; the second one makes the days of the first be read again."""
    await post_with_rates(conn, book(), history())
    caps = await approved(conn)
    await refreshed(service)
    leaks = await approved(conn, "leaks", scope={"defect_code": ["LEAK"], "line": ["L1"]})
    done = await refreshed(service)
    assert done.days_priced == 110 + 110
    both = [(await newest_versions(conn, p.id))[MAY].figures for p in (caps, leaks)]
    assert [(one.gross, one.overlap, one.net) for one in both] == [(500, 250, 250)] * 2
    await conn.execute(
        "insert into copq.project_share (plant, from_month, shares, set_by, why) values "
        "('north', '2026-06-01', $1, 'carla', 'agreed')",
        json.dumps({str(caps.id): "0.8", str(leaks.id): "0.2"}),
    )
    await refreshed(service)
    nets = {
        month: [(await newest_versions(conn, p.id))[month].figures.net for p in (caps, leaks)]
        for month in (MAY, JUNE)
    }
    assert nets == {MAY: [250, 250], JUNE: [400, 100]}


async def test_projects_in_different_currencies_share_nothing(conn: Any) -> None:
    await post_with_rates(conn, book(), history())
    await approved(conn)
    leaks = await approved(conn, "leaks")
    assert all(one.others for one in await watched_projects(conn, await load(conn)))
    async with tampering(conn):
        await conn.execute(
            "update copq.project_plan set content = replace(content::text, 'EUR', 'CHF')::jsonb "
            "where project = $1", leaks.id,
        )  # fmt: skip
    assert not any(one.others for one in await watched_projects(conn, await load(conn)))


async def test_a_step_during_a_refresh_counts_in_the_next_one(
    conn: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing says that it follows from a step that was taken after the projects were read."""
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    keep_days = project_keeping.keep_days

    async def meanwhile(*arguments: Any) -> Any:
        await take_steps(
            conn, project, ("start", "2026-05-02"), ("realise", "2026-05-31"),
            ("lapse", "2026-06-10"),
        )  # fmt: skip
        return await keep_days(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(project_refresh, "keep_days", meanwhile)
        await refreshed(service)
    assert (await newest_versions(conn, project.id))[JUNE].figures.days == 10
    done = await refreshed(service)
    assert (done.months, done.tests) == (2, 1)
    assert (await newest_versions(conn, project.id))[JUNE].figures.days < 10


async def test_a_substitute_that_is_decided_during_a_refresh_is_in_the_baseline(
    conn: Any, service: Any
) -> None:
    without_units = defect("l2", "2026-02-02T12:00:00+01:00", 3, line="L2", defect_code="LEAK")
    await post_with_rates(conn, book(), [*history(), without_units])
    await approved(conn, scope={"defect_code": ["LEAK"]})
    await refreshed(service)
    months = PlantMonths(conn, await watched_projects(conn, await load(conn)))
    [one] = months.found
    before = sum((await months.baseline_days(one)).lost)
    number = await add_substitute(
        conn, "north", "caps", ("L2", "widget"), ("L1", "widget"), Order(OLGA, "the same machine")
    )
    await decide(conn, "north", "caps", "substitute", number, "accept", Order(CARLA, "seen"))
    months.forget_decisions()
    assert sum((await months.baseline_days(one)).lost) == before + 30


async def of_projects(conn: Any) -> list[Difference]:
    return [found for found in await verify(conn) if found.check.startswith("project")]


async def test_a_month_that_can_no_longer_be_compared_has_no_saving(
    conn: Any, service: Any
) -> None:
    """Losses in dollars are found in May; later nothing is left of them."""
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    await take_steps(conn, project, ("start", "2026-05-02"))
    await refreshed(service)
    await closed(conn, "2026-05", await conn.fetchval("select clock_timestamp()"))
    hard, olga = BenefitType.HARD, Order(OLGA)
    await claim(conn, "north", "caps", MAY, hard, None, olga)
    await validate(conn, "north", "caps", MAY, hard, Verdict("accept"), Order(CARLA))

    async def may_has(*currencies: str) -> None:
        await conn.execute(
            "update copq.project_day set other_currencies = $1, computed_at = clock_timestamp() "
            "where day = '2026-05-03'", currencies,
        )  # fmt: skip
        await refreshed(service)

    async def shown() -> tuple[Any, ...]:
        answer = await answer_portfolio(conn, newest, PortfolioRequest(), NOW, None)
        [row] = answer.table()
        return row["realised"], row["first_reported"], row["restated"], row["excess"]

    newest = await load(conn)
    assert await shown() == (1000, 500, 500, 0)
    await may_has("USD")
    [may, june] = (await newest_versions(conn, project.id)).values()
    assert (may.number, may.known, june.number) == (2, None, 1)
    assert may.reason == "2026-05 has losses in USD, the project is in EUR"
    assert await shown() == (500, 500, 0, 500)
    with pytest.raises(ProjectError, match="has no bridge of 2026-05 any more: 2026-05 has losses"):
        await claim(conn, "north", "caps", MAY, hard, None, olga)
    [named] = await of_projects(conn)
    assert (named.check, named.expected) == ("project_validation", {"net": None})
    wanted = BridgeRequest(plant="north", project="caps")
    [first, _] = (await answer_bridge(conn, Books(), newest, wanted, NOW)).months
    assert (first.figures, first.as_json()["reason"]) == (None, may.reason)
    assert first.as_json()["first_reported_net"] == 500
    reject = Verdict("reject")
    await validate(conn, "north", "caps", MAY, hard, reject, Order(CARLA, "not comparable"))
    assert await of_projects(conn) == []
    await may_has()
    assert (await newest_versions(conn, project.id))[MAY].number == 3
    assert await shown() == (1000, 500, 500, 0)


async def test_between_a_lapse_and_its_reopening_a_project_does_not_run(
    conn: Any, service: Any
) -> None:
    """`caps` runs until 12 May, from 10 to 20 June, and from July on; `leaks` always. A day saves
    50."""
    await post_with_rates(conn, book(), history())
    caps, leaks = [await approved(conn, "caps"), await approved(conn, "leaks")]
    await take_steps(conn, caps, ("start", "2026-05-02"), ("realise", "2026-05-02"),
                     ("lapse", "2026-05-12"), ("reopen", "2026-06-10"), ("realise", "2026-06-11"),
                     ("lapse", "2026-06-20"))  # fmt: skip
    await refreshed(service)

    async def figures(month: date) -> list[tuple[int, D, D]]:
        found = [(await newest_versions(conn, p.id))[month].figures for p in (caps, leaks)]
        return [(one.days, one.gross, one.net) for one in found]

    assert await figures(MAY) == [(4, 200, 100), (10, 500, 400)]
    assert await figures(JUNE) == [(3, 150, 75), (10, 500, 425)]
    newest = await load(conn)

    async def asked(month: str, now: datetime = NOW) -> BridgeAnswer:
        request = BridgeRequest(plant="north", project="caps", month=month)
        return await answer_bridge(conn, Books(), newest, request, now)

    assert {one.day.day for one in (await asked("2026-06")).entries} == {12, 15, 18}
    with pytest.raises(ValueError, match="does not run in 2026-07: it runs from 2026-05-01 to "
                       "2026-05-12, from 2026-06-10 to 2026-06-20"):  # fmt: skip
        await asked("2026-07")
    await take_steps(conn, caps, ("reopen", "2026-08-03"))
    august = ("2026-07-15T12:00:00+02:00", "2026-08-12T12:00:00+02:00")
    await post_events(conn, newest, [production(f"q{n}", at) for n, at in enumerate(august)])
    await refreshed(service, datetime.fromisoformat("2026-09-03T12:00:00+02:00"))
    assert [m.month for m in sorted(await newest_versions(conn, caps.id))] == [5, 6, 8]
    assert await verify(conn) == []


async def test_a_bridge_opens_down_to_entries(database: str, conn: Any, service: Any) -> None:
    """From July on a reject costs 20; 10 of its 15 are at the frozen rates."""
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    dear = rates().line_rates[0].model_copy(update={
        "rate_per_minute": D(6),
        "effective_from": datetime.fromisoformat("2026-07-01T00:00:00+02:00"),
    })  # fmt: skip
    await import_rates(conn, RateFile(line_rates=(dear,)), "rates", "finance")
    await post_events(conn, await load(conn), [
        stop("s", "2026-07-02T12:00:00+02:00", "2026-07-02T12:10:00+02:00"),
        defect("j", "2026-07-02T12:00:00+02:00", 1),
        production("p", "2026-07-02T12:00:00+02:00", 40),
    ])  # fmt: skip
    await refreshed(service)
    newest = await load(conn)

    async def asked(**request: Any) -> BridgeAnswer:
        wanted = BridgeRequest(plant="north", project="caps", **request)
        return await answer_bridge(conn, Books(), newest, wanted, NOW)

    found = await asked(month="2026-07")
    assert [one.version and one.version.number for one in found.months] == [1, 1, None]
    july = found.months[-1].figures
    assert july is not None
    assert (july.actual, july.rates, july.gross, july.without_baseline) == (70, 40, 10, 0)
    assert sum(one.booked for one in found.entries) == july.actual
    assert sum(-one.difference for one in found.entries) == july.rates
    for effect in Effect:
        assert sum(cell.row[effect] for cell in found.cells) == getattr(july, effect)
    of_baseline = await asked(month="baseline")
    assert sum(one.booked for one in of_baseline.entries) == 3 * july.baseline
    for table in TABLES:
        answer = await asked(month="2026-05", table=table)
        assert all(set(row) == set(answer.columns) for row in answer.table())
    for request, says in [
        ({"month": "2026-03"}, "starts on 2026-05-01"), ({"table": "cells"}, "name the month"),
        ({"month": "june"}, "june"), ({"table": "x"}, "x"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=says):
            await asked(**request)
    with pytest.raises(ValueError, match='no project of north has the name "cap"'):
        await answer_bridge(conn, Books(), newest, BridgeRequest(plant="north", project="cap"), NOW)
    await propose(conn, item("later", starts="2026-05-01"))
    with pytest.raises(ValueError, match="it has bridges once it is approved"):
        await answer_bridge(
            conn, Books(), newest, BridgeRequest(plant="north", project="later"), NOW
        )
    assert project.name == "caps"


async def test_commands_refresh_and_show_the_months(database: str, conn: Any) -> None:
    await post_with_rates(conn, book(), history())
    await approved(conn)

    async def run(*arguments: str) -> str:
        options = ["--database", database]
        done = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, *options])
        assert done.exit_code == 0, done.output
        return done.output

    assert "Measure them with: copq projects refresh" in await run("bridge", "north", "caps")
    assert "1 project: 110 days priced again, " in await run("refresh")
    assert json.loads(await run("refresh", "--json"))["days_priced"] == 0
    shown = await run("bridge", "north", "caps", "--month", "2026-06")
    assert "3,000.00" in shown and "By line and product" in shown and "d153#1" in shown, shown
    found = json.loads(await run("bridge", "north", "caps", "--json"))
    assert {one["residual"] for one in found["months"]} == {"0"}
    csv = await run("bridge", "north", "caps", "--csv")
    assert csv.startswith("month,days,baseline,volume,mix,rates,non_routine,without_baseline")


async def test_verify_names_what_the_ledger_does_not_make(conn: Any, service: Any) -> None:
    await post_with_rates(conn, book(), history())
    await approved(conn)
    await refreshed(service)
    assert await verify(conn) == []
    await conn.execute(
        "update copq.project_cell set at_frozen_rates = 7 where day = '2026-05-03' and booked > 0"
    )
    cell, month = await verify(conn)
    assert (cell.check, cell.subject["day"], cell.subject["line"]) == (
        "project_cell", date(2026, 5, 3), "L1",
    )  # fmt: skip
    assert cell.expected is not None and cell.expected["at_frozen_rates"] == 50
    assert (month.check, month.subject["month"]) == ("project_month", MAY)
    assert month.found is not None and month.found["gross"] == 500


async def test_one_process_measures_at_a_time(database: str, conn: Any, service: Any) -> None:
    await post_with_rates(conn, book(), history())
    await conn.execute("select pg_advisory_lock(hashtextextended('copq.projects', 0))")
    assert await refresh(service, Books(), NOW) is None


async def test_it_goes_on_where_it_was_interrupted(
    conn: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post_with_rates(conn, book(), history())
    project = await approved(conn)
    whole, parts = project_keeping._keep, 0

    async def twice(*arguments: Any) -> None:
        nonlocal parts
        parts += 1
        if parts > 2:
            raise ConnectionError("gone")
        await whole(*arguments)

    monkeypatch.setattr(project_keeping, "_keep", twice)
    with pytest.raises(ConnectionError):
        await refreshed(service)
    monkeypatch.setattr(project_keeping, "_keep", whole)
    assert (await refreshed(service)).days_priced == 110 - 2 * project_keeping.AT_ONCE
    assert (await newest_versions(conn, project.id))[MAY].figures.gross == 500


async def test_a_fault_in_one_plant_stops_neither_the_others_nor_the_service(
    database: str, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bring_up_to_date(service)
    watched = [SimpleNamespace(project=SimpleNamespace(plant=name)) for name in "abc"]
    seen: list[str] = []
    twice = asyncio.Event()

    async def measure(conn: Any, books: Any, newest: Any, own: Any, *_: Any, **__: Any) -> None:
        seen.append(own[0].project.plant)
        if len(seen) > 6:
            twice.set()
        if seen[-1] == "b":
            raise ZeroDivisionError("a fault of ours")

    async def all_watched(*_: Any) -> Any:
        return watched

    monkeypatch.setattr(project_refresh, "watched_projects", all_watched)
    monkeypatch.setattr(project_refresh, "_refresh_plant", measure)
    monkeypatch.setattr(project_refresh, "AGAIN_S", 0.01)
    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        await refresh(service, Books(), NOW)
    assert seen == ["a", "b", "c"]
    task = asyncio.create_task(project_refresh.keep_measuring(database))
    async with asyncio.timeout(PATIENCE_S):
        await twice.wait()
    assert not task.done()
    task.cancel()
