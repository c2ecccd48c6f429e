"""What is sent with an act: why, as JSON, and the version that the sender has seen."""

import json
from collections.abc import Collection
from typing import Annotated, Any, TypeVar

from fastapi import HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from copq.web.answers import Faults, not_answered
from copq.web.body import read_body

MOST_BYTES = 64 * 1024
By = Annotated[str, Query(description="Who does it, where no token is needed.", examples=["ada"])]
M = TypeVar("M", bound=BaseModel)


class Act(BaseModel):
    """The reason."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field("", description="Why, for the audit trail.", examples=["reviewed"])


class Reasoned(Act):
    why: str = Field(min_length=1, description="Why, for the audit trail.", examples=["audited"])


async def read_act(request: Request, model: type[M]) -> tuple[M, bytes]:
    """The body as `model`, and its bytes; an empty body is `{}`.

    Raises `Faults` on anything else.
    """
    body = await read_body(request, MOST_BYTES)
    try:
        return model.model_validate_json(body or b"{}"), body
    except ValidationError as error:
        raise Faults([_sentence(each) for each in error.errors()]) from None


def _sentence(error: Any) -> str:
    place = ".".join(map(str, error["loc"]))
    return f"{place}: {error['msg']}" if place else str(error["msg"])


def json_body(model: type[BaseModel], example: str = "{}") -> dict[str, Any]:
    """The body in OpenAPI, for `openapi_extra`; `example` is JSON."""
    schema = model.model_json_schema()
    content = {"application/json": {"schema": schema, "example": json.loads(example or "{}")}}
    return {"requestBody": {"content": content}}


def event_body(example: str) -> dict[str, Any]:
    """A body in OpenAPI that is empty or an event, for `openapi_extra`."""
    content = {"application/json": {"schema": {"type": "object"}, "example": json.loads(example)}}
    return {"requestBody": {"content": content}}


def require_match(request: Request, etag: str) -> None:
    """Raise `HTTPException` unless If-Match names the version that there is now.

    428 without If-Match, 412 where the thing has changed since it was read.
    """
    asked = request.headers.get("if-match")
    if asked is None:
        raise HTTPException(428, "send If-Match with the ETag of what you have read")
    require_version([part.strip() for part in asked.split(",")], etag)


def require_version(known: Collection[str], etag: str) -> None:
    """Raise `HTTPException` 412 unless the version that there is now is among the `known`."""
    if etag not in known:
        raise HTTPException(412, "this has changed since you read it: read it again")


def require_match_if_sent(request: Request, etag: str) -> None:
    """As `require_match`, for what may be sent without If-Match."""
    if request.headers.get("if-match") is not None:
        require_match(request, etag)


NOT_DONE: dict[int | str, dict[str, Any]] = {
    404: not_answered("Nothing has this name or number."),
    409: not_answered("It is not possible now."),
    412: not_answered("It has changed since it was read."),
    413: not_answered("The body is too large."),
    428: not_answered("If-Match is missing."),
}
"""For the `responses` of a route that acts, in addition to those of every route."""
