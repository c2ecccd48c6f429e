"""`copq rates` as finance uses it: one submits, another approves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from copq.command_line.command import app

VALVES = Path(__file__).parents[3] / "examples" / "tyre_valves" / "rates.yaml"
Copq = Callable[..., str]


@pytest.fixture
def copq(database: str, monkeypatch: pytest.MonkeyPatch) -> Copq:
    runner = CliRunner()

    def run(*arguments: str, code: int = 0, token: str = "") -> str:
        env = {"COPQ_TOKEN": token or None}
        done = runner.invoke(app, [*arguments, "--database", database], env=env)
        assert done.exit_code == code, done.output
        return done.output

    monkeypatch.delenv("COPQ_TOKEN", raising=False)
    return run


@pytest.fixture
def dearer(tmp_path: Path) -> Path:
    """Next year's valves: one figure is a slip."""
    text = VALVES.read_text().replace("2017-01-01", "2027-01-01")
    path = tmp_path / "rates-2027.yaml"
    path.write_text(
        text.replace("{stage: P7, raw_material: 5.55", "{stage: P7, raw_material: 1.55")
    )
    return path


def finance(copq: Copq, name: str) -> str:
    created = json.loads(copq("tokens", "create", name, "--role", "finance", "--json"))
    return str(created["token"])


def states(copq: Copq) -> list[str]:
    return [d["state"] for d in json.loads(copq("rates", "documents", "--json"))["documents"]]


def test_one_submits_another_approves_what_is_surprising_is_asked_about(
    copq: Copq, dearer: Path
) -> None:
    copq("rates", "import", str(VALVES))
    anna, carla = finance(copq, "anna"), finance(copq, "carla")
    assert "set COPQ_TOKEN" in copq("rates", "submit", str(dearer), "--why", "2027", code=1)
    said = copq("rates", "submit", str(dearer), "--why", "standard costs of 2027", token=anna)
    assert "Document 2 is a draft" in said
    reviewed = json.loads(copq("rates", "review", "2", "--json"))
    assert [c["kind"] for c in reviewed["concerns"]] == ["cheaper stage", "jump"]
    assert reviewed["past"] is None and reviewed["state"] == "draft"
    assert [(d["what"], [f["field"] for f in d["fields"]]) for d in reviewed["differences"]] == [
        ("new version", ["stages.P7.raw_material"]), ("new version", []),
        ("new version", []), ("new version", []),
    ]  # fmt: skip
    assert "another person approves it" in copq(
        "rates", "approve", "2", "--yes", code=1, token=anna
    )
    assert "2 things to look at" in copq("rates", "approve", "2", code=1, token=carla)
    assert states(copq) == ["in force", "draft"]
    copq("rates", "approve", "2", "--yes", token=carla)
    assert states(copq) == ["in force", "approved"]
    shown = copq("rates", "show", "2")
    assert "Approved by carla" in shown and "! cheaper stage" in shown
    assert "is approved (by carla" in copq(
        "rates", "reject", "2", "--why", "no", code=1, token=anna
    )


def test_an_import_is_a_draft_once_finance_has_tokens(copq: Copq, dearer: Path) -> None:
    copq("rates", "import", str(VALVES), "--by", "anna")
    anna = finance(copq, "anna")
    said = json.loads(copq("rates", "import", str(dearer), "--json", token=anna))
    assert (said["document"], said["state"]) == (2, "draft")
    assert json.loads(copq("rates", "list", "--json"))["revision"] == 1
    assert "is withdrawn" in copq("rates", "reject", "2", "--why", "a slip in P7", token=anna)
    assert states(copq) == ["in force", "withdrawn"]


def test_a_draft_that_changes_nothing_is_none(copq: Copq) -> None:
    copq("rates", "import", str(VALVES))
    said = copq("rates", "submit", str(VALVES), "--why", "again", "--by", "anna", code=1)
    assert "changes nothing" in said and states(copq) == ["in force"]


@pytest.mark.parametrize("name", ["rates.xlsx", "folder", "rates.yaml"])
def test_what_is_exported_changes_nothing_when_it_is_imported(
    copq: Copq, tmp_path: Path, name: str
) -> None:
    copq("rates", "import", str(VALVES))
    copq("rates", "export", str(tmp_path / name))
    said = json.loads(copq("rates", "import", str(tmp_path / name), "--json"))
    assert said["revision"] == 1 and {c["what"] for c in said["changes"]} == {"unchanged"}


def test_an_older_book_is_exported_and_compared(copq: Copq, dearer: Path) -> None:
    copq("rates", "import", str(VALVES))
    before = copq("rates", "export", "--at", "1")
    copq("rates", "import", str(dearer))
    assert copq("rates", "export") != before == copq("rates", "export", "--at", "1")
    for a, b in (("1", "now"), ("d1", "d2"), ("1", "2")):
        found = json.loads(copq("rates", "diff", a, b, "--json"))["differences"]
        changes = [field for item in found for field in item["fields"]]
        assert [(c["field"], c["before"], c["after"]) for c in changes] == [
            ("stages.P7.raw_material", "5.55", "1.55")
        ]
    assert (
        copq("rates", "diff", "2") == copq("rates", "diff", "d2") == copq("rates", "diff", "1", "2")
    )
    assert "No difference" in copq("rates", "diff", "2", "now")


def test_the_file_comes_back_as_it_was_submitted(copq: Copq, tmp_path: Path) -> None:
    copq("rates", "import", str(VALVES))
    copq("rates", "show", "1", "--original", str(tmp_path / "back.yaml"))
    assert (tmp_path / "back.yaml").read_bytes() == VALVES.read_bytes()


WRONG: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("review", "9"), 2, "there is no rate document 9"),
    (("approve", "9"), 2, "there is no rate document 9"),
    (("diff", "soon"), 2, "neither a revision"),
    (("diff", "9"), 2, "there is no revision 9"),
    (("export", "--at", "9"), 2, "there is no revision 9"),
    (("export", "--at", "2026-01-01"), 2, "has no offset"),
    (("export", "--at", "soon"), 2, "neither a revision"),
    (("export", "rates.pdf"), 2, "no ending that is known"),
    (("export", "--format", "xlsx"), 2, "needs a name"),
    (("submit", "nowhere.yaml", "--why", "x"), 2, "cannot read"),
    (("submit", str(VALVES.parent), "--why", "x"), 2, "has no .csv file in it"),
    (("review", "1", "--jump", "much"), 2, "is not a figure"),
    (("review", "1", "--jump", "none"), 2, "is not a share"),
)


@pytest.mark.parametrize(("arguments", "code", "says"), WRONG)
def test_what_cannot_be_says_what_to_do(
    copq: Copq, arguments: tuple[str, ...], code: int, says: str
) -> None:
    copq("rates", "import", str(VALVES))
    assert says in copq("rates", *arguments, code=code).replace("\n", " ")


def test_the_book_of_an_instant_is_what_was_known_then(copq: Copq, dearer: Path) -> None:
    copq("rates", "import", str(VALVES))
    [document] = json.loads(copq("rates", "documents", "--json"))["documents"]
    copq("rates", "import", str(dearer))
    then: Any = document["decision"]["at"]
    assert copq("rates", "export", "--at", then) == copq("rates", "export", "--at", "1")
