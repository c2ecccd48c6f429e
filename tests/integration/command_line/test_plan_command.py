"""`copq plan`: a table, JSON or CSV, and what it refuses."""

import asyncio
import csv
import io
import json
from typing import Any

import asyncpg
import pytest
import typer
from typer.testing import CliRunner

from copq.command_line.commands.read import plan
from copq.rates.store import import_rates
from tests.support.building import rates

app = typer.Typer()
app.command("plan")(plan.plan_command)


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def test_the_table_has_break_even_and_money() -> None:
    shown = run("--indicators", "1,3", "--savings", "1000000", "--currency", "EUR").output
    for text in (
        "PS n=3", "1 indicator: break-even in period 2; the largest benefit is 0.202 in period 8.",
        "3 indicators: break-even in period 1", "1,000,000.00 EUR", "13,991.18", "Rosiawan",
    ):  # fmt: skip
        assert text in shown, text


def test_a_plan_that_never_pays_says_so() -> None:
    shown = run("--tc1", "1", "--indicators", "1", "--periods", "3").output
    assert "1 indicator: no break-even within 3 periods" in shown


def test_json_and_csv_have_the_same_rows_with_all_digits() -> None:
    words = ("--indicators", "2", "--periods", "3")
    answer = json.loads(run(*words, "--json").output)
    rows = list(csv.DictReader(io.StringIO(run(*words, "--csv").output)))
    assert [row["eb"] for row in rows] == [row["eb"] for row in answer["rows"]]
    assert answer["plans"][0]["break_even"] == 1 and answer["fit"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--beta", "1.2"), "beta is 1.2: it must be more than 0 and at most 1"),
        (("--indicators", "0"), "indicators is 0"),
        (("--periods", "0"), "periods is 0: it must be a whole number from 1 to 240"),
        (("--savings", "5"), "currency is missing"),
        (("--plant", "north"), "add fit, or leave plant out"),
        (("--fit",), "fit needs plant and from"),
        (("--fit", "--plant", "n", "--from", "2025-01", "--m", "0"), "m is 0"),
        (("--fit", "--plant", "n", "--from", "2025-13"), '"2025-13" is not a date'),
    ],
)
def test_a_wrong_plan_is_refused_with_2(words: tuple[str, ...], said: str) -> None:
    shown = run(*words)
    assert shown.exit_code == 2 and said in " ".join(shown.output.split())


def test_months_that_say_too_little_end_the_command_with_1(database: str) -> None:
    async def fill() -> None:
        conn = await asyncpg.connect(database)
        await import_rates(conn, rates(), "rates", "test")
        await conn.close()

    asyncio.run(fill())
    words = ("--fit", "--plant", "north", "--from", "2025-01", "--database", database)
    shown = run(*words)
    assert shown.exit_code == 1 and "has 0 months before the programme" in shown.output
    answer = run(*words, "--json")
    assert answer.exit_code == 1
    assert "0 months" in json.loads(answer.output)["fit"]["refused"]
