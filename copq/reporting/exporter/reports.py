"""What the process that computes is asked, and what it reports, over pipes."""

import pickle
import struct
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator
from dataclasses import dataclass

from copq.reporting.exporter.computation import Figures

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Task:
    """Compute figures of a database at an interval in seconds, with a limit of series."""

    dsn: str
    every_s: float
    max_series: int


@dataclass(frozen=True, slots=True)
class ComputedFigures:
    """Figures, and the seconds that they took."""

    figures: Figures
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there are none this time."""

    why: str


Report = ComputedFigures | Failed


def framed(report: Report) -> bytes:
    """The report behind its length."""
    content = pickle.dumps(report)
    return _LENGTH.pack(len(content)) + content


async def reports(stream: StreamReader) -> AsyncIterator[Report]:
    """Until the stream ends, in the middle of one as well."""
    while True:
        try:
            (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
            report: Report = pickle.loads(await stream.readexactly(length))  # noqa: S301, our own process wrote it
        except IncompleteReadError:
            return
        yield report
