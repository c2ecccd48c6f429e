"""`copq audit`: listed, exported, proved; and what the exit code says."""

import csv
import io
import json
import socket
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.command_line.command import app
from tests.integration.command_line.test_explain_command import on
from tests.support.tampering import tampering


def invoke(database: str, *words: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*words, "--database", database], env={"COLUMNS": "250"})
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def decided(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.argv", ["/usr/bin/copq", "tokens", "create", "press-7", "--why", "…"])
    invoke(database, "tokens", "create", "press-7", "--why", "new press")
    invoke(database, "targets", "set", "3%", "--by", "=anna", "--why", "board of March")
    invoke(database, "tokens", "revoke", "press-7", "--why", "lost in hall 3")
    return database


def tamper(database: str, sql: str) -> None:
    async def run(conn: asyncpg.Connection) -> None:
        async with tampering(conn):
            await conn.execute(sql)

    on(database, run)


def test_decisions_are_listed_with_who_what_why_and_from_where(decided: str) -> None:
    revoked, target, made = json.loads(invoke(decided, "audit", "list", "--json").stdout)
    assert (made["why"], target["why"], revoked["why"]) == (
        "new press", "board of March", "lost in hall 3",
    )  # fmt: skip
    assert (made["db_role"], target["db_role"]) == ("copq_admin", "copq_finance")
    assert made["application"] == f"copq tokens create on {socket.gethostname()}"
    assert target["who"] == "=anna" and target["new"]["ratio"] == 0.03
    shown = invoke(decided, "audit", "list", "--table", "token").stdout
    assert "revoked_at: null →" in shown and "lost in hall 3" in shown and "3%" not in shown
    assert "Nothing" in invoke(decided, "audit", "list", "--since", "2199-01-01").stdout
    unknown = invoke(decided, "audit", "list", "--table", "foo", code=2).output
    assert 'the trail has no table "foo"; its tables: anchor_digest, base_amount, budget' in unknown
    of_targets = invoke(decided, "audit", "list", "--table", "copq.target").stdout
    assert "board of March" in of_targets and "lost in hall 3" not in of_targets
    assert "is not a date" in invoke(decided, "audit", "list", "--since", "soon", code=2).output


def _head(database: str) -> str:
    found: str = json.loads(invoke(database, "audit", "verify", "--json").stdout)["head"]
    return found


def test_verify_proves_prints_the_head_and_holds_it_against_one_that_was_kept(decided: str) -> None:
    head = _head(decided)
    assert head in invoke(decided, "audit", "verify").stdout
    invoke(decided, "tokens", "create", "press-8")
    assert "what was kept of it is in it" in invoke(
        decided, "audit", "verify", "--expect", head
    ).stdout  # fmt: skip
    tamper(decided, "delete from copq.audit where seq >= 3")
    invoke(decided, "audit", "verify")
    cut = invoke(decided, "audit", "verify", "--expect", head, code=1).stdout
    assert "the trail ends at row 2, and row 3 was kept of it" in cut
    tamper(decided, "update copq.audit set who = 'bert' where seq = 1")
    said = json.loads(invoke(decided, "audit", "verify", "--json", code=1).stdout)
    assert [fault["seq"] for fault in said["faults"]] == [1]
    for wrong in ("3", "x:00", "3:00", "3:zz"):
        said = invoke(decided, "audit", "verify", "--expect", wrong, code=2).output
        assert "it is written SEQ:HASH" in said.replace("\n", " ")


def test_an_export_is_proved_without_the_database(decided: str, tmp_path: Path) -> None:
    file, head = tmp_path / "audit.ndjson", _head(decided)
    invoke(decided, "audit", "export", "--output", str(file))
    assert invoke(decided, "audit", "export").stdout == file.read_text()
    prove = ("audit", "verify", "--file", str(file))
    assert head in invoke(decided, *prove, "--expect", head).stdout
    file.write_text(file.read_text().replace("lost in hall 3", "sold"))
    assert "row 3 is not what was sealed" in invoke(decided, *prove, code=1).stdout
    file.write_text("no line of a trail\n")
    assert "line 1 is not a row" in invoke(decided, *prove, code=2).output
    assert "No such file" in invoke(decided, *prove[:-1], str(tmp_path / "x"), code=2).output


def test_a_table_for_a_spreadsheet_has_no_formula_in_it(decided: str) -> None:
    rows = list(csv.DictReader(io.StringIO(
        invoke(decided, "audit", "export", "--format", "csv").stdout
    )))  # fmt: skip
    assert [row["seq"] for row in rows] == ["1", "2", "3"] and rows[1]["who"] == "'=anna"
