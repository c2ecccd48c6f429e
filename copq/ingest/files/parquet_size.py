"""How much a Parquet file unpacks to: read off its footer and the headers of its pages.

A page of a few bytes can stand for gigabytes, which polars would hold at once.
Source of the numbers of fields: parquet.thrift of the Apache Parquet format.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from copq.ingest.files.faults import FileError

_MARK = b"PAR1"
_LONGEST_FOOTER = 32 << 20
_LONGEST_HEADER = 64 << 10
_UNPACKED, _EXPANSION = 64 << 20, 200
_GROUP, _PAGE = 512 << 20, 32 << 20
_ROWS, _ROWS_A_BYTE = 1_000_000, 50
_FOOTER_ROWS, _FOOTER_GROUPS = 3, 4
_GROUP_COLUMNS = 1
_CHUNK_DATA = 3
_PATH, _PACKED, _DATA_AT, _DICTIONARY_AT = 3, 7, 9, 11
_PAGE_UNPACKED, _PAGE_PACKED = 2, 3


def check_size(path: Path, columns: Collection[str]) -> None:
    """Raise `FileError` where the columns unpack to far more than a plant's file ever does."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            footer = _footer(file, size)
            _check_rows(int(footer.get(_FOOTER_ROWS, 0)), size)
            groups = (_unpacked(file, g, columns) for g in footer.get(_FOOTER_GROUPS, ()))
            _check_groups(groups, size)
    except FileError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        raise FileError("is not a Parquet file that can be read: its footer is damaged") from None


def _check_rows(rows: int, size: int) -> None:
    if rows > max(_ROWS, _ROWS_A_BYTE * size):
        raise FileError(
            f"claims {rows:,} rows in {size:,} bytes. If that is meant, import it as CSV"
        )


def _check_groups(groups: Iterator[int], size: int) -> None:
    total = 0
    for unpacked in groups:
        total += unpacked
        if total > max(_UNPACKED, _EXPANSION * size):
            raise FileError(
                f"unpacks to more than {_EXPANSION} times its size. If that is meant, import it "
                "as CSV"
            )
        if unpacked > _GROUP:
            raise FileError(
                f"has a row group that unpacks to more than {_GROUP >> 20} MiB: write it with "
                "smaller row groups (row_group_size)"
            )


def _footer(file: BinaryIO, size: int) -> dict[int, Any]:
    file.seek(max(size - 8, 0))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _MARK or length > min(size, _LONGEST_FOOTER):
        raise FileError("is not a Parquet file that can be read: it does not end as one")
    file.seek(size - 8 - length)
    return _Thrift(file.read(length)).struct()


def _unpacked(file: BinaryIO, group: dict[int, Any], columns: Collection[str]) -> int:
    chunks = [chunk[_CHUNK_DATA] for chunk in group[_GROUP_COLUMNS]]
    return sum(_page_sizes(file, chunk) for chunk in chunks if chunk[_PATH][0].decode() in columns)


def _page_sizes(file: BinaryIO, chunk: dict[int, Any]) -> int:
    at = min(chunk[_DATA_AT], chunk.get(_DICTIONARY_AT) or chunk[_DATA_AT])
    end, total = at + chunk[_PACKED], 0
    while at < end:
        file.seek(at)
        header = _Thrift(file.read(_LONGEST_HEADER))
        page = header.struct()
        if page[_PAGE_PACKED] < 0 or page[_PAGE_UNPACKED] < 0:
            raise ValueError("a page of less than nothing")
        if page[_PAGE_UNPACKED] > _PAGE:
            raise FileError(
                f"has a page that unpacks to more than {_PAGE >> 20} MiB: write it with smaller "
                "pages (data_page_size), or import it as CSV"
            )
        total += page[_PAGE_UNPACKED]
        at += header.at + page[_PAGE_PACKED]
    return total


class _Thrift:
    """Reads Thrift's compact protocol: structs as values by the number of their field."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._signed()
            found[field] = self._value(head & 15)
        return found

    def _value(self, kind: int) -> Any:
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._number())
            case 9 | 10:
                return self._list()
            case 12:
                return self.struct()
        raise ValueError(f"kind {kind} is not used in Parquet")

    def _list(self) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._number()
        # A list of truth values has a byte for each.
        kind = 3 if head & 15 in (1, 2) else head & 15
        return [self._value(kind) for _ in range(count)]

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._data):
            raise IndexError("cut short")
        return self._data[self.at - count : self.at]

    def _number(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
        return number | byte << shift

    def _signed(self) -> int:
        number = self._number()
        return (number >> 1) ^ -(number & 1)
