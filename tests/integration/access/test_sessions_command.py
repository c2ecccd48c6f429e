"""`copq sessions`: who is signed in, and ending that by number or by name, for admins."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from typer.testing import CliRunner

from copq.access.door import Role
from copq.access.session import Access, Person, new_session_id
from copq.access.session_store import Times, begin_session
from copq.command_line.commands.operate.sessions import app
from tests.support.access.serving import grant, run

ISSUER = "https://login.example.com"
NORTH = frozenset({("north", "L1")})


def invoke(database: str, *words: str, code: int = 0, token: str | None = None) -> Any:
    env = {"COLUMNS": "200", "COPQ_TOKEN": token}
    done = CliRunner().invoke(app, [*words, "--database", database], env=env)
    assert done.exit_code == code, done.output
    return done


def begin(database: str, name: str, role: Role, hours_ago: int = 0, **more: Any) -> str:
    """The text of the cookie of a new session."""

    async def insert() -> str:
        conn = await asyncpg.connect(database)
        text, at = new_session_id(), datetime.now(UTC) - timedelta(hours=hours_ago)
        person = Person(ISSUER, name.lower(), name)
        await begin_session(conn, text, person, Access(role, **more), Times(), at)
        await conn.close()
        return text

    return asyncio.run(insert())


def listed(database: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(invoke(database, "list", *words, "--json").stdout)
    return found


def test_open_sessions_are_listed_without_what_opens_them(database: str) -> None:
    assert "Nobody is signed in." in invoke(database, "list").output
    text = begin(database, "Olga", Role.OPERATOR, lines=NORTH)
    begin(database, "Anna", Role.FINANCE, hours_ago=100)
    shown = invoke(database, "list").output
    assert "Olga" in shown and "north/L1" in shown and "Anna" not in shown
    assert text not in shown and text not in invoke(database, "list", "--all", "--json").output
    [one] = listed(database)
    assert (one["name"], one["role"], one["lines"]) == ("Olga", "operator", [["north", "L1"]])
    states = {each["name"]: each["state"] for each in listed(database, "--all")}
    assert states["Olga"] == "open" and states["Anna"] != "open"


def test_sessions_end_by_number_or_by_name_and_stay_listed(database: str) -> None:
    for name in ("Olga", "Mia", "Mia"):
        begin(database, name, Role.MANAGER)
    numbers = {each["name"]: each["session"] for each in listed(database)}
    said = invoke(database, "end", str(numbers["Olga"]), "--why", "laptop lost").output
    assert f"Ended: session {numbers['Olga']} of Olga." in said
    ended = json.loads(invoke(database, "end", "--person", "Mia", "--json").stdout)
    assert [each["name"] for each in ended] == ["Mia", "Mia"]
    assert listed(database) == [] and len(listed(database, "--all")) == 3
    rows = asyncio.run(
        run(
            database,
            "select why from copq.audit where subject = 'copq.session' and why = 'laptop lost'",
        )
    )
    assert [row["why"] for row in rows] == ["laptop lost"]


def test_what_cannot_end_is_named_and_nothing_ends(database: str) -> None:
    begin(database, "Olga", Role.MANAGER)
    number = str(listed(database)[0]["session"])
    assert "say which sessions end" in invoke(database, "end", code=2).output
    assert "say which" in invoke(database, "end", number, "--person", "Olga", code=2).output
    assert "no open session 99" in invoke(database, "end", number, "99", code=2).output
    assert '"Eve" has no open session' in invoke(database, "end", "--person", "Eve", code=2).output
    assert [each["session"] for each in listed(database)] == [int(number)]


def test_ending_is_for_admins_once_there_is_one(database: str) -> None:
    begin(database, "Olga", Role.MANAGER)
    number = str(listed(database)[0]["session"])
    tokens = {
        role: asyncio.run(grant(database, str(role), role)) for role in (Role.FINANCE, Role.ADMIN)
    }
    for token in (None, tokens[Role.FINANCE]):
        assert "admin" in invoke(database, "end", number, code=1, token=token).output
    invoke(database, "end", number, token=tokens[Role.ADMIN])
    [one] = listed(database, "--all")
    assert (one["state"], one["ended_by"]) == ("ended", "admin")
