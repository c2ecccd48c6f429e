"""Refused events that are seen and sent again, and corrections with a reason."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from asyncpg import Connection, Record
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from copq.access.door import Bearer, Role
from copq.database.connections import DatabaseRole, act_as
from copq.database.queries import Queries
from copq.desk import examples
from copq.desk.acts import (
    NOT_DONE,
    By,
    event_body,
    json_body,
    read_act,
    require_match_if_sent,
)
from copq.desk.desk import Acting, Desk
from copq.desk.once import IDEMPOTENT, KEY, Done, do_apart
from copq.ingest.intake import Answer, Intake, Status
from copq.ingest.replaying import is_whole, rejected_json, replay_rows
from copq.posting.rejected import list_rejected
from copq.reporting.formats import as_json
from copq.schemas.fields import EventId, Identifier, Instant, Text
from copq.schemas.names import canonical
from copq.web.answers import Faults
from copq.web.body import read_body

_SQL = Queries.of(__file__)
_PATH = "/v1/rejected"
_MOST_BYTES = 1 << 20
NO_INTAKE = (
    "this service takes no events: send a correction to POST /v1/events of copq ingest, and replay "
    "refused events with copq rejected replay --kafka"
)
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="Its number.", examples=[1])]
Everything = Annotated[
    bool, Query(alias="all", description="Those that were replayed or have lost their bytes, too.")
]
Limit = Annotated[int, Query(ge=1, le=1_000, description="The refused events of a page.")]
Cursor = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="`next` of the previous page.")
]


class CorrectionAct(BaseModel):
    """Voids an event, or replaces it by another, for a reason.

    Without plant and line: those of the event. Without an id, it has one made of the
    Idempotency-Key.
    """

    model_config = ConfigDict(extra="forbid")

    corrects: EventId = Field(examples=["mes-3"])
    reason: Text = Field(examples=["counted twice"])
    replacement: dict[str, Any] | None = Field(None, description="A whole event with its own id.")
    event_id: EventId | None = None
    occurred_at: Instant | None = Field(None, description="When it was corrected; empty: now.")
    plant: Identifier | None = None
    line: Identifier | None = None


def add_events(router: APIRouter, desk: Desk) -> None:
    _add_reading(router, desk)
    _add_replay(router, desk)

    @router.post(
        "/v1/corrections", summary="Correct an event, for a reason", status_code=201,
        description=CorrectionAct.__doc__,
        openapi_extra=examples.CORRECT.described(
            json_body(CorrectionAct, examples.CORRECT.text)
        ),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def correct_event(request: Request, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.OPERATOR)
        said, body = await read_act(request, CorrectionAct)
        intake = require_intake(desk.intake)
        async with desk.acting(bearer, by) as acting:

            async def act() -> Done:
                key = request.headers.get(KEY)
                return await correct(acting, intake, bearer, said, key)

            return await do_apart(acting, request, body, act)


async def correct(
    acting: Acting, intake: Intake, bearer: Bearer, said: CorrectionAct, key: str | None
) -> Done:
    """Send a correction to the intake in the name of its sender. Raises `HTTPException`, `Faults`.

    The same key again is the same event, which counts once.
    """
    plant, line = said.plant, said.line
    if plant is None or line is None:
        place = await _place_of(acting.conn, said.corrects)
        if place is None or not bearer.sender.may_report(*place):
            raise Faults([
                f'no event of your lines has the id "{said.corrects}": check it, or give plant and '
                "line, and the correction waits for its event"
            ])  # fmt: skip
        plant, line = place
    seed = f"{acting.actor.name}/{key}"
    event = {
        "event_id": said.event_id or f"correction-{uuid5(NAMESPACE_URL, seed) if key else uuid4()}",
        "event_type": "correction",
        "occurred_at": (said.occurred_at or acting.now).isoformat(),
        "plant": plant, "line": line, "corrects": said.corrects, "reason": said.reason,
        **({"replacement": said.replacement} if said.replacement is not None else {}),
    }  # fmt: skip
    [answer] = await intake.accept([json.dumps(event).encode()], bearer.sender)
    _require_accepted(answer)
    return Done({"status": answer.status, "event": event}, 201)


async def _place_of(conn: Connection, event_id: str) -> tuple[str, str] | None:
    row = await conn.fetchrow(*_SQL.place_of_event(event_id=canonical(event_id)))
    return None if row is None else (row["plant"], row["line"])


def _add_reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="Refused events, the newest first", description=examples.REJECTED,
        openapi_extra=examples.LIST_REJECTED.described(),
    )  # fmt: skip
    async def rejected(
        request: Request, everything: Everything = False, limit: Limit = 100, cursor: Cursor = None
    ) -> Response:
        bearer = await desk.admit(request, Role.OPERATOR, Role.MANAGER, Role.FINANCE)
        async with desk.seeing_as(bearer) as seeing:
            rows = await list_rejected(
                seeing.conn, replayed=everything, limit=limit + 1, before=cursor,
                sender=whose(bearer),
            )  # fmt: skip
        following = rows[limit - 1]["rejected_id"] if len(rows) > limit else None
        return as_json({"rows": [rejected_json(row) for row in rows[:limit]], "next": following})

    @router.get(
        f"{_PATH}/{{number}}", summary="A refused event with its bytes",
        openapi_extra=examples.GET_REJECTED.described(),
    )  # fmt: skip
    async def one_rejected(request: Request, number: Number) -> Response:
        bearer = await desk.admit(request, Role.OPERATOR, Role.MANAGER, Role.FINANCE)
        async with desk.seeing_as(bearer) as seeing:
            row = await rejected_event(seeing.conn, bearer, number)
        return as_json(rejected_json(row), {"ETag": etag(row), "Cache-Control": "no-cache"})


def whose(bearer: Bearer) -> str | None:
    """Whose refused events a bearer sees: an operator's own; None: everybody's.

    Raises `HTTPException` 403 for a reader of some lines: the line of a refused event may be wrong.
    """
    if bearer.role is Role.OPERATOR:
        return bearer.sender.name
    if bearer.sender.lines is not None:
        raise HTTPException(403, "refused events are for those who see all lines")
    return None


async def rejected_event(conn: Connection, bearer: Bearer, number: int) -> Record:
    """Raises `HTTPException` 404, also for an event that somebody else sent."""
    rows = await list_rejected(conn, replayed=True, ids=[number], sender=whose(bearer))
    if not rows:
        raise HTTPException(404, f"there is no refused event {number}")
    return rows[0]


def etag(row: Record) -> str:
    """Changes once the event was replayed, or its bytes dropped."""
    at: datetime | None = row["replayed_at"]
    dropped = row["dropped_by"] or ""
    return f'"{row["rejected_id"]}.{at.timestamp() if at else "waits"}.{dropped}"'


def _add_replay(router: APIRouter, desk: Desk) -> None:
    @router.post(
        f"{_PATH}/{{number}}/replay", summary="Send a refused event again, as it is or fixed",
        description=examples.REPLAY,
        openapi_extra=examples.REPLAY_FIXED.described(
            event_body(examples.REPLAY_FIXED.text)
        ),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def replay(request: Request, number: Number, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.OPERATOR, Role.MANAGER)
        body = await read_body(request, _MOST_BYTES)
        intake = require_intake(desk.replaying_for(bearer))
        async with desk.acting(bearer, by) as acting:

            async def act() -> Done:
                row = await rejected_event(acting.conn, bearer, number)
                require_match_if_sent(request, etag(row))
                return await replay_event(acting, intake, bearer, number, body or None)

            return await do_apart(acting, request, body, act)


async def replay_event(
    acting: Acting, intake: Intake, bearer: Bearer, number: int, fixed: bytes | None
) -> Done:
    """Send a refused event again, under the name of its first sender.

    Raises `HTTPException` 404 or 409, and `Faults` where it is refused again.
    """
    row = await rejected_event(acting.conn, bearer, number)
    if row["replayed_at"] is not None:
        raise HTTPException(
            409, f"{number} was replayed at {row['replayed_at']:%Y-%m-%d %H:%M} UTC"
        )
    if fixed is None and not is_whole(row):
        raise HTTPException(409, f"the bytes of {number} are not all there: send the fixed event")
    is_operator = bearer.role is Role.OPERATOR
    if is_operator and row["code"] == "too_many_names":
        raise HTTPException(403, f"{number} brings too many names: a manager sends it again")
    lines = bearer.sender.lines if is_operator else None
    conn = acting.conn
    await act_as(conn, DatabaseRole.AGGREGATOR)  # a second connection could wait for this one
    try:
        said = await replay_rows(conn, [row], fixed, intake, acting.actor.name, lines)
    finally:
        await act_as(conn, DatabaseRole.FINANCE)
    _require_accepted(said[number])
    return Done({"rejected_id": number, "status": said[number].status})


def require_intake(intake: Intake | None) -> Intake:
    if intake is None:
        raise HTTPException(409, NO_INTAKE)
    return intake


def _require_accepted(answer: Answer) -> None:
    if answer.status is Status.REFUSED:
        assert answer.refusal is not None
        raise Faults([answer.refusal.message])
