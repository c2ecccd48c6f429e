"""`copq report`, `trailing`, `drivers`, `unpriced` and `verify` against a database."""

import asyncio
import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import typer
from typer.testing import CliRunner

from copq.command_line.commands.read import report, verify
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from tests.support.building import defect, post_events, production, rates, stop

app = typer.Typer()
app.command("report")(report.report)
app.command("trailing")(report.trailing)
app.command("drivers")(report.drivers)
app.command("unpriced")(report.unpriced)
app.command("verify")(verify.verify_command)


def run(database: str, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--database", database], env={"COLUMNS": "200"})


async def _fill(database: str) -> None:
    conn = await asyncpg.connect(database)
    await prepare(conn)
    await import_rates(conn, rates(), "rates.yaml", "test")
    now = datetime.now(UTC)
    just, soon = now - timedelta(minutes=10), now - timedelta(minutes=30)
    events = [
        production("p", just.isoformat(), 100),
        defect("d", just.isoformat(), 5, defect_code="jam"),
        defect("u", just.isoformat(), 5, product="gadget"),
        stop("s", soon.isoformat()),
    ]
    await post_events(conn, await load(conn), events)
    await conn.close()


@pytest.fixture
def filled(database: str) -> str:
    """A database with a defect, production, an open stop and an event without a price."""
    asyncio.run(_fill(database))
    return database


@pytest.mark.parametrize("words", [("report",), ("report", "--grain", "hour"), ("trailing",)])
def test_figures_have_unit_base_and_what_they_lack(filled: str, words: tuple[str, ...]) -> None:
    shown = run(filled, *words)
    assert shown.exit_code == 0, shown.output
    for said in ("EUR", "1,000.00", "estimate", "1 event without a price", "Open stops", "CE"):
        assert said in shown.output


def test_report_in_json_is_exact(filled: str) -> None:
    answer = json.loads(run(filled, "report", "--grain", "day", "--by", "element", "--json").output)
    found = {row["element"]: row for row in answer["rows"]}
    assert found["defect"]["copq_share"] == "0.05"
    assert found["downtime"]["provisional"] == found["downtime"]["net"] != "0"
    assert answer["unpriced_events"] == 1 and answer["open_stops"] == 1


def test_a_long_report_says_how_many_rows_there_are_and_what_all_come_to(filled: str) -> None:
    words = ("report", "--grain", "month", "--by", "element")
    whole = json.loads(run(filled, *words, "--json").output)
    shown = run(filled, *words, "--limit", "1").output
    number = whole["rows_total"]
    assert number == len(whole["rows"]) > 1
    assert f"1 of {number} rows are shown. To see all: --limit {number}" in shown
    assert "COPQ of all rows" in shown
    part = json.loads(run(filled, *words, "--limit", "1", "--json").output)
    assert (len(part["rows"]), part["rows_total"]) == (1, number)


def test_the_footnote_is_of_what_is_asked_for_and_says_as_of_when(filled: str) -> None:
    for words in (("report",), ("trailing",), ("drivers",)):
        shown = " ".join(run(filled, *words, "--line", "L1").output.split())
        assert re.search(r"Not in it, as of 20\S+ \S+ CES?T: 1 event without a price", shown)
        assert "without a price" not in run(filled, *words, "--line", "L2").output
    answer = json.loads(run(filled, "report", "--product", "widget", "--json").output)
    assert answer["unpriced_events"] == 0 and answer["counted_at"] == answer["at"]


def test_as_of_an_instant_open_stops_are_not_in_it(filled: str) -> None:
    as_of = ("report", "--as-of", datetime.now(UTC).isoformat())
    shown = " ".join(run(filled, *as_of).output.split())
    assert "1 event without a price, 1 stop still open. See" in shown
    assert "Open stops counted" not in shown


def test_trailing_in_json(filled: str) -> None:
    answer = json.loads(run(filled, "trailing", "--element", "defect", "--json").output)
    assert [w["rows"][0]["copq"] for w in answer["windows"]] == ["50"] * 3


def test_drivers_rank(filled: str) -> None:
    assert "jam" in run(filled, "drivers").output
    answer = json.loads(run(filled, "drivers", "--top", "2", "--json").output)
    still_open, ended = answer["rows"]
    assert (still_open["element"], still_open["provisional"]) == ("downtime", still_open["net"])
    assert (ended["element"], ended["net"], ended["provisional"]) == ("defect", "50", "0")


def test_unpriced_says_why_and_what_open_stops_cost(filled: str) -> None:
    shown = run(filled, "unpriced").output
    assert "gadget" in shown and "copq rates import" in shown and "cost so far" in shown
    answer = json.loads(run(filled, "unpriced", "--json").output)
    assert answer["unpriced"][0]["events"] == 1


def test_verify_says_no_where_a_figure_differs(filled: str) -> None:
    shown = run(filled, "verify")
    assert shown.exit_code == 0 and "No difference" in shown.output
    asyncio.run(_tamper(filled))
    shown = run(filled, "verify")
    assert shown.exit_code == 1 and "rollup" in shown.output
    assert run(filled, "verify", "--json").exit_code == 1


async def _tamper(database: str) -> None:
    conn = await asyncpg.connect(database)
    await conn.execute("update copq.rollup set net = net + 1 where grain = 'month'")
    await conn.close()


def test_a_plant_that_nobody_knows_is_named(filled: str) -> None:
    shown = run(filled, "trailing", "--plant", "nrth")
    assert shown.exit_code == 2 and "its plants: north" in shown.output


@pytest.mark.parametrize("words", [("report",), ("trailing",), ("drivers",)])
def test_an_empty_database_says_what_to_do(database: str, words: tuple[str, ...]) -> None:
    shown = run(database, *words)
    assert shown.exit_code == 0, shown.output
    assert "copq rates import" in shown.output and "copq import" in shown.output


@pytest.mark.parametrize(
    "words",
    [
        ("report", "--grain", "week"),
        ("report", "--by", "machine"),
        ("report", "--element", "return"),
        ("entries", "--element", "rejects"),
        ("entries", "--category", "failure"),
        ("entries", "--day", "2026-03-02", "--trailing", "1h"),
        ("entries", "--day", "2026-03-02", "--month", "2026-03"),
        ("report", "--from", "yesterday"),
        ("trailing", "--by", "machine"),
        ("drivers", "--from", "yesterday"),
    ],
)
def test_wrong_words_are_wrong_usage(database: str, words: tuple[str, ...]) -> None:
    assert run(database, *words).exit_code == 2


@pytest.mark.parametrize("command", ["report", "trailing", "drivers"])
@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("--plant", "nroth"), 'its plants: north; did you mean "north"?'),
        (("--line", "L11"), 'line "L11" is not in any plant; its lines are'),
        (("--plant", "north", "--line", "X"), 'line "X" is not in plant "north"; its lines are L1'),
        (("--product", "gadgte"), 'product "gadgte" has neither a cost table nor figures'),
    ],
)
def test_an_unknown_name_is_refused_with_those_there_are(
    filled: str, command: str, names: tuple[str, ...], said: str
) -> None:
    if command == "drivers" and "--product" in names:
        return
    shown = run(filled, command, *names)
    assert shown.exit_code == 2 and said in " ".join(shown.output.split()), shown.output


def test_an_empty_window_names_where_the_figures_are(filled: str) -> None:
    shown = run(filled, "report", "--from", "2020-01-01", "--to", "2020-02-01")
    newest = re.search(r"the newest with: --from (\d{4}-\d\d-\d\d)", shown.output)
    assert newest, shown.output
    a_production_day = timedelta(days=1)  # it may have begun yesterday
    assert abs(date.fromisoformat(newest[1]) - datetime.now(UTC).date()) <= a_production_day
    assert "2025-06-01" not in shown.output


def test_an_empty_database_asks_for_rates_and_then_for_events(database: str) -> None:
    assert "Rates first: copq rates import FILE" in run(database, "report").output

    async def add_rates() -> None:
        conn = await asyncpg.connect(database)
        await import_rates(conn, rates(), "rates.yaml", "test")
        await conn.close()

    asyncio.run(add_rates())
    for command in ("report", "trailing", "drivers"):
        assert "Nothing was booked yet." in run(database, command).output
