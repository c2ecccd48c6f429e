"""Gzip of a large text and a small one behind it, the large one compressed ahead of time."""

import struct
import zlib
from dataclasses import dataclass

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_QUICKLY, _RAW = 1, -15


@dataclass(frozen=True, slots=True)
class Deflated:
    """A text compressed to blocks that others may follow, and what a gzip's end says of it."""

    blocks: bytes
    check: int
    size: int


def deflated(text: bytes) -> Deflated:
    """The text, ready to have another one put behind it."""
    stream = zlib.compressobj(_QUICKLY, zlib.DEFLATED, _RAW)
    blocks = stream.compress(text) + stream.flush(zlib.Z_FULL_FLUSH)
    return Deflated(blocks, zlib.crc32(text), len(text))


def inflated(text: Deflated) -> bytes:
    """The text itself."""
    return zlib.decompressobj(_RAW).decompress(text.blocks)


def gzipped(first: Deflated, second: bytes) -> list[bytes]:
    """One gzip member of both: not every client reads two, though the format allows them.

    It takes as long as the second is, however long the first: a check goes on from the first's.
    """
    stream = zlib.compressobj(_QUICKLY, zlib.DEFLATED, _RAW)
    blocks = stream.compress(second) + stream.flush()
    size = (first.size + len(second)) & 0xFFFFFFFF
    end = struct.pack("<II", zlib.crc32(second, first.check), size)
    return [_HEADER, first.blocks, blocks + end]
