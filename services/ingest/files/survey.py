"""A look at the whole file before any of it is imported: can it be read to its end?"""

import codecs
import gzip
import hashlib
import io
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from services.ingest.files.faults import FileError
from services.ingest.files.mapping import Format, Layout

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_FORMATS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson",
    ".json": "ndjson", ".parquet": "parquet",
}  # fmt: skip


class Survey(NamedTuple):
    """What the file is: its format, about how many rows, and a digest of its content."""

    format: Format
    rows: int
    sha256: str


def survey(path: Path, layout: Layout) -> Survey:
    """Raises `FileError` for a file that is empty, cut short or in another encoding, `OSError`."""
    form = layout.format or _guess(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if path.stat().st_size == 0:
        raise FileError("is empty")
    if form == "parquet":
        return Survey(form, _parquet_rows(path), digest)
    lines = _lines(path, layout.encoding)
    return Survey(form, lines - (form == "csv"), digest)


def _guess(path: Path) -> Format:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    found = _FORMATS.get(name.suffix.lower())
    if found is None:
        raise FileError(
            f'has a name that says no format ("{path.name}"); set file.format in the mapping '
            "to csv, ndjson or parquet"
        )
    return found


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


def _lines(path: Path, encoding: str) -> int:
    """How many lines; a last one need not be ended."""
    decoder = codecs.getincrementaldecoder(text_encoding(encoding))()
    lines, block = 0, b""
    try:
        with open_bytes(path) as file:
            while more := file.read(_BLOCK):
                block = more
                decoder.decode(block)
                lines += block.count(b"\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FileError(_undecodable(error, lines, encoding)) from None
    except EOFError:
        raise FileError(f"is cut short: its gzip data ends after line {lines}") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"is damaged: its gzip data cannot be unpacked ({error})") from None
    if not block:
        raise FileError("is empty")
    return lines + (not block.endswith(b"\n"))


def _undecodable(error: UnicodeDecodeError, lines: int, encoding: str) -> str:
    line = lines + error.object[: error.start].count(b"\n") + 1
    byte = error.object[error.start]
    return (
        f"is not {encoding}: line {line} holds byte 0x{byte:02x}; "
        "set file.encoding in the mapping (cp1252, say), or save the file as UTF-8"
    )


def _parquet_rows(path: Path) -> int:
    from services.ingest.files.parquet import count_rows

    return count_rows(path)
