"""One shape for every error: problem details as RFC 9457 describes them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi import HTTPException as Refusal
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

PROBLEM = "application/problem+json"


class NotAnswered(BaseModel):
    """Why a request is not answered."""

    type: str = Field("about:blank", description="The status says which kind of problem it is.")
    title: str = Field(description="The status in words.", examples=["Unprocessable Entity"])
    status: int = Field(description="As the status of the answer.", examples=[422])
    detail: str = Field(
        description="What is wrong, and what to do next.",
        examples=['line "L7" is not in plant "north"; its lines are L1, L2'],
    )
    errors: list[str] = Field([], description="Each fault, where there may be several.")


def not_answered(description: str) -> dict[str, Any]:
    """For the `responses` of a route: an error in OpenAPI."""
    content = {PROBLEM: {"schema": NotAnswered.model_json_schema()}}
    return {"description": description, "content": content}


NOT_ANSWERED: dict[int | str, dict[str, Any]] = {
    401: not_answered("No token, or none that is known."),
    403: not_answered("The token's role does not allow it."),
    422: not_answered("Ask otherwise."),
    500: not_answered("A fault of the service: its log says which."),
    503: not_answered("Postgres is away: ask again later."),
}
"""For the `responses` of a router: the errors in OpenAPI."""


FAULT = (
    "this is a fault of the service, not of your question; nothing was changed. Its log says "
    "which fault: tell the person who runs it"
)


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[str] = ()
) -> Response:
    """The answer to a request that is refused or fails."""
    body = NotAnswered(
        title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors)
    )
    shown = body.model_dump(exclude=None if errors else {"errors"})
    return JSONResponse(shown, status, headers, PROBLEM)


class Faults(Refusal):
    """What was sent is wrong, at several places perhaps: 422, with a sentence for each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(422, "; ".join(faults))
        self.faults = tuple(faults)


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error in the one shape.

    Unexpected errors are answered with 500, and raised again for the log.
    """

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        return problem(500, FAULT)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code < HTTPStatus.BAD_REQUEST:
            return Response(None, error.status_code, error.headers)
        faults = error.faults if isinstance(error, Faults) else ()
        return problem(error.status_code, error.detail, error.headers, faults)

    @app.exception_handler(RequestValidationError)
    async def unsound(request: Request, error: RequestValidationError) -> Response:
        return problem(422, "; ".join(map(_explain_error, error.errors())))


def _explain_error(error: Any) -> str:
    name, given = error["loc"][-1], error.get("input")
    if error["type"] == "missing":
        return f"{name} is missing"
    if error["type"] == "literal_error":
        return f'{name} is {error["ctx"]["expected"].replace(chr(39), "")}; not "{given}"'
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f'{name}: "{given}" {said[0].lower()}{said[1:]}'
