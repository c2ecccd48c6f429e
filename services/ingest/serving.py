"""Serving HTTP until told to stop: uvicorn, drained on the way out."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate (with its chain) and its key, as PEM files."""

    certificate: Path
    key: Path


async def serve_http(
    app: FastAPI, host: str, port: int, stop: asyncio.Event, tls: Tls | None = None
) -> None:
    """Serve until `stop` is set, then finish the requests under way. Raises OSError on the port."""
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", lifespan="off")
    if tls is not None:
        config.ssl_certfile, config.ssl_keyfile = str(tls.certificate), str(tls.key)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopping.cancel()
    await serving
