"""Gzip of a large text followed by a small one. The large text is compressed ahead of time."""

import struct
import zlib
from dataclasses import dataclass

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_QUICKLY, _RAW = 1, -15


@dataclass(frozen=True, slots=True)
class Deflated:
    """A text compressed to blocks that others may follow, with the facts for a gzip's trailer."""

    blocks: bytes
    check: int
    size: int


def deflated(text: bytes) -> Deflated:
    """The compressed text, which another text may follow."""
    stream = zlib.compressobj(_QUICKLY, zlib.DEFLATED, _RAW)
    blocks = stream.compress(text) + stream.flush(zlib.Z_FULL_FLUSH)
    return Deflated(blocks, zlib.crc32(text), len(text))


def inflated(text: Deflated) -> bytes:
    """The original text."""
    return zlib.decompressobj(_RAW).decompress(text.blocks)


def gzipped(first: Deflated, second: bytes) -> list[bytes]:
    """One gzip member of both texts: not every client reads two, though the format allows them.

    The time depends on the second text only, since the checksum continues from the first.
    """
    stream = zlib.compressobj(_QUICKLY, zlib.DEFLATED, _RAW)
    blocks = stream.compress(second) + stream.flush()
    size = (first.size + len(second)) & 0xFFFFFFFF
    end = struct.pack("<II", zlib.crc32(second, first.check), size)
    return [_HEADER, first.blocks, blocks + end]
