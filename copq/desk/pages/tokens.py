"""The pages `/admin`: tokens that are made, shown once and revoked; and people who signed in."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from copq.access.asking import state_of
from copq.access.authority import Actor, OutOfScope, format_lines
from copq.access.door import Bearer, Role
from copq.access.granting import places_of
from copq.access.sender import Lines
from copq.access.session import Session, State
from copq.access.session_store import all_sessions, end_sessions
from copq.access.store import StoredToken, all_tokens
from copq.database.connections import DatabaseRole
from copq.desk.desk import Acting
from copq.desk.once import Done
from copq.desk.pages.fields import filled_model
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.tokens import TokenAct, make, revoke
from copq.figures.names import lines_of
from copq.web.pages.form_fields import read_form

PATH = "/admin"
SESSIONS = f"{PATH}/sessions"
_LABELS = {
    "name": "Name", "role": "Role", "plants": "Plants", "lines": "Lines", "expires": "Valid for",
    "requests_per_second": "Requests a second", "events_per_second": "Events a second",
    "bytes_per_second": "Bytes a second",
}  # fmt: skip
_PLANT = "plant:"
MAY = {
    Role.OPERATOR: "sends events of its lines; sees no cost",
    Role.MANAGER: "reads results; runs improvement projects",
    Role.FINANCE: "sets rates and targets, closes months, approves and validates",
    Role.ADMIN: "grants access; sees no cost",
}


def add_access(router: APIRouter, pages: DeskPages) -> None:
    _add_tokens(router, pages)
    _add_sessions(router, pages)


def _add_tokens(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def tokens(request: Request) -> Response:
        return await _tokens(request, pages, await pages.person(request), None, {})

    @router.post(f"{PATH}/tokens")
    async def make_token(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> Done:
            return await make(acting, _asked(filled))

        refusal, made = await pages.act(request, bearer, filled, act, as_role=DatabaseRole.ADMIN)
        return await _tokens(request, pages, bearer, refusal, filled if refusal else {}, made)

    @router.post(f"{PATH}/tokens/revoke")
    async def revoke_token(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> Done:
            return await revoke(acting, filled.get("name", ""), filled.get("why", ""))

        refusal, _ = await pages.act(request, bearer, filled, act, as_role=DatabaseRole.ADMIN)
        if refusal:
            return await _tokens(
                request, pages, bearer, refusal, {"revoke": filled.get("name", "")}
            )
        return go(PATH, "revoked")


def _asked(filled: dict[str, str]) -> TokenAct:
    """What the form asks for. Raises `Faults`."""
    lines = filled.get("lines", "").replace("\n", ",").split(",")
    fields: dict[str, Any] = {name: filled.get(name, "") for name in (
        "name", "role", "expires", "why", "requests_per_second", "events_per_second",
        "bytes_per_second",
    )} | {
        "plants": [name.removeprefix(_PLANT) for name in filled if name.startswith(_PLANT)],
        "lines": [line.strip() for line in lines if line.strip()],
    }  # fmt: skip
    return filled_model(TokenAct, fields, _LABELS)


async def _tokens(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None,
    filled: dict[str, str], made: Any = None,
) -> Response:  # fmt: skip
    async with pages.desk.seeing_as(bearer, DatabaseRole.ADMIN) as seeing:
        found = await all_tokens(seeing.conn)
        now = seeing.now
    async with pages.source.reading(bearer) as reading:
        plants = sorted(reading.book.sites)
        lines = [
            f"{plant}/{line}"
            for plant in plants for line in await lines_of(reading.conn, reading.book, plant)
        ]  # fmt: skip
    rows = [_row(one, now) for one in found if _covers(bearer, one)]
    valid = [row for row in rows if row["state"] == "valid"]
    return pages.show(
        request, bearer, "tokens.html", PATH, refusal, valid=valid, made=made, filled=filled,
        gone=[row for row in rows if row["state"] != "valid"], plants=plants, lines=lines,
        wanted=filled.get("revoke") or request.query_params.get("revoke", ""), prefix=_PLANT,
        roles=[(str(role), f"{role}: {says}") for role, says in MAY.items()],
        has_admin=any(row["role"] == Role.ADMIN for row in valid),
    )  # fmt: skip


def _row(token: StoredToken, now: datetime) -> dict[str, Any]:
    grant = token.grant
    return {
        "name": grant.name, "role": grant.role, "lines": format_lines(grant.lines),
        "state": state_of(token, now), "made": f"{_minute(token.created_at)} by {token.created_by}",
        "until": _minute(grant.expires_at) if grant.expires_at else "for ever",
        "used": _minute(token.last_used_at) if token.last_used_at else "never",
        "revoked": f"{_minute(token.revoked_at)} by {token.revoked_by}" if token.revoked_at else "",
    }  # fmt: skip


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _admin(bearer: Bearer) -> Actor:
    return Actor(bearer.sender.name or "", bearer.role, bearer.sender.lines)


def _covers(bearer: Bearer, token: StoredToken) -> bool:
    try:
        _admin(bearer).require(places_of(token.grant))
    except OutOfScope:
        return False
    return True


def _add_sessions(router: APIRouter, pages: DeskPages) -> None:
    @router.get(SESSIONS)
    async def sessions(request: Request) -> Response:
        return await _sessions(request, pages, await pages.person(request), None)

    @router.post(f"{SESSIONS}/{{number:int}}/end")
    async def end(request: Request, number: int) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> int:
            found = {one.number: one for one in await all_sessions(acting.conn)}
            one = found.get(number)
            if one is None or one.state(acting.now) is not State.OPEN:
                raise HTTPException(409, f"session {number} is over already")
            await end_sessions(acting.conn, acting.actor, [one], filled.get("why", ""), acting.now)
            return number

        refusal, _ = await pages.act(request, bearer, filled, act, as_role=DatabaseRole.ADMIN)
        if refusal:
            return await _sessions(request, pages, bearer, refusal)
        return go(SESSIONS, "ended")


async def _sessions(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None
) -> Response:
    async with pages.desk.seeing_as(bearer, DatabaseRole.ADMIN) as seeing:
        found = await all_sessions(seeing.conn)
        now = seeing.now
    seen = [one for one in found if _is_within(one.access.lines, bearer.sender.lines)]
    is_open = [one for one in seen if one.state(now) is State.OPEN]
    return pages.show(
        request, bearer, "sessions.html", SESSIONS, refusal, rows=[_person(s) for s in is_open],
        over=len(seen) - len(is_open),
    )  # fmt: skip


def _is_within(lines: Lines | None, admins: Lines | None) -> bool:
    if admins is None:
        return True
    return lines is not None and all(line in admins or (line[0], None) in admins for line in lines)


def _person(session: Session) -> dict[str, Any]:
    return {
        "number": session.number, "name": session.person.name, "role": session.access.role,
        "lines": format_lines(session.access.lines), "since": _minute(session.created_at),
        "used": _minute(session.last_used_at), "until": _minute(session.expires_at),
    }  # fmt: skip
