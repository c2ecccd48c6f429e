"""The evidence of a project: tested once, kept, and the same by answer, command and API."""

import asyncio
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.command_line.commands.finance.projects import app
from copq.figures.evidence_answer import (
    COLUMNS,
    PARTS,
    EvidenceAnswer,
    EvidenceRequest,
    answer_evidence,
)
from copq.figures.project_baseline import measure_baseline
from copq.projects.approving import approve
from copq.projects.order import Order
from copq.projects.sizing import size
from copq.rates.store import load
from copq.reporting.board.pages.evidence import evidence_part
from tests.support.building import book, defect, post_with_rates, production
from tests.support.improvement.measured_projects import measure_months
from tests.support.projects import CARLA, OLGA, item, propose
from tests.support.reporting.api.asking import Api

APPROVED = datetime.fromisoformat("2026-04-30T12:00:00+02:00")
NOW = datetime.fromisoformat("2026-12-01T12:00:00+01:00")
D = Decimal


def history() -> list[bytes]:
    """Each day from January to November both lines make 100 and reject about 10; from May on L1
    about 5. A reject costs 10."""
    found, start = [], date(2026, 1, 1)
    for number in range(334):
        day = start + timedelta(days=number)
        for line in ("L1", "L2"):
            usual = 5 if line == "L1" and day.month > 4 else 10
            at, name = f"{day}T12:00:00+02:00", f"{line}-{number}"
            lost = usual + number % 3 - 1
            found += [
                production(f"p{name}", at, line=line),
                defect(f"d{name}", at, lost, line=line, defect_code="LEAK"),
            ]
    return found


@pytest.fixture
async def tested(conn: Any, database: str) -> None:
    await post_with_rates(conn, book(), history())
    await propose(conn, item("caps", starts="2026-05-01"))
    await size(conn, "north", "caps", await load(conn), measure_baseline, Order(OLGA), APPROVED)
    await approve(conn, "north", "caps", measure_baseline, Order(CARLA, "pays"), APPROVED)
    await measure_months(database, NOW)


async def evidence(conn: Any, most: int | None = None) -> EvidenceAnswer:
    request = EvidenceRequest(plant="north", project="caps")
    return await answer_evidence(conn, await load(conn), request, NOW, most)


async def test_a_project_shows_its_verdict_and_all_that_explains_it(
    tested: None, conn: Any, database: str, api: Api
) -> None:
    answer = await evidence(conn)
    found = answer.as_json()
    verdict = found["verdict"]
    assert (verdict["verdict"], verdict["status"], verdict["is_provisional"]) == (
        "proven", "holding", True,
    )  # fmt: skip
    assert (verdict["days"], found["tested_until"]) == (214, date(2026, 11, 30))
    assert verdict["share"] == pytest.approx(D("0.5"), abs=D("0.01"))
    assert verdict["saving_low"] < verdict["saving"] < verdict["saving_high"]
    assert verdict["proven_on"] == "2026-05-07" and verdict["e_value"] == "more than a million : 1"
    assert [found[name]["reason"] for name in PARTS] == [None] * len(PARTS)
    assert found["regression"]["step"]["value"] == pytest.approx(D("0.5"), abs=D("0.02"))
    assert [one["first"] for one in found["levels"]["periods"]] == ["2026-01-01", "2026-05-01"]
    assert (found["placebo"]["scopes"], found["placebo"]["at_least_as_large"]) == (1, 0)
    assert found["placebo"]["others"][0]["name"] == "line L2"
    assert "With fewer than 19" in found["placebo"]["words"]
    assert len(found["forecast"]["months"]) == 6
    assert all(found[name]["assumes"] for name in (*PARTS, "verdict"))
    rows = answer.table()
    assert len(rows) == 90 + 214 and set(rows[0]) == set(COLUMNS)
    assert sum(row["lost"] for row in rows if not row["is_baseline"]) == D(10690)
    assert [len((await evidence(conn, 7)).as_json()["days"]), found["days_total"]] == [7, 304]

    page = evidence_part(answer)
    weeks, odds, average = (one["plot"] for one in page["charts"])
    for plot in (weeks, odds, average):
        assert {len(one["values"]) for one in plot["series"]} == {len(plot["steps"])}
    assert [len(one["steps"]) for one in (odds, average)] == [214, 214]
    assert (len(page["parts"]), [row.name.text for row in page["placebos"].rows]) == (
        len(PARTS), ["the project", "line L2"],
    )  # fmt: skip

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(
            app, ["evidence", "north", "caps", "--database", database, *arguments]
        )
        assert done.exit_code == 0, done.output
        return done.output

    shown = await asyncio.to_thread(run)
    assert verdict["words"] in " ".join(shown.split()) and "Forecast, EUR" in shown
    printed = json.loads(await asyncio.to_thread(run, "--json"))
    by_api = await api.get("/v1/projects/north/caps/evidence")
    assert {**printed, "at": ""} == {**by_api, "at": ""}
    csv = await api.client.get("/v1/projects/north/caps/evidence", params={"format": "csv"})
    assert csv.text.splitlines() == (await asyncio.to_thread(run, "--csv")).splitlines()
    assert len(csv.text.splitlines()) == 305


async def test_what_is_not_tested_says_why(conn: Any, database: str) -> None:
    await post_with_rates(conn, book(), history()[:600])
    await propose(conn, item("caps", starts="2026-05-01"))
    found = (await evidence(conn)).as_json()
    assert (found["verdict"], found["days"]) == (None, [])
    assert found["reason"] == "it is proposed: its days are tested once it is approved"
    await size(conn, "north", "caps", await load(conn), measure_baseline, Order(OLGA), APPROVED)
    await approve(conn, "north", "caps", measure_baseline, Order(CARLA, "pays"), APPROVED)
    await measure_months(database, APPROVED)
    assert (await evidence(conn)).reason == "no production day since its start has been tested yet"
    with pytest.raises(ValueError, match='did you mean "caps"'):
        wrong = EvidenceRequest(plant="north", project="cap")
        await answer_evidence(conn, await load(conn), wrong, NOW)


async def test_other_scopes_are_read_again_after_a_week(
    tested: None, conn: Any, database: str
) -> None:
    async def compared_on(days: int) -> str:
        await asyncpg_execute(database, "update copq.project_day set computed_at = now()")
        await measure_months(database, NOW + timedelta(days=days))
        return str((await evidence(conn)).as_json()["placebo"]["day"])

    assert [await compared_on(days) for days in (0, 6, 7)] == [
        "2026-12-01", "2026-12-01", "2026-12-08",
    ]  # fmt: skip


async def asyncpg_execute(database: str, sql: str) -> None:
    conn = await asyncpg.connect(database)
    await conn.execute(sql)
    await conn.close()
