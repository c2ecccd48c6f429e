"""`copq groups` as finance uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copq.command_line.command import app

RATES = Path(__file__).parents[3] / "examples" / "bottling_plant" / "rates.yaml"
HEADER = "plant,grouping,product,group,effective_from\n"
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


def test_groups_are_imported_changed_and_listed(copq: Copq, tmp_path: Path) -> None:
    file = tmp_path / "groups.csv"
    file.write_text(HEADER + "bottling,family,SKU-1001,water,\n")
    assert "No product is in a group" in copq("groups", "list")
    assert copq("groups", "import", str(file)) == "1 membership set, 0 changed, 0 unchanged.\n"
    assert copq("groups", "import", str(file)) == "0 memberships set, 0 changed, 1 unchanged.\n"
    file.write_text(HEADER + "bottling,family,SKU-1001,waters,\n")
    said = copq("groups", "import", str(file), "--why", "typed twice", "--by", "carla", "--json")
    assert json.loads(said) == {"new": 0, "changed": 1, "unchanged": 0}
    shown = copq("groups", "list", "--plant", "bottling", "--product", "SKU-1001")
    assert "waters" in shown and "always" in shown and "typed twice" in shown
    [old] = [row for row in copq("groups", "list", "--history").splitlines() if "water " in row]
    assert "carla" not in old
    trail = json.loads(copq("audit", "list", "--table", "group_member", "--json"))
    assert "typed twice" in json.dumps(trail)


def test_a_group_file_is_refused_as_a_whole_and_says_where(copq: Copq, tmp_path: Path) -> None:
    file = tmp_path / "groups.csv"
    file.write_text(HEADER + "bottling,family,SKU-1001,water,\nbotling,family,SKU-1001,water,\n")
    said = copq("groups", "import", str(file), code=2)
    assert "nothing was imported" in said and 'did you mean "bottling"?' in said
    file.write_text(HEADER + "bottling,family,water,water,\n")
    said = copq("groups", "import", str(file), code=2)
    assert 'group "water" of family in bottling contains itself' in said
    file.write_text(HEADER + "bottling,family,SKU-1001,water,soon\n")
    said = copq("groups", "import", str(file), code=2)
    assert "groups.csv, row 2, column effective_from" in said
    assert "cannot read" in copq("groups", "import", str(tmp_path / "none.csv"), code=2)
    assert "No product is in a group" in copq("groups", "list")
