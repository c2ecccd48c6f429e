"""A form whose answer was lost: it is shown to be sent again, with its key, so it is done once."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response

from copq.web.pages.page import Pages

_MULTIPART = "multipart/form-data"


class NotKnown(Exception):
    """It is not known whether the act of a form was done; `fields` are those of the form."""

    def __init__(self, request: Request, fields: Mapping[str, str], error: HTTPException) -> None:
        super().__init__(request.url.path)
        query = f"?{request.url.query}" if request.url.query else ""
        self.path = request.url.path + query
        self.fields = dict(fields)
        self.has_file = request.headers.get("content-type", "").startswith(_MULTIPART)
        if self.has_file:
            self.fields.pop("file", None)
        self.headers = dict(error.headers or {})


def add_not_known(app: FastAPI) -> None:
    """Show such a form with the button that sends it again."""
    pages = Pages.of(Path(__file__).parents[1] / "templates")

    @app.exception_handler(NotKnown)
    async def not_known(request: Request, error: NotKnown) -> Response:
        page = pages.show(
            "not_known.html", 503, path=error.path, fields=error.fields, has_file=error.has_file
        )
        page.headers.update(error.headers)
        return page
