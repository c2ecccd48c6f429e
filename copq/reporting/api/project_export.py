"""A project's export as an answer: one JSON file, read as a whole and then sent."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from copq.figures.project_export import export_lines
from copq.reporting.formats import never_kept
from copq.reporting.source import Source

_IN_MEMORY = 32 * 2**20
"""The bytes of a compressed export that stay in memory: those of about a million entries."""

_LINES, _CHUNK = 1_000, 2**18


async def export_of(source: Source, request: Request, plant: str, name: str) -> Response:
    """The export of a project for a reader, as `copq projects export` writes it.

    It is read as a whole before it is sent, so that a slow reader holds no connection to Postgres.
    """
    reader = await source.admit(request)
    with ExitStack() as unsent:
        file = unsent.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        async with source.reading(reader) as reading:
            await _pack(file, export_lines(
                reading.conn, reading.books, reading.book, plant, name, reading.now
            ))  # fmt: skip
        unsent.pop_all()
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Content-Encoding": "gzip"} if zipped else {}
    headers |= {**never_kept("copq-project.json"), "Vary": "Accept-Encoding"}
    return StreamingResponse(_sent(file, zipped=zipped), 200, headers, "application/json")


async def _pack(file: IO[bytes], lines: AsyncIterator[str]) -> None:
    """Compress the lines, some at a time, next to the requests of others."""
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        some: list[str] = []
        async for line in lines:
            some.append(line)
            if len(some) == _LINES:
                await asyncio.to_thread(packed.write, "".join(some).encode())
                some.clear()
        packed.write("".join(some).encode())


def _sent(file: IO[bytes], *, zipped: bool) -> Iterator[bytes]:
    """The bytes of the answer, from a thread of its own; the file is gone afterwards."""
    with file:
        file.seek(0)
        content = file if zipped else gzip.GzipFile("", "rb", fileobj=file)
        while chunk := content.read(_CHUNK):
            yield chunk
