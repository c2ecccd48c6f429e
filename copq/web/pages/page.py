"""Pages of one look: templates with escaping, a strict policy for the browser, styles."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.routing import Match

from copq.text.person_names import shown_name
from copq.web.pages.error_pages import add_error_pages

_OWN = Path(__file__).parent / "templates"
_FILES = {
    "brand.css": "text/css", "pages.css": "text/css", "pages.js": "text/javascript",
    "docs.css": "text/css", "docs.js": "text/javascript", "icon.svg": "image/svg+xml",
    "numbers.js": "text/javascript",
}  # fmt: skip
_CONTENT = {name: (Path(__file__).parent / name).read_bytes() for name in _FILES}
_VERSION = sha256(b"".join(_CONTENT.values())).hexdigest()[:12]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": a browser would then hide the origin of a form from us, too.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class PageError(Exception):
    """Shown in place of the page: what is wrong, and what to do next."""

    def __init__(self, status: int, title: str, message: str, retry_after: str = "") -> None:
        super().__init__(message)
        self.status, self.title, self.retry_after = status, title, retry_after


@dataclass(frozen=True, slots=True)
class Pages:
    """The templates of folders, which may build on those of this package."""

    _env: Environment

    @staticmethod
    def of(*folders: Path) -> "Pages":
        env = Environment(
            loader=FileSystemLoader([*folders, _OWN]), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        env.globals |= {"build": _VERSION, "who": None}
        env.filters["shown_name"] = shown_name
        return Pages(env)

    def show(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """The page. Everything in `values` is escaped."""
        text = self._env.get_template(name).render(values)
        return HTMLResponse(text, status, HEADERS)


def serves(app: FastAPI, path: str) -> bool:
    """Whether the app has a page of its own at `path`."""
    asked = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(asked)[0] is Match.FULL for route in app.routes)


def add_files(app: FastAPI) -> None:
    """Styles, scripts and the icon that the pages load."""

    @app.get("/pages/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        if name not in _FILES:
            return Response(status_code=404)
        forever = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(_CONTENT[name], media_type=_FILES[name], headers=forever)


def add_pages(app: FastAPI) -> None:
    """Add the pages for errors. The app is a `documented_app`."""
    pages = Pages.of()
    add_error_pages(app, pages)

    @app.exception_handler(PageError)
    async def failed(request: Request, error: PageError) -> Response:
        response = pages.show(
            "error.html", error.status, title=error.title, message=str(error),
            other_user=error.status == 403,
        )  # fmt: skip
        if error.retry_after:
            response.headers["Retry-After"] = error.retry_after
        return response
