"""Serving HTTP until a stop is requested: uvicorn, with a drain at the end."""

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from copq.web.connections import HEAD_S, BoundedHttp, allow_open_files
from copq.web.head_requests import HeadAsGet
from copq.web.security_headers import GuardedAnswers

BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate (with its chain) and its key, as PEM files."""

    certificate: Path
    key: Path


class CannotListen(OSError):
    """The address is in use, or is not this machine's; the text says what to do."""


async def serve_http(
    app: FastAPI,
    host: str,
    port: int,
    stop: asyncio.Event,
    tls: Tls | None = None,
    on_listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve until `stop` is set, then finish the current requests.

    `on_listening` is called once clients can connect. Raises `CannotListen`.
    """
    allow_open_files()
    config = uvicorn.Config(
        GuardedAnswers(HeadAsGet(app)), host=host, port=port,
        http=BoundedHttp, ws="none", log_level="warning", log_config=None, lifespan="off",
    )  # fmt: skip
    if tls is not None:
        config.ssl_certfile, config.ssl_keyfile = str(tls.certificate), str(tls.key)
    server = _Server(config)
    sockets = _listen(host, port)
    on_listening()
    serving = asyncio.create_task(server._serve(sockets))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopping.cancel()
    await serving


class _Server(uvicorn.Server):
    """As uvicorn's, with a limit on TLS handshakes, which it does not pass on to the loop."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop: Any = asyncio.get_running_loop()
        if self.config.is_ssl:
            loop.create_server = partial(loop.create_server, ssl_handshake_timeout=HEAD_S)
        try:
            await super().startup(sockets)
        finally:
            vars(loop).pop("create_server", None)


def _listen(host: str, port: int) -> list[socket.socket]:
    """A socket at each address of the host; uvicorn itself would end the process on an error."""
    found: list[socket.socket] = []
    try:
        for family, _, _, _, address in socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            found.append(socket.create_server(address[:2], family=family, backlog=BACKLOG))
    except OSError as error:
        for one in found:
            one.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {_bind_fault(error)}") from None
    return found


def _bind_fault(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "something listens there already; stop it, or choose another with --port"
    return (error.strerror or str(error)).lower()
