"""The HTTP service around an intake: events, health, and the pages that explain them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, Response
from starlette.routing import Route

from copq.access.door import Door, OpenDoor
from copq.ingest.http.events import Events
from copq.ingest.http.openapi import DESCRIPTION, document
from copq.ingest.intake import Intake
from copq.web.pages.docs import documented_app
from copq.web.unavailable import Unavailable

Checks = Mapping[str, Callable[[], Awaitable[None]]]
"""The servers, by name, that must answer for readiness; each check raises `Unavailable`."""

_OPEN = OpenDoor()


def make_http(
    intake: Intake,
    door: Door = _OPEN,
    checks: Checks | None = None,
    stop: asyncio.Event | None = None,
) -> FastAPI:
    """The HTTP service. When `stop` is set it accepts nothing new."""
    app = documented_app("COPQ", DESCRIPTION)
    events = Events(intake, door, stop or asyncio.Event())
    app.router.routes.append(Route("/v1/events", events, methods=["POST", "OPTIONS"]))
    app.openapi = lambda: document(app)  # type: ignore[method-assign]

    @app.get("/healthz", summary="Is the process alive?", tags=["health"])
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get(
        "/readyz",
        summary="Would an event be stored now?",
        tags=["health"],
        responses={503: {"description": "No; the answer says what does not answer."}},
    )
    async def ready(response: Response) -> dict[str, str]:
        found = {name: await _run_check(check) for name, check in (checks or {}).items()}
        if stop is not None and stop.is_set():
            found["service"] = "is closing"
        good = all(said == _GOOD for said in found.values())
        response.status_code = 200 if good else 503
        return {"status": "ready" if good else "not ready", **found}

    for path, answer in (("/healthz", health), ("/readyz", ready)):
        app.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
    return app


_GOOD = "answers"


async def _run_check(check: Callable[[], Awaitable[None]]) -> str:
    try:
        await check()
    except Unavailable as error:
        return str(error)
    return _GOOD
