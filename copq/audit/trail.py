"""The chain of the audit trail: what each row's seal is over, and whether it holds.

Pure, and written apart from the trigger that seals the rows: what proves is not what it proves.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, NamedTuple

NO_SEAL = b""
"""Before the first row."""


class AuditRow(NamedTuple):
    """One decision. `old` and `new` are the row as Postgres's JSON; None if it did not exist."""

    seq: int
    at: datetime
    who: str
    db_user: str
    db_role: str | None
    client: str
    application: str
    action: str
    subject: str
    old: str | None
    new: str | None
    why: str | None
    hash: bytes


_SEALED = AuditRow._fields[:-1]
"""All but the seal itself."""


def record(row: AuditRow) -> str:
    """The text that is sealed: JSON with instants in UTC and the names in this order."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    values = [str(row.seq), _text(at)]
    values += map(_text, (row.who, row.db_user, row.db_role, row.client, row.application))
    values += [_text(row.action), _text(row.subject), row.old or "null", row.new or "null"]
    values.append(_text(row.why))
    parts = [f'"{name}" : {value}' for name, value in zip(_SEALED, values, strict=True)]
    return "{" + ", ".join(parts) + "}"


def _text(value: str | None) -> str:
    """As `json.dumps` without `ensure_ascii`, which makes an encoder for each word."""
    return "null" if value is None else encode_basestring(value)


def seal(before: bytes, text: str) -> bytes:
    """SHA-256 over the seal of the row before and a row's record."""
    return hashlib.sha256(before + text.encode()).digest()


class Link(NamedTuple):
    """The parts of a row that the chain needs."""

    seq: int
    record: str
    hash: bytes


class Head(NamedTuple):
    """A place in the chain. A head kept elsewhere proves that no row up to it was rewritten."""

    seq: int
    hash: bytes

    @classmethod
    def parse(cls, text: str) -> "Head":
        """From `SEQ:HASH`. Raises `ValueError`."""
        found = re.fullmatch(r"(\d+):([0-9a-f]{64})", text)
        if found is None:
            raise ValueError(f'"{text}" is not a head: it is written SEQ:HASH, as verify prints it')
        return cls(int(found[1]), bytes.fromhex(found[2]))

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


class Fault(NamedTuple):
    """A break in the chain, with its evidence."""

    seq: int
    what: str


class Chain:
    """Checks the trail row by row in order of `seq`; its memory holds one seal."""

    def __init__(self, expected: Head | None = None) -> None:
        self.head = Head(0, NO_SEAL)
        self._expected = expected

    def take(self, link: Link) -> Iterator[Fault]:
        """The faults of the next row."""
        first = self.head.seq + 1
        if link.seq != first:
            last = link.seq - 1
            gone = f"row {first} is" if last == first else f"rows {first} to {last} are"
            yield Fault(first, f"{gone} missing")
        elif seal(self.head.hash, link.record) != link.hash:
            yield Fault(link.seq, f"row {link.seq} is not what was sealed, or the row before it")
        self.head = Head(link.seq, link.hash)
        expected = self._expected
        if expected and link.seq == expected.seq and link.hash != expected.hash:
            yield Fault(link.seq, f"row {link.seq} has another seal than the one that was kept")

    def end(self) -> Iterator[Fault]:
        """The faults of the end of the trail."""
        expected = self._expected
        if expected and self.head.seq < expected.seq:
            said = f"the trail ends at row {self.head.seq}, and row {expected.seq} was kept of it"
            yield Fault(self.head.seq, said)


def change_texts(row: AuditRow, longest: int) -> dict[str, str]:
    """The columns that the decision changed, each as text that is cut where it is too long."""

    def short(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return text if len(text) <= longest else f"{text[: longest - 1]}…"

    return {
        name: short(new) if row.old is None else f"{short(old)} → {short(new)}"
        for name, (old, new) in change(row).items()
    }


def change(row: AuditRow) -> dict[str, tuple[Any, Any]]:
    """The columns that the decision changed, with their old and new values."""
    old, new = ({} if text is None else json.loads(text) for text in (row.old, row.new))
    return {
        name: (old.get(name), new.get(name))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    }
