"""Errors as pages, for browsers that ask for a page; programs get the one shape of `answers`."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from copq.text.sentences import sentence

if TYPE_CHECKING:
    from copq.web.pages.page import Pages

Handler = Callable[[Request, Exception], Awaitable[Response]]
_TITLES = {
    403: "Not for this role", 404: "This page does not exist", 413: "Too large",
    429: "Too many requests", 500: "A fault of the service", 503: "Not available now",
}  # fmt: skip
_IN_OTHER_WORDS = {
    404: "Nothing is at this address. The start leads to all pages.",
    405: "This page takes no such request. Go back, and use its buttons.",
}
_READ_LATER = "Postgres does not answer. Reload the page in a moment."
_SEND_AGAIN = (
    "Postgres does not answer, so it is not known whether this was done. Go back in a moment and "
    "send the form again: it is done once."
)


def add_error_pages(app: FastAPI, pages: "Pages") -> None:
    """The app has the error handlers of `answers`."""
    for kind in (HTTPException, RequestValidationError, Exception):
        app.exception_handlers[kind] = _for_people(app.exception_handlers[kind], pages)


def _for_people(plain: Any, pages: "Pages") -> Handler:
    async def shown(request: Request, error: Exception) -> Response:
        answer: Response = await plain(request, error)
        if answer.status_code < 400 or not _asks_for_page(request):
            return answer
        said = json.loads(bytes(answer.body))
        status = answer.status_code
        page = pages.show(
            "error.html", status, title=_TITLES.get(status, "This is not possible"),
            message=_message(request, status, said["detail"], said["title"]),
            other_user=status == 403,
        )  # fmt: skip
        for name in ("Retry-After", "Allow"):
            if name in answer.headers:
                page.headers[name] = answer.headers[name]
        return page

    return shown


def _asks_for_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(
        "/v1/"
    )


def _message(request: Request, status: int, detail: str, phrase: str) -> str:
    if status == 503:
        return _READ_LATER if request.method in ("GET", "HEAD") else _SEND_AGAIN
    return sentence(_IN_OTHER_WORDS.get(status, detail) if detail == phrase else detail)
