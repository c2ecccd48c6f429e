"""Each route with each kind of credential: who is let in, who is not, and nobody by an old one."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from copq.access.authority import Actor
from copq.access.door import Role
from copq.access.session import Access, Person, new_session_id
from copq.access.session_store import Times, all_sessions, begin_session, end_sessions, sign_out
from copq.database.connections import DatabaseRole, connected
from tests.integration.access.test_roles import ENDPOINTS, EVENT
from tests.support.access.serving import bearer, grant, revoke
from tests.support.sign_in.provider import FakeProvider
from tests.support.sign_in.serving import SAME_SITE, browser, service

NOW = datetime.now(UTC)
TIMES, EXPIRED = Times(), NOW - timedelta(minutes=1)


@dataclass(frozen=True)
class Credential:
    """What a request shows; `role` is None where it lets nobody in."""

    name: str
    role: Role | None
    headers: dict[str, str]


async def session(
    database: str, name: str, role: Role, began: datetime = NOW, times: Times = TIMES
) -> str:
    text = new_session_id()
    async with connected(database, DatabaseRole.DOOR) as conn:
        person = Person("https://login.example.com", name, f"{name} ({name})")
        await begin_session(conn, text, person, Access(role), times, began)
    return text


def cookie(text: str) -> dict[str, str]:
    return {"cookie": f"copq-session={text}"} | SAME_SITE


async def credentials(database: str) -> list[Credential]:
    found = [Credential("unknown token", None, bearer("copq_x_y")), Credential("none", None, {})]
    # It comes first: an administrator's route ends session 1.
    ended = await session(database, "ended", Role.FINANCE)
    for role in Role:
        token = await grant(database, f"token {role}", role)
        found.append(Credential(f"token of {role}", role, bearer(token)))
        text = await session(database, role, role)
        found.append(Credential(f"session of {role}", role, cookie(text)))
    old = await grant(database, "expired", Role.FINANCE, expires_at=EXPIRED)
    gone = await grant(database, "revoked", Role.FINANCE)
    await revoke(database, "revoked")
    idle = await session(database, "idle", Role.FINANCE, NOW - timedelta(hours=2))
    past = await session(database, "past", Role.FINANCE, NOW - timedelta(hours=13))
    out = await session(database, "out", Role.FINANCE)
    async with connected(database, DatabaseRole.DOOR) as conn:
        await sign_out(conn, out, NOW)
    async with connected(database, DatabaseRole.ADMIN) as conn:
        wanted = [one for one in await all_sessions(conn) if one.person.subject == "ended"]
        await end_sessions(conn, Actor("admin"), wanted, "left", NOW)
    shown = await session(database, "shown", Role.FINANCE)
    return [
        *found,
        Credential("expired token", None, bearer(old)),
        Credential("revoked token", None, bearer(gone)),
        Credential("unknown session", None, cookie(new_session_id())),
        Credential("idle session", None, cookie(idle)),
        Credential("session past its time", None, cookie(past)),
        Credential("signed out", None, cookie(out)),
        Credential("ended by an admin", None, cookie(ended)),
        Credential("session in the header", None, bearer(shown)),
    ]


async def test_each_route_lets_in_whom_it_should_by_token_or_session_and_nobody_else(
    database: str,
) -> None:
    wrong = []
    async with service(database, FakeProvider()) as app, browser(app) as client:

        async def ask(method: str, path: str, allowed: set[Role], one: Credential) -> None:
            said = await client.request(
                method, path, headers=one.headers, content=EVENT if method != "GET" else None
            )
            wanted = "unknown" if one.role is None else one.role in allowed
            if _outcome(said) != wanted:
                wrong.append((one.name, method, path, said.status_code))

        unknown, *others = await credentials(database)
        # At once: each waits until the tokens have been read again.
        await asyncio.gather(*(ask(*endpoint, unknown) for endpoint in ENDPOINTS))
        for endpoint in ENDPOINTS:
            for one in others:
                await ask(*endpoint, one)
    assert wrong == []


def _outcome(said: httpx.Response) -> bool | str:
    """Whether the sender was let in; `unknown` where nobody knows who it is."""
    if said.status_code == 401 or said.headers.get("location", "").startswith("/login"):
        return "unknown"
    assert said.status_code < 500, said.text
    return said.status_code != 403


async def test_no_route_does_anything_for_a_page_of_another_site(database: str) -> None:
    foreign = [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
               {"origin": "https://evil.example"}, {"origin": "null"}, {}]  # fmt: skip
    async with service(database, FakeProvider()) as app, browser(app) as client:
        for method, path, allowed in ENDPOINTS:
            if method == "GET":
                continue
            text = await session(database, f"{method} {path}", min(allowed))
            for headers in foreign:
                said = await client.request(
                    method, path, headers={"cookie": f"copq-session={text}"} | headers
                )
                assert said.status_code == 403 and "another site" in said.text, (path, headers)
