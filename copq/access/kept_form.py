"""A form that was sent after the session had ended: its content is not lost."""

from fastapi import FastAPI, Request, Response

from copq.web.pages.form_fields import read_form
from copq.web.pages.page import Pages

_FORM = "application/x-www-form-urlencoded"


class SessionOver(Exception):
    """The person must sign in before this form does anything. `fields` is None for an upload."""

    def __init__(self, path: str, fields: dict[str, str] | None) -> None:
        super().__init__(path)
        self.path, self.fields = path, fields


async def session_over(request: Request) -> SessionOver | None:
    """What to keep of a request that was sent without a valid session; None if it holds nothing.

    Raises `PageError` for a body that is not a form.
    """
    if request.method != "POST":
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "multipart/form-data":
        return SessionOver(_own_address(request), None)
    fields = await read_form(request) if kind == _FORM else {}
    return SessionOver(_own_address(request), fields) if fields else None


def _own_address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def add_kept_forms(app: FastAPI) -> None:
    """Show the content of such a form again, to be sent after signing in."""
    pages = Pages.of()

    @app.exception_handler(SessionOver)
    async def over(request: Request, error: SessionOver) -> Response:
        return pages.show("session_over.html", 401, path=error.path, fields=error.fields)
