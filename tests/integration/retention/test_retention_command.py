"""`copq retention`: who may, what it prints, and what becomes of refused messages."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.access.door import Role
from copq.access.store import Grant, add_token
from copq.access.token import new_token
from copq.command_line.command import app
from copq.command_line.exits import Exit
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.reporting.exporter.reading import read
from copq.standalone.intake import LedgerIntake, pool_of
from tests.integration.retention.test_retention import OLD
from tests.support.building import defect, post_events, rates


@pytest.fixture
def filled(database: str) -> str:
    """Two old events, and two messages that were refused long ago."""

    async def fill() -> None:
        conn = await asyncpg.connect(database)
        await prepare(conn)
        await import_rates(conn, rates(), "rates.yaml", "finance")
        await post_events(conn, await load(conn), [defect("a", OLD, 5), defect("b", OLD, 5)])
        async with await pool_of(database, size=1) as pool:
            await LedgerIntake(pool).accept([b"{}", b"[]", b"new"])
        await conn.execute(
            "update copq.rejected set rejected_at = now() - interval '1 year' "
            "where payload <> 'new'"
        )
        await conn.close()

    asyncio.run(fill())
    return database


def run(database: str, *words: str, code: int = 0, token: str = "") -> str:
    environment = {"COLUMNS": "240", **({"COPQ_TOKEN": token} if token else {})}
    arguments = ["retention", *words, "--database", database]
    shown = CliRunner().invoke(app, arguments, env=environment)
    assert shown.exit_code == code, shown.output
    return shown.output


ALL = ("--older-than", "12m", "--refused-older-than", "6m")


def test_plan_apply_and_list(filled: str) -> None:
    planned = json.loads(run(filled, "plan", *ALL, "--json"))
    [row] = planned["events"]
    assert (row["plant"], row["month"], row["events"], row["kept"]) == ("north", "2024-01-01", 2, 0)
    assert planned["refused"] == [{"messages": 2, "bytes": 4, "waiting": 2}]
    assert "2024-01" in run(filled, "plan", *ALL)
    assert "Nothing was dropped yet" in run(filled, "list")

    said = run(filled, "apply", *ALL, "--why", "policy", "--by", "ann")
    assert "2 events" in said and "2 refused" in said
    listed = json.loads(run(filled, "list", "--json"))["retentions"]
    assert [(r["subject"], r["dropped"], r["ordered_by"], r["why"]) for r in listed] == [
        ("refused", 2, "ann", "policy"),
        ("events", 2, "ann", "policy"),
    ]
    assert "ann" in run(filled, "list")
    [again] = json.loads(run(filled, "plan", *ALL, "--json"))["refused"]
    assert again["messages"] == 0


def test_a_refused_message_without_its_bytes_waits_no_longer(filled: str) -> None:
    run(filled, "apply", *ALL, "--why", "policy")

    async def look() -> tuple[Any, list[int]]:
        conn = await asyncpg.connect(filled)
        rows = await conn.fetch("select rejected_id from copq.rejected where payload is null")
        reading = await read(conn, await load(conn), await conn.fetchval("select now()"))
        await conn.close()
        return reading.rejected, [row["rejected_id"] for row in rows]

    rejected, gone = asyncio.run(look())
    assert sum(rejected.values()) == 1 and len(gone) == 2
    where = ["--database", filled]
    ours = CliRunner().invoke(app, ["rejected", "list", "--json", *where])
    assert [row["payload"] for row in json.loads(ours.output)] == ["new"]
    every = CliRunner().invoke(app, ["rejected", "list", "--all", "--json", *where])
    assert {row["payload"] for row in json.loads(every.output)} == {"new", None}
    shown = CliRunner().invoke(app, ["rejected", "show", str(gone[0]), *where])
    assert shown.exit_code == Exit.NO and "dropped by retention" in shown.output
    again = CliRunner().invoke(app, ["rejected", "replay", str(gone[0]), "--json", *where])
    assert json.loads(again.output) == {"replayed": 0, "refused_again": []}


def test_it_is_for_admins_and_not_for_those_who_set_the_figures(filled: str) -> None:
    async def tokens() -> dict[Role, str]:
        conn = await asyncpg.connect(filled)
        made = {role: new_token() for role in (Role.FINANCE, Role.ADMIN)}
        for role, token in made.items():
            await add_token(conn, Grant(f"the {role}", role), token, "test")
        await conn.close()
        return {role: token.text for role, token in made.items()}

    made = asyncio.run(tokens())
    order = ("apply", *ALL, "--why", "policy", "--by", "anybody")
    assert "this is for admin" in run(filled, *order, code=Exit.NO)
    assert "this is for admin" in run(filled, *order, code=Exit.NO, token=made[Role.FINANCE])
    run(filled, *order, token=made[Role.ADMIN])
    listed = json.loads(run(filled, "list", "--json"))["retentions"]
    assert {row["ordered_by"] for row in listed} == {"the admin"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say what may go"),
        (("--older-than", "soon"), "is not an age"),
        (("--refused-older-than", "6m", "--plant", "north"), "--plant is for events"),
        (("--older-than", "12m", "--plant", "nowhere"), 'plant "nowhere" is not'),
    ],
)
def test_a_wrong_order_changes_nothing_and_says_why(
    filled: str, words: tuple[str, ...], says: str
) -> None:
    for command in (("plan",), ("apply", "--why", "policy")):
        assert says in run(filled, *command, *words, code=Exit.USAGE)
    assert "Nothing was dropped yet" in run(filled, "list")
