"""`copq targets` as finance uses it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copq.command_line.command import app

RATES = Path(__file__).parents[3] / "examples" / "bottling_plant" / "rates.yaml"


@pytest.fixture
def copq(database: str):  # type: ignore[no-untyped-def]
    runner = CliRunner()

    def run(*arguments: str, code: int = 0) -> str:
        done = runner.invoke(app, [*arguments, "--database", database])
        assert done.exit_code == code, done.output
        return done.output

    run("rates", "import", str(RATES))
    return run


def test_a_target_is_set_listed_and_taken_away(copq, capsys) -> None:  # type: ignore[no-untyped-def]
    said = copq(
        "targets", "set", "3%", "--plant", "bottling", "--line", "2", "--from", "2026-01-01"
    )
    assert said == "Target 3.0 % of plant bottling, line 2, from 2026-01-01 00:00 EST.\n"
    copq("targets", "set", "0.05", "--plant", "bottling", "--line", "2", "--from", "2026-02-01")
    copq("targets", "budget", "40000", "--plant", "bottling", "--from", "2026-01-01")
    found = json.loads(copq("targets", "list", "--json"))
    # A day begins at midnight in the plant's zone, New York.
    assert [(t["line"], t["ratio"], t["effective_from"]) for t in found["targets"]] == [
        ("2", "0.03", "2026-01-01T05:00:00+00:00"), ("2", "0.05", "2026-02-01T05:00:00+00:00"),
    ]  # fmt: skip
    assert [(b["plant"], b["amount"]) for b in found["budgets"]] == [("bottling", "40000")]
    assert "2026-01-01 00:00 America/New_York" in copq("targets", "list")
    copq("targets", "set", "none", "--plant", "bottling", "--line", "2")
    assert len(json.loads(copq("targets", "list", "--json"))["targets"]) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("set", "3%", "--plant", "botling"),
            'plant "botling" is not in the rate book; its plants: bottling',
        ),
        (("set", "3%", "--plant", "bottling", "--line", "9"), "its lines are 1, 2, 3"),
        (
            ("set", "3%", "--plant", "bottling", "--product", "XX"),
            'product "XX" has no cost table; products that have one: ',
        ),
        (("set", "3%", "--product", "XX"), 'product "XX" has no cost table'),
        (("set", "3%", "--line", "2"), "--line 2 is of which plant? Give --plant too"),
        (
            ("set", "3", "--plant", "bottling"),
            '"3" is 300 %: a target is from 0 to 100 %, as 3% or 0.03',
        ),
        (("set", "300%", "--plant", "bottling"), '"300%" is 300 %: a target is from 0 to 100 %'),
        (("set", "much", "--plant", "bottling"), '"much" is not a figure'),
        (
            ("set", "3%", "--plant", "bottling", "--window", "2h"),
            "--window is one of hour, last_hour",
        ),
        (("set", "3%", "--plant", "bottling", "--from", "soon"), '"soon" is not a date'),
        (("set", "-3%", "--plant", "bottling"), '"-3%" is -3 %: a target is from 0 to 100 %'),
        (("set", "3%", "--plnt", "bottling"), "unexpected extra argument"),
        (("budget", "-1", "--plant", "bottling"), ""),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(copq, arguments, says) -> None:  # type: ignore[no-untyped-def]
    said = copq("targets", *arguments, code=2).replace("\n", " ")
    assert says in said and "Value error" not in said and "Input should" not in said
    assert json.loads(copq("targets", "list", "--json"))["targets"] == []
