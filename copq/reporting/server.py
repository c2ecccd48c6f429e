"""The reporting service: the data in Postgres for people, for programs and for Prometheus."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response

from copq.access.door import Door, OpenDoor
from copq.access.token_door import TokenDoor
from copq.pack.schedule import Schedule
from copq.pack.sending import keep_sending
from copq.process.background import run_beside
from copq.reporting.exporter.exporter import Exporter
from copq.reporting.exporter.http import add_metrics
from copq.reporting.results import add_results
from copq.reporting.source import Source, reading_pool
from copq.sign_in.config import SignInConfig
from copq.sign_in.ways_in import add_ways_in, door_of, open_sign_in
from copq.web.pages.docs import documented_app
from copq.web.pages.page import add_pages
from copq.web.serving import Tls, serve_http

Companions = list[Coroutine[Any, Any, None]]
More = Callable[[FastAPI, Source], AbstractAsyncContextManager[Companions]]


@asynccontextmanager
async def nothing_more(app: FastAPI, source: Source) -> AsyncIterator[Companions]:
    yield []


def make_reporting(exporter: Exporter, door: Door) -> FastAPI:
    """The HTTP service of an exporter, which the caller must run."""
    app = documented_app("COPQ reporting", __doc__ or "")

    @app.get("/healthz", summary="Is the process alive?")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Are there fresh figures?")
    async def ready() -> Response:
        if exporter.figures is None:
            return Response(
                "no fresh figures: Postgres does not answer, or the first computation still runs\n",
                503,
            )
        return Response("ok\n")

    add_metrics(app, exporter, door)
    return app


async def serve(
    dsn: str,
    host: str,
    port: int,
    stop: asyncio.Event,
    exporter: Exporter,
    tokens: TokenDoor | None = None,
    tls: Tls | None = None,
    metrics: tuple[str, int] | None = None,
    more: More = nothing_more,
    signing_in: SignInConfig | None = None,
    packs: Schedule | None = None,
) -> None:
    """Serve until `stop` is set. Without `tokens`, anyone may read. People sign in at the provider
    of `signing_in`.

    If the port of `metrics` is not 0, that address serves only /metrics, without a token, for
    Prometheus. `more` adds other routes, lasts as long as the service, and
    yields what has to run next to it. `packs` is the schedule of packs to send.
    """
    sign_in = await open_sign_in(signing_in, dsn)
    door = door_of(tokens or OpenDoor(), sign_in)
    app = make_reporting(exporter, door)
    add_pages(app)
    add_ways_in(app, door, sign_in)
    reading = await reading_pool(dsn)
    source = add_results(app, reading, door)
    companions = [tokens.run()] if tokens else []
    if packs is not None:
        companions.append(keep_sending(dsn, packs))
    if metrics and metrics[1]:
        alone = make_reporting(exporter, OpenDoor())
        companions.append(serve_http(alone, *metrics, stop))
    try:
        async with more(app, source) as others:
            serving = serve_http(app, host, port, stop, tls)
            await run_beside(serving, exporter.run(), *companions, *others, stop=stop)
    finally:
        reading.terminate()
        if sign_in:
            await sign_in.close()
