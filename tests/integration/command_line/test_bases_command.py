"""`copq bases` and `copq coq` as finance uses them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copq.command_line.command import app
from copq.improvement.coq_report import COSTS

RATES = Path(__file__).parents[3] / "examples" / "bottling_plant" / "rates.yaml"
HEADER = "plant,month,base,amount,currency\n"
Copq = Callable[..., str]


@pytest.fixture
def copq(database: str) -> Copq:
    runner = CliRunner()

    def run(*arguments: str, code: int = 0) -> str:
        done = runner.invoke(
            app, [*arguments, "--database", database], env={"COPQ_TOKEN": None, "COLUMNS": "200"}
        )
        assert done.exit_code == code, done.output
        return done.output

    run("rates", "import", str(RATES))
    return run


def test_bases_are_imported_restated_and_listed(copq: Copq, tmp_path: Path) -> None:
    file = tmp_path / "bases.csv"
    file.write_text(HEADER + "bottling,2025-06,revenue,410000,USD\n")
    assert "No base is set" in copq("bases", "list")
    assert copq("bases", "import", str(file)) == "1 base set, 0 restated, 0 unchanged.\n"
    assert copq("bases", "import", str(file)) == "0 bases set, 0 restated, 1 unchanged.\n"
    file.write_text(HEADER + "bottling,2025-06,revenue,415000,USD\n")
    said = copq("bases", "import", str(file), "--why", "a late invoice", "--by", "carla", "--json")
    assert json.loads(said) == {"new": 0, "restated": 1, "unchanged": 0}
    shown = copq("bases", "list", "--plant", "bottling")
    assert "415,000.00" in shown and "410,000.00" not in shown
    history = copq("bases", "list", "--history")
    assert "410,000.00" in history and "a late invoice" in history and "carla" in history
    trail = json.loads(copq("audit", "list", "--table", "base_amount", "--json"))
    assert "a late invoice" in json.dumps(trail)


def test_a_base_file_is_refused_as_a_whole_and_says_where(copq: Copq, tmp_path: Path) -> None:
    file = tmp_path / "bases.csv"
    file.write_text(HEADER + "bottling,2025-06,revenue,410000,USD\nbotling,2025-06,revenue,1,USD\n")
    said = copq("bases", "import", str(file), code=2)
    assert "nothing was imported" in said and 'did you mean "bottling"?' in said
    file.write_text(HEADER + "bottling,2025-06,revenue,0,USD\n")
    said = copq("bases", "import", str(file), code=2)
    assert "is refused; nothing was imported" in said and "bases.csv, row 2, column amount" in said
    assert "cannot read" in copq("bases", "import", str(tmp_path / "none.csv"), code=2)
    assert "No base is set" in copq("bases", "list")


def test_a_report_without_figures_says_so(copq: Copq) -> None:
    assert "Cost of quality by month" in copq("coq", "--plant", "bottling")
    said = copq("coq", "--base", "revenue", code=2)
    assert '"revenue" is none of cost of production, CoQ' in said


@pytest.mark.parametrize("category", COSTS)
def test_a_category_has_a_budget_of_its_own(copq: Copq, category: str) -> None:
    of = ("--plant", "bottling", "--from", "2025-06-01")
    said = copq("targets", "budget", "400", *of, "--category", category)
    assert said == (
        f"Budget of 400 a month of plant bottling, category {category}, "
        "from 2025-06-01 00:00 EDT.\n"
    )
    copq("targets", "budget", "500", *of)
    found = json.loads(copq("targets", "list", "--json"))["budgets"]
    assert [(b["category"], b["amount"]) for b in found] == [(category, "400"), ("", "500")]
    assert category in copq("targets", "list")
