"""Opening a file as text: unpacked where it is gzip, in the encoding that the mapping names."""

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from copq.ingest.files.faults import FileError

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_UNPACKED = 64 << 20
_EXPANSION = 200
"""Logs unpack to ten or fifty times their size; only what is made to harm unpacks to more."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
"""What the first bytes say about the encoding."""


def open_bytes(path: Path) -> BinaryIO:
    """The content, unpacked where the file is gzip, whatever its name says."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def text_encoding(name: str) -> str:
    """As Python names it; the mark with which some programs begin UTF-8 is skipped."""
    return "utf-8-sig" if codecs.lookup(name).name == "utf-8" else name


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_bytes(path), encoding=text_encoding(encoding), newline="")


def check_text(path: Path, encoding: str) -> None:
    """Raise `FileError` unless the whole file can be read as text, in a few blocks of memory."""
    content = _Content(encoding, path.stat().st_size)
    try:
        with open_bytes(path) as file:
            while block := file.read(_BLOCK):
                content.add(block)
        content.end()
    except EOFError:
        raise FileError(f"is cut short: its gzip data ends after line {content.lines}") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"is damaged: its gzip data cannot be unpacked ({error})") from None


def _known_as(encoding: str) -> str:
    return codecs.lookup(encoding).name.removesuffix("-sig")


class _Content:
    """What has been seen of a file so far."""

    def __init__(self, encoding: str, packed: int) -> None:
        self.lines = 0
        self._encoding, self._packed, self._size = encoding, packed, 0
        self._decoder = codecs.getincrementaldecoder(text_encoding(encoding))()
        self._utf8 = _SeemsUtf8(encoding)

    def add(self, block: bytes) -> None:
        if self._size == 0:
            self._check_mark(block)
        self._size += len(block)
        if self._size > max(_UNPACKED, _EXPANSION * self._packed):
            raise FileError(
                f"unpacks to more than {_EXPANSION} times its size. If that is meant, unpack it "
                "and import the file itself"
            )
        text = self._decoded(block)
        self._check_nul(text)
        self._utf8.add(block)
        self.lines += text.count("\n")

    def end(self) -> None:
        if self._size == 0:
            raise FileError("is empty")
        self._decoded(b"", final=True)
        self._utf8.end()

    def _check_mark(self, block: bytes) -> None:
        for mark, name in _MARKS.items():
            if block.startswith(mark) and _known_as(self._encoding) != name:
                raise FileError(
                    f"is not {self._encoding}: line 1 holds byte 0x{mark[0]:02x}, the mark of "
                    f"{name}; set file.encoding in the mapping to {name}"
                )

    def _check_nul(self, text: str) -> None:
        if "\0" in text:
            line = self.lines + text[: text.index("\0")].count("\n") + 1
            raise FileError(
                f"holds a NUL character at line {line}: it is damaged, or not {self._encoding}. "
                "Fetch it again, or set file.encoding in the mapping (utf-16, say)"
            )

    def _decoded(self, block: bytes, final: bool = False) -> str:
        try:
            return self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            line = self.lines + error.object[: error.start].count(b"\n") + 1
            byte = error.object[error.start]
            raise FileError(
                f"is not {self._encoding}: line {line} holds byte 0x{byte:02x}; "
                "set file.encoding in the mapping (cp1252, say), or save the file as UTF-8"
            ) from None
        except UnicodeError as error:
            raise FileError(f"is not {self._encoding}: {error}") from None


class _SeemsUtf8:
    """Whether a file that is said to be in another encoding is UTF-8: "Größe" reads "GrÃ¶ÃŸe".

    Text in a single-byte encoding never happens to be UTF-8 throughout.
    """

    def __init__(self, encoding: str) -> None:
        name = codecs.lookup(encoding).name
        self._decoder = None if name.startswith("utf") else codecs.getincrementaldecoder("utf-8")()
        self._encoding, self._beyond_ascii = encoding, False

    def add(self, block: bytes, final: bool = False) -> None:
        if self._decoder is None:
            return
        try:
            self._decoder.decode(block, final)
        except UnicodeDecodeError:
            self._decoder = None
            return
        self._beyond_ascii = self._beyond_ascii or not block.isascii()

    def end(self) -> None:
        self.add(b"", final=True)
        if self._decoder is not None and self._beyond_ascii:
            raise FileError(
                f"is UTF-8, and file.encoding in the mapping says {self._encoding}: take that out"
            )
