"""A worker's metrics port: `/healthz`, `/readyz`, `/metrics`.

Alive is a worker whose event loop turns, whatever it waits for. A restart does not bring back
a server. Ready is one that has its rate book, was dealt its partitions, even if none were left, and
gets on with them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

TURN_S = 1.0
STANDSTILL_S = 15.0
"""No batch blocks the loop this long: prices and rows take well under a second."""


class Health:
    """Written in the event loop, read by the threads that answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.missing: str | None = "not started yet"
        """Why it is not ready; None where it is."""
        self.stuck = ""
        """Partitions with records and no recent commit; empty if all advance."""
        self.clock = ""
        """Why Kafka refuses this host's messages, if its clock is the reason."""
        self._clock = clock
        self._turned: float | None = None

    async def turn(self) -> None:
        """Record, for ever, that the event loop turns."""
        while True:
            self.mark_turn()
            await asyncio.sleep(TURN_S)

    def mark_turn(self) -> None:
        self._turned = self._clock()

    def unready(self) -> str | None:
        """Why it is not ready; None where it is."""
        return self.standstill() or self.missing or self.clock or self.stuck or None

    def standstill(self) -> str | None:
        """What is wrong with the loop; None while it turns."""
        if self._turned is None:
            return "the loop has not started"
        seconds = self._clock() - self._turned
        return None if seconds < STANDSTILL_S else f"the loop has stood still for {seconds:.0f} s"


def serve_health(host: str, port: int, health: Health) -> WSGIServer:
    """Answer at this address, port 0 for a free one, in threads of its own. Raises OSError."""
    server = make_server(
        host, port, _health_app(health), server_class=_Server, handler_class=_SilentHandler
    )
    Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _health_app(health: Health) -> "WSGIApplication":
    metrics: WSGIApplication = make_wsgi_app()

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD":
            answer({**environ, "REQUEST_METHOD": "GET"}, start)
            return []
        match environ["PATH_INFO"]:
            case "/healthz":
                return _say(start, health.standstill())
            case "/readyz":
                return _say(start, health.unready())
            case _:
                return metrics(environ, start)

    return answer


def _say(start: "StartResponse", wrong: str | None) -> Iterable[bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
    start(f"{status.value} {status.phrase}", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{wrong or 'ok'}\n".encode()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: probes come every few seconds."""
