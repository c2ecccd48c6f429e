"""`copq tokens`: made, shown once, listed without the secret, revoked."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.access.token import hash_of
from copq.command_line.commands.operate.tokens import app
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import plant, rates


def invoke(database: str, *words: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*words, "--database", database], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done


def create(database: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(invoke(database, "create", *words, "--json").stdout)
    return found


def test_a_token_is_printed_once_and_kept_as_its_hash(database: str) -> None:
    made = create(database, "press-4", "--line", "north/L1", "--plant", "south")
    assert made["role"] == "operator" and made["lines"] == [["north", "L1"], ["south", None]]
    [kept] = asyncio.run(run(database, "select * from copq.token"))
    assert kept["hash"] == hash_of(made["token"])
    secret = made["token"].split("_", 2)[2]
    assert secret not in str(dict(kept))
    for words in (("list",), ("list", "--json"), ("revoke", "press-4")):
        shown = invoke(database, *words).output
        assert secret not in shown and kept["hash"].hex() not in shown
    assert "There is no token" in invoke(database, "list").output
    assert "revoked" in invoke(database, "list", "--all").output


def test_a_person_sees_the_token_and_what_it_is_for(database: str) -> None:
    shown = invoke(database, "create", "desk", "--plant", "north", "--expires", "2199-01-31").stdout
    assert "desk: operator, north/*, until 2199-01-31 00:00 UTC" in shown
    assert shown.splitlines()[-1].startswith("copq_")


@pytest.mark.parametrize(
    ("text", "days"), [("12h", 0.5), ("90d", 90), ("2w", 14), ("never", None), (None, 365)]
)
def test_a_token_lasts_as_long_as_is_said(database: str, text: str, days: float | None) -> None:
    made = create(database, "x", *(["--expires", text] if text else []))
    if days is None:
        assert made["expires_at"] is None
        return
    wanted = datetime.now(UTC) + timedelta(days=days)
    assert abs(datetime.fromisoformat(made["expires_at"]) - wanted) < timedelta(minutes=5)


def test_a_name_is_never_given_twice(database: str) -> None:
    create(database, "press-4")
    invoke(database, "revoke", "press-4")
    assert "there is, or was" in invoke(database, "create", "press-4", code=1).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "x", "--line", "L1"), "PLANT/LINE"),
        (("create", "x", "--expires", "soon"), "90d"),
        (("create", "x", "--expires", "2020-01-01"), "is past"),
        (("create", "x" * 65), "64 characters"),
        (("create", "a\nb"), "printed"),
        (("create", "mqtt/site"), "choose another, such as mqtt-site"),
        (("create", "x", "--role", "boss"), "'boss' is not one of 'operator', 'manager'"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(
    database: str, words: tuple[str, ...], said: str
) -> None:
    shown = invoke(database, *words, code=2).output
    assert said in shown and "Value error" not in shown
    assert asyncio.run(run(database, "select from copq.token")) == []


def test_a_token_that_is_not_there_cannot_be_revoked(database: str) -> None:
    assert 'no token "x"' in invoke(database, "revoke", "x", code=2).output


def test_a_scope_that_the_rate_book_does_not_know_is_pointed_at(database: str) -> None:
    async def fill() -> None:
        conn = await asyncpg.connect(database)
        await import_rates(conn, rates(plant(lines=("L1", "L2"))), "rates.yaml", "test")
        await conn.close()

    asyncio.run(fill())
    told = invoke(database, "create", "a", "--plant", "nroth", "--line", "north/L7").stderr
    assert 'plant "nroth" is not in the rate book; its plants: north' in told
    assert 'plant "north" has no line "L7"; its lines are L1, L2' in told
