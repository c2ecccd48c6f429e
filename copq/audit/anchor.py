"""Anchors: digests of what is booked and of the events' bytes, by plant and day, in a chain.

Pure. A file of anchors is NDJSON, a line an anchor; its last line is the trail's head.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from copq.audit.trail import Fault, Head
from copq.ledger.difference import Difference

NO_DIGEST = ""
"""Before the first anchor."""


class Day(NamedTuple):
    """The entries of a plant's production day, or its events of a day in UTC."""

    kind: str
    plant: str
    day: date
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The entries and events after the previous anchor and until `until`."""

    number: int
    until: datetime
    days: tuple[Day, ...]
    digest: str


class AnchorFileError(ValueError):
    """The file is not one of anchors, or is damaged; the message says where."""


def digest_of(number: int, until: datetime, days: Iterable[Day], before: str) -> str:
    """SHA-256 over the anchor and the digest of the one before."""
    said = [number, _instant(until), before, *map(_day_fields, sorted(days))]
    return hashlib.sha256(_json(said).encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _day_fields(day: Day) -> list[Any]:
    return [day.kind, day.plant, day.day.isoformat(), day.rows, day.digest]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def line_of(anchor: Anchor) -> str:
    """An anchor as a line of the file, without its end."""
    return _json({
        "anchor": anchor.number, "until": _instant(anchor.until),
        "days": [_day_fields(day) for day in anchor.days], "digest": anchor.digest,
    })  # fmt: skip


def last_line(trail: Head) -> str:
    return _json({"trail": str(trail)})


def file_of(anchors: Iterable[Anchor], trail: Head) -> str:
    """The text of a file of anchors."""
    return "".join(f"{line}\n" for line in (*map(line_of, anchors), last_line(trail)))


def anchor_json(newest: Anchor, trail: Head) -> dict[str, Any]:
    """The newest anchor: what it covers since the one before, and the head of the trail."""
    rows = {
        kind: sum(day.rows for day in newest.days if day.kind == kind)
        for kind in ("entries", "events")
    }
    return {
        "anchor": newest.number, "until": newest.until, **rows, "digests": len(newest.days),
        "digest": newest.digest, "head": str(trail),
    }  # fmt: skip


def proof_json(
    head: Head, faults: Iterable[Fault], differences: Iterable[Difference] = ()
) -> dict[str, Any]:
    """What a proof of the trail found, and of the entries and events next to it."""
    return {
        "head": str(head), "rows": head.seq, "faults": [fault._asdict() for fault in faults],
        "differences": [asdict(difference) for difference in differences],
    }  # fmt: skip


def read_anchors(lines: Iterable[str]) -> tuple[list[Anchor], Head]:
    """The anchors of a file, each checked by its digest, and the head of the trail in the file.

    Raises `AnchorFileError`.
    """
    anchors: list[Anchor] = []
    head: Head | None = None
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line)
            if head is not None:
                raise ValueError("nothing may follow the trail's head")
            if "trail" in found:
                head = Head.parse(found["trail"])
            else:
                anchors.append(_anchor(found, anchors))
        except (ValueError, KeyError, TypeError) as error:
            raise AnchorFileError(f"line {number} is not an anchor as it was written: {error}") \
                from error  # fmt: skip
    if head is None:
        raise AnchorFileError("its last line, the head of the audit trail, is missing")
    return anchors, head


def _anchor(found: Any, before: Sequence[Anchor]) -> Anchor:
    days = tuple(
        Day(kind, plant, date.fromisoformat(day), int(rows), digest)
        for kind, plant, day, rows, digest in found["days"]
    )
    at = datetime.fromisoformat(found["until"])
    anchor = Anchor(int(found["anchor"]), at, days, found["digest"])
    if anchor.number != len(before) + 1:
        raise ValueError(f"anchor {len(before) + 1} is missing")
    previous = before[-1].digest if before else NO_DIGEST
    if digest_of(anchor.number, at, days, previous) != anchor.digest:
        raise ValueError("its digest is another than that of what it holds")
    return anchor


def compare_days(anchors: Iterable[Anchor], found: Iterable[Sequence[Day]]) -> Iterator[Difference]:
    """The days that differ from their anchor; `found` are the current days of each anchor."""
    for anchor, now in zip(anchors, found, strict=True):
        there = {(day.kind, day.plant, day.day): day for day in now}
        kept = {(day.kind, day.plant, day.day): day for day in anchor.days}
        for key in sorted(there.keys() | kept.keys()):
            if there.get(key) != kept.get(key):
                yield _day_difference(anchor, key, kept.get(key), there.get(key))


def _day_difference(
    anchor: Anchor, key: tuple[str, str, date], kept: Day | None, found: Day | None
) -> Difference:
    kind, plant, day = key
    subject = {"plant": plant, "day": day, "of": kind, "anchor": anchor.number,
               "until": anchor.until}  # fmt: skip
    sides = [
        None if side is None else {"rows": side.rows, "sha256": side.digest}
        for side in (kept, found)
    ]
    return Difference("anchor", subject, *sides)
