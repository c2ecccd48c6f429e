"""Gzip of a small text and a large one behind it, the large one compressed ahead of time."""

import struct
import zlib

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_QUICKLY, _RAW = 1, -15


def deflated(text: bytes) -> bytes:
    """A deflate stream that may stand behind another one's blocks."""
    stream = zlib.compressobj(_QUICKLY, zlib.DEFLATED, _RAW)
    return stream.compress(text) + stream.flush()


def gzipped(first: bytes, second: bytes, second_deflated: bytes) -> bytes:
    """One gzip member of both: not every client reads two, though the format allows them."""
    stream = zlib.compressobj(_QUICKLY, zlib.DEFLATED, _RAW)
    blocks = stream.compress(first) + stream.flush(zlib.Z_FULL_FLUSH)
    check = zlib.crc32(second, zlib.crc32(first))
    size = (len(first) + len(second)) & 0xFFFFFFFF
    return _HEADER + blocks + second_deflated + struct.pack("<II", check, size)
