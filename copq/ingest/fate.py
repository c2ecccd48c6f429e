"""`GET /v1/events/{event_id}`: the state of your own event, never its cost."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import asyncpg
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, Field

from copq.access.door import Door
from copq.access.requests import admit_request
from copq.database.connections import AWAY
from copq.database.queries import Queries
from copq.schemas.names import canonical
from copq.web.answers import NOT_ANSWERED, not_answered
from copq.web.questions import SOUND

_SQL = Queries.of(__file__)
_UNKNOWN = "no event of yours has this id; one that was accepted just now may take a second to show"


class State(StrEnum):
    ACCEPTED = "accepted"
    """Kept and booked."""
    UNPRICED = "unpriced"
    """Kept; booked by itself once finance imports the rate that it lacks."""
    REFUSED = "refused"
    """Not booked; kept with its reason, to be fixed and replayed."""
    WITHDRAWN = "withdrawn"
    """A correction voids or replaces it."""


class Fate(BaseModel):
    """What became of an event."""

    event_id: str
    state: State
    received_at: datetime = Field(description="When it was stored, or refused.")
    occurred_at: datetime | None = Field(None, description="As it says; not of a refused one.")
    code: str | None = Field(None, description="Of a refusal: for programs.")
    field: str | None = Field(None, description="Of a refusal: the field at fault.")
    reason: str | None = Field(None, description="Why it is refused or has no price yet.")


def add_fate(app: FastAPI, door: Door, pool: asyncpg.Pool) -> None:
    """The route for senders: each sees its own events only."""

    @app.get(
        "/v1/events/{event_id:path}",
        summary="What became of an event of yours",
        response_model_exclude_none=True,
        dependencies=[SOUND],
        responses={
            **NOT_ANSWERED,
            404: not_answered("No event of yours has this id."),
        },
    )
    async def fate(request: Request, event_id: str) -> Fate:
        bearer = await admit_request(request, door)
        row = await _row(pool, event_id, bearer.sender.name)
        if row is None:
            raise HTTPException(404, _UNKNOWN)
        return Fate(event_id=event_id, **row)


async def _row(pool: asyncpg.Pool, event_id: str, sender: str | None) -> Any:
    if not event_id.isprintable():
        return None
    try:
        async with pool.acquire() as conn:
            return await conn.fetchrow(
                *_SQL.fate(event_id=canonical(event_id), sender=sender, as_asked=event_id)
            )
    except AWAY as error:
        raise HTTPException(503, f"Postgres: {error}", {"Retry-After": "5"}) from error
