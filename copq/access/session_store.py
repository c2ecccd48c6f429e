"""Sessions in Postgres: their hashes, never their text."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asyncpg import Connection

from copq.access.authority import COMPANY, Actor, sign
from copq.access.sender import lines_text
from copq.access.session import Access, Person, Session, session_of
from copq.access.token import hash_of
from copq.database.queries import Queries

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Times:
    """How long a session lasts without use, and at most."""

    idle: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A sign-in between leaving for the provider and coming back."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    go_to: str
    expires_at: datetime


async def begin_sign_in(conn: Connection, begun: UnderWay, at: datetime) -> None:
    await conn.execute(
        *_SQL.begin_sign_in(
            state_hash=hash_of(begun.state), browser_hash=hash_of(begun.browser),
            nonce=begun.nonce, verifier=begun.verifier, go_to=begun.go_to, at=at,
            expires_at=begun.expires_at,
        )
    )  # fmt: skip


async def take_sign_in(conn: Connection, state: str, browser: str) -> UnderWay | None:
    """What was begun in this browser; None for another one. It can be taken once."""
    row = await conn.fetchrow(*_SQL.take_sign_in(state_hash=hash_of(state)))
    if row is None or row["browser_hash"] != hash_of(browser):
        return None
    return UnderWay(state, browser, row["nonce"], row["verifier"], row["go_to"], row["expires_at"])


async def begin_session(
    conn: Connection,
    text: str,
    person: Person,
    access: Access,
    times: Times,
    at: datetime,
    replaced: str | None = None,
) -> str:
    """Begin the session whose cookie is `text`, and end the one of `replaced`. The person's name
    here, which is that of the first sign-in."""
    name: str = await conn.fetchval(
        *_SQL.begin_session(
            hash=hash_of(text), issuer=person.issuer, subject=person.subject, name=person.name,
            role=access.role, lines=lines_text(access.lines), at=at, expires_at=at + times.longest,
            idle_s=int(times.idle.total_seconds()), replaced=hash_of(replaced or ""),
        )
    )  # fmt: skip
    return name


async def use_session(conn: Connection, text: str, at: datetime) -> Session | None:
    """The session whose cookie is `text`, noted as used; None if there is none."""
    row = await conn.fetchrow(*_SQL.use_session(hash=hash_of(text), at=at))
    return None if row is None else session_of(row)


async def sign_out(conn: Connection, text: str, at: datetime) -> None:
    await conn.execute(*_SQL.end_session(hash=hash_of(text), at=at))


async def all_sessions(conn: Connection) -> list[Session]:
    """Every session that there ever was, oldest first."""
    return [session_of(row) for row in await conn.fetch(*_SQL.all_sessions())]


async def end_sessions(
    conn: Connection, admin: Actor, ended: Iterable[Session], why: str, at: datetime
) -> None:
    """End these sessions. Raises `OutOfScope` for people of more than the admin's lines."""
    numbers = []
    for session in ended:
        lines = session.access.lines
        admin.require([COMPANY] if lines is None else lines)
        numbers.append(session.number)
    async with conn.transaction():
        await sign(conn, admin, why)
        await conn.execute(*_SQL.end_sessions(sessions=numbers, by=admin.name, at=at))
