"""Bodies in gzip or zstd, unpacked piece by piece, with a cap on what they expand to."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

from backports import zstd

from copq.ingest.http.turned_away import TurnedAway

PIECE = 64 * 1024
"""Bytes unpacked at once."""

FREE = 8 * 1024 * 1024
RATIO = 250
"""Past the first `FREE` bytes, a body that unpacks to more than so many times its size is a bomb.

The most repetitive events that machines send come to a hundred.
"""

FRAMES = 1_000
FRAME_BYTES = 64
"""Past the first `FRAMES`, a frame (a gzip member) holds so many bytes on average: beginning one
costs as much time as many kilobytes do."""

CODINGS = "gzip, zstd"
_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 23}
"""8 MiB, which RFC 8878 recommends, and which memory has to hold."""

Feed = Callable[[bytes], Iterator[bytes]]


class Plain:
    def unpack(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        """Does nothing: a plain body has no end mark."""


class _Packed:
    """Unpacks one stream after another, each with its own decompressor."""

    def __init__(self, name: str, broken: type[Exception]) -> None:
        self._name = name
        self._broken = broken
        self._stream: Any = self._begin()
        self._began = False
        self._taken = self._given = self._streams = 0

    def _begin(self) -> Any:
        raise NotImplementedError

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        raise NotImplementedError

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Raises `TurnedAway` 400 for data of another format, 413 for a decompression bomb."""
        self._taken += len(data)
        try:
            for piece in self._pieces(data):
                self._given += len(piece)
                if self._given > FREE + RATIO * self._taken:
                    raise TurnedAway(413, f"the body expands to more than {RATIO} times its size")
                yield piece
        except self._broken as error:
            raise TurnedAway(400, f"the body is not {self._name}: {error}") from None

    def finish(self) -> None:
        """Raises `TurnedAway` 400 if the end is missing."""
        if not self._stream.eof and (self._began or not self._taken):
            raise TurnedAway(400, f"the {self._name} body ends before its end")

    def _next_stream(self) -> None:
        """Raises `TurnedAway` 413 for a body that is mostly empty frames."""
        self._streams += 1
        if self._streams > FRAMES + self._given // FRAME_BYTES:
            raise TurnedAway(413, f"the {self._name} body is mostly frames that are almost empty")
        self._stream, self._began = self._begin(), False


class Gzip(_Packed):
    def __init__(self) -> None:
        super().__init__("gzip", zlib.error)

    def _begin(self) -> Any:
        return zlib.decompressobj(zlib.MAX_WBITS | 16)

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        full = False
        while data or full:
            if self._stream.eof:
                self._next_stream()
            self._began = True
            piece = self._stream.decompress(data, PIECE)
            full = len(piece) == PIECE
            data = self._stream.unused_data or self._stream.unconsumed_tail
            yield piece


class Zstd(_Packed):
    def __init__(self) -> None:
        super().__init__("zstd", zstd.ZstdError)

    def _begin(self) -> Any:
        return zstd.ZstdDecompressor(options=_WINDOW)

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._stream.eof or self._stream.needs_input):
            if self._stream.eof:
                self._next_stream()
            self._began = True
            piece = self._stream.decompress(data, PIECE)
            data = self._stream.unused_data if self._stream.eof else b""
            yield piece


Unpacker = Plain | Gzip | Zstd


def unpacker(coding: str) -> Unpacker:
    """The unpacker for a `Content-Encoding`. Raises `TurnedAway` 415."""
    name = coding.strip().lower()
    if name in ("", "identity"):
        return Plain()
    if name in ("gzip", "x-gzip"):
        return Gzip()
    if name == "zstd":
        return Zstd()
    why = f"Content-Encoding {coding!r} is not read here; send {CODINGS} or none"
    raise TurnedAway(415, why, Accept_Encoding=CODINGS)
