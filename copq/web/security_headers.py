"""Headers that tell a browser what it must not do with an answer."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
NOTHING_LOADED = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
}
"""For an answer that is not a page. A page brings a policy of its own."""

A_YEAR_S = 365 * 24 * 3600
HTTPS_ALONE = {"Strict-Transport-Security": f"max-age={A_YEAR_S}"}


class GuardedAnswers:
    """Adds the headers above to answers that lack them; the last one to answers by HTTPS alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = NO_SNIFFING | NOTHING_LOADED
        wanted |= HTTPS_ALONE if scope["scheme"] == "https" else {}

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in wanted.items():
                    headers.setdefault(name, value)
                message = {**message, "headers": headers.raw}
            await send(message)

        await self._app(scope, receive, guarded)
