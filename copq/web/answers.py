"""One shape for every error: `{"detail": "a sentence that says what to do"}`."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field


class NotAnswered(BaseModel):
    detail: str = Field(
        description="What is wrong, and what to do next.",
        examples=['line "L7" is not in plant "north"; its lines are L1, L2'],
    )


def _response(description: str) -> dict[str, Any]:
    return {"model": NotAnswered, "description": description}


NOT_ANSWERED: dict[int | str, dict[str, Any]] = {
    401: _response("No token, or none that is known."),
    403: _response("The token's role does not allow it."),
    422: _response("Ask otherwise."),
    500: _response("A fault of the service: its log says which."),
    503: _response("Postgres is away: ask again later."),
}
"""For the `responses` of a router: the errors in OpenAPI."""


FAULT = (
    "this is a fault of the service, not of your question; nothing was changed. Its log says "
    "which fault: tell the person who runs it"
)


def add_error_handlers(app: FastAPI) -> None:
    """Answer refused parameters in the one shape; FastAPI's own answer is a list.

    Unexpected errors are answered with 500, and raised again for the log.
    """

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": FAULT}, 500)

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": "; ".join(map(_explain_error, error.errors()))}, 422)


def _explain_error(error: Any) -> str:
    name, given = error["loc"][-1], error.get("input")
    if error["type"] == "missing":
        return f"{name} is missing"
    if error["type"] == "literal_error":
        return f'{name} is {error["ctx"]["expected"].replace(chr(39), "")}; not "{given}"'
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f'{name}: "{given}" {said[0].lower()}{said[1:]}'
