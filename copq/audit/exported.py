"""The audit trail as a file: a line a row, its record to the byte and its seal next to it.

The holder of such a file can prove it without the database, with SHA-256 alone.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from copq.audit.trail import AuditRow, Link, record


class _Line(msgspec.Struct):
    record: msgspec.Raw
    hash: str


class _Seq(msgspec.Struct):
    seq: int


_decode_line = msgspec.json.Decoder(_Line).decode
_decode_seq = msgspec.json.Decoder(_Seq).decode


def line_of(row: AuditRow) -> str:
    """A row as a line of NDJSON, without its end."""
    return f'{{"record": {record(row)}, "hash": "{row.hash.hex()}"}}'


def row_json(row: AuditRow) -> dict[str, Any]:
    """A row for people and programs: what was there before and after as JSON."""
    said = {name: getattr(row, name) for name in AuditRow._fields}
    for name in ("old", "new"):
        said[name] = None if said[name] is None else json.loads(said[name])
    return {**said, "hash": row.hash.hex()}


def cells_of(row: AuditRow) -> dict[str, Any]:
    """A row as cells of a table, in the order of its fields."""
    return {**row._asdict(), "hash": row.hash.hex()}


def links_in(lines: Iterable[bytes]) -> Iterator[Link]:
    """The rows of a file. Raises `ValueError` for a malformed line."""
    for number, line in enumerate(lines, 1):
        try:
            found = _decode_line(line)
            text = bytes(found.record)
            yield Link(_decode_seq(text).seq, text.decode(), bytes.fromhex(found.hash))
        except (msgspec.DecodeError, ValueError) as error:
            raise ValueError(f"line {number} is not a row of an audit trail: {error}") from error


def link_of(row: AuditRow) -> Link:
    return Link(row.seq, record(row), row.hash)
