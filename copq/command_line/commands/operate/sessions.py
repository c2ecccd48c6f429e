"""`copq sessions`: who is signed in, and ending that."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.access.authority import format_lines
from copq.access.door import Role
from copq.access.sender import lines_json
from copq.access.session import Session, State
from copq.access.session_store import all_sessions, end_sessions
from copq.command_line.acting import WhyOption, actor
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.options import JsonOption
from copq.command_line.terminal import fail, out, print_json, table
from copq.database.connections import DatabaseRole

app = typer.Typer(help="Sessions: who is signed in at the pages, and ending that.")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also sessions that are over.")] = False,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List who is signed in: role, lines, since when, last use, until when.

    Example: copq sessions list
    """
    found = query_database(all_sessions, database_url, data, DatabaseRole.ADMIN)
    now = datetime.now(UTC)
    shown = [each for each in found if everything or each.state(now) is State.OPEN]
    if as_json:
        print_json([_json(session, now) for session in shown])
    elif shown:
        table("Sessions", _COLUMNS, [_row(each, now) for each in shown], left=len(_COLUMNS))
    else:
        out.print("Nobody is signed in.")


_COLUMNS = ["session", "name", "role", "lines", "signed in", "last used", "until", "state"]


def _row(session: Session, now: datetime) -> tuple[str, ...]:
    return (
        str(session.number), session.person.name, session.access.role,
        format_lines(session.access.lines), _minute(session.created_at),
        _minute(session.last_used_at), _minute(session.expires_at), session.state(now),
    )  # fmt: skip


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _json(session: Session, now: datetime) -> dict[str, Any]:
    return {
        "session": session.number, "name": session.person.name,
        "issuer": session.person.issuer, "subject": session.person.subject,
        "role": session.access.role,
        "lines": lines_json(session.access.lines),
        "created_at": session.created_at, "last_used_at": session.last_used_at,
        "expires_at": session.expires_at, "state": session.state(now),
        "ended_at": session.ended_at, "ended_by": session.ended_by,
    }  # fmt: skip


@app.command()
def end(
    numbers: Annotated[
        list[int] | None, typer.Argument(help="Sessions, as the list numbers them.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(help="All sessions of the person, by the name in the list.")
    ] = None,
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """End sessions: every service refuses them within a second. They stay listed.

    For admins: once an admin token exists, COPQ_TOKEN must hold one.

    Example: copq sessions end 17 --why "laptop lost"
    """
    wanted = set(numbers or ())
    if bool(wanted) == (person is not None):
        fail("say which sessions end: their numbers, or --person NAME")

    async def ask(conn: Connection) -> list[Session]:
        admin, now = await actor(conn, Role.ADMIN), datetime.now(UTC)
        found = [each for each in await all_sessions(conn) if each.state(now) is State.OPEN]
        ended = [s for s in found if s.number in wanted or s.person.name == person]
        missing = sorted(wanted - {session.number for session in ended})
        if missing or not ended:
            fail(f"{_named(missing, person)}; see: copq sessions list")
        await end_sessions(conn, admin, ended, why, now)
        return ended

    ended = query_database(ask, database_url, data, DatabaseRole.ADMIN)
    if as_json:
        print_json([{"session": s.number, "name": s.person.name} for s in ended])
    else:
        for session in ended:
            out.print(f"Ended: session {session.number} of {session.person.name}.", markup=False)


def _named(missing: list[int], person: str | None) -> str:
    if person is not None:
        return f'"{person}" has no open session'
    return f"there is no open session {', '.join(map(str, missing))}"
