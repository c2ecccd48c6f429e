"""The table of contents of an archive of pg_dump: pure functions, nothing is executed."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

KINDS = (
    "TABLE DATA", "SEQUENCE SET", "SEQUENCE OWNED BY", "TABLE ATTACH", "INDEX ATTACH",
    "CHECK CONSTRAINT", "FK CONSTRAINT", "ROW SECURITY", "TABLE", "VIEW", "SEQUENCE", "INDEX",
    "FUNCTION", "TRIGGER", "POLICY", "CONSTRAINT", "DEFAULT", "SCHEMA", "COMMENT", "ACL",
)  # fmt: skip
"""Longer names first, since one may be the beginning of another."""

_AS = {
    "TABLE DATA": "TABLE", "TABLE ATTACH": "TABLE", "ROW SECURITY": "TABLE",
    "SEQUENCE SET": "SEQUENCE", "SEQUENCE OWNED BY": "SEQUENCE", "INDEX ATTACH": "INDEX",
    "CHECK CONSTRAINT": "CONSTRAINT", "FK CONSTRAINT": "CONSTRAINT",
}  # fmt: skip
_LINE = re.compile(r"(\d+); \d+ \d+ (.+)")
_MONTH = re.compile(r"\b(event|ledger)_\d{4}_(?:0[1-9]|1[0-2])(?=\b|_)")

Name = tuple[str, str]
"""Kind and name."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the table of contents; `kind` is None for kinds that copq never makes."""

    number: int
    kind: str | None
    schema: str
    name: str
    text: str

    def __str__(self) -> str:
        return self.text


class ListError(ValueError):
    """The list cannot be read."""


def items_of(listing: str) -> list[Item]:
    """The items that `pg_restore --list` prints. Raises `ListError`."""
    lines = (line for line in listing.splitlines() if line and not line.startswith(";"))
    return [_item(line) for line in lines]


def _item(line: str) -> Item:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ListError(f"its list of contents has a line that cannot be read: {line}")
    number, text = int(found[1]), found[2]
    kind = next((kind for kind in KINDS if text.startswith(f"{kind} ")), None)
    schema, _, rest = text[len(kind or "") :].strip().partition(" ")
    return Item(number, kind, schema, rest.rpartition(" ")[0] or rest, text)


def foreign_items(items: Iterable[Item], known: Collection[Name]) -> list[Item]:
    """Items that the migrations do not make, and tables whose data occurs twice."""
    seen: set[tuple[str | None, str]] = set()
    found = []
    for item in items:
        is_data = item.kind in ("TABLE DATA", "SEQUENCE SET")
        if not _is_known(item, known) or (is_data and (item.kind, item.name) in seen):
            found.append(item)
        seen.add((item.kind, item.name))
    return found


def _is_known(item: Item, known: Collection[Name]) -> bool:
    if item.kind in ("ACL", "COMMENT"):
        return True  # left out, whatever it says
    of_alembic = item.schema == "public" and item.name.startswith("alembic_version")
    in_copq = item.schema == ("-" if item.kind == "SCHEMA" else "copq")
    return (in_copq or of_alembic) and _bare_name(item) in known


def _bare_name(item: Item) -> Name:
    """The name to compare: partitions as the one of every database, functions by name alone."""
    kind, name = item.kind or "", _MONTH.sub(r"\1_other", item.name)
    name = name.partition("(")[0] if kind == "FUNCTION" else name
    return _AS.get(kind, kind), name


def month_of(table: str) -> str | None:
    """The month of a partition, as `2026-03-01`; None for other tables."""
    found = re.fullmatch(r"(?:event|ledger)_(\d{4})_(\d{2})", table)
    return f"{found[1]}-{found[2]}-01" if found else None


def parent_of(table: str) -> str:
    """The table that data is copied into: the parent finds a row's partition."""
    found = re.fullmatch(r"(event|ledger)_(?:\d{4}_\d{2}|other)", table)
    return found[1] if found else table
