"""An HTTP service whose API is described at `/docs`, from its own address alone."""

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline

from copq.web.answers import add_error_handlers
from copq.web.pages.page import HEADERS, Pages, add_files

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Swagger UI sets styles on elements, and shows pictures that it carries in its own text."""


def documented_app(title: str, description: str) -> FastAPI:
    """An app with the files of the pages, one shape of errors, and its description at `/docs`."""
    app = FastAPIOffline(
        docs_url=None, redoc_url=None, title=title, version="1", description=description
    )
    add_error_handlers(app)
    add_files(app)
    pages = Pages.of()

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        page = pages.show("docs.html", root=request.scope.get("root_path", ""))
        page.headers.update(HEADERS | {"Content-Security-Policy": _POLICY})
        return page

    return app
