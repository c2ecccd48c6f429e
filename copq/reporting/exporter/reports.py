"""The messages to and from the computing process, over pipes."""

import pickle
import struct
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator
from dataclasses import dataclass

from copq.reporting.exporter.computation import Figures

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Task:
    """Compute figures of a database at an interval in seconds, with a limit of series.

    `grouping` is that of the figures by product group; without one, the only one.
    """

    dsn: str
    every_s: float
    max_series: int
    grouping: str | None = None


@dataclass(frozen=True, slots=True)
class ComputedFigures:
    """Figures, and the seconds that they took."""

    figures: Figures
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a computation has failed."""

    why: str


Report = ComputedFigures | Failed


def framed(report: Report) -> bytes:
    """The report, preceded by its length."""
    content = pickle.dumps(report)
    return _LENGTH.pack(len(content)) + content


async def reports(stream: StreamReader) -> AsyncIterator[Report]:
    """The reports until the stream ends, even in the middle of one."""
    while True:
        try:
            (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
            report: Report = pickle.loads(await stream.readexactly(length))  # noqa: S301, our own process wrote it
        except IncompleteReadError:
            return
        yield report
