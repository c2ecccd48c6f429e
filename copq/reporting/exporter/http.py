"""`GET /metrics`."""

from asyncio import to_thread
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client import REGISTRY
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from copq.access.door import Door, Role
from copq.access.requests import admit_request
from copq.reporting.exporter.compression import deflated, gzipped, inflated
from copq.reporting.exporter.exporter import Exporter
from copq.web.routes import add_routes

_ALL_LINES = "metrics include all lines: use a token for all lines"
_NOTHING = deflated(b"")


def add_metrics(app: FastAPI, exporter: Exporter, door: Door) -> None:
    """Add `GET /metrics`. Metrics show costs, so only readers of results may see them."""
    router = APIRouter()

    @router.get("/metrics", summary="For Prometheus", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        reader = await admit_request(request, door, Role.MANAGER, Role.FINANCE)
        if reader.sender.lines is not None:
            raise HTTPException(403, _ALL_LINES)
        return await _page(exporter, "gzip" in request.headers.get("accept-encoding", ""))

    add_routes(app, router)


async def _page(exporter: Exporter, zipped: bool) -> Response:
    """The last computed figures, then the process's own metrics as of now.

    The parts are sent separately, so that megabytes are not copied.
    """
    own, figures = generate_latest(REGISTRY), exporter.figures
    figures_page = figures.page if figures else _NOTHING
    parts = gzipped(figures_page, own) if zipped else [await to_thread(inflated, figures_page), own]
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if zipped else {}
    headers["Content-Length"] = str(sum(map(len, parts)))
    return StreamingResponse(_each(parts), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)


async def _each(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
