"""How far an import has got, on disk: what lets one that was interrupted go on."""

import hashlib
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import msgspec

from copq.ingest.files.convert import Unreadable
from copq.ingest.files.mapping import Mapping
from copq.process.regular_file import NotRegular, TooLong, read_regular
from copq.process.whole_file import write_whole

KEPT = 1_000
"""Refusals that are kept for the report; the others are counted."""

REASONS = 10
"""Why events have no price yet: more than these are one."""

_LONGEST = 16 << 20
"""Of a checkpoint on disk, in bytes; ours are far shorter."""


@dataclass
class Tally:
    """What has become of the first `done` events (and unreadable rows) of a file."""

    done: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    unpriced: dict[str, int] = field(default_factory=dict)
    """Accepted events that have no price yet, by why."""
    sent: dict[str, int] = field(default_factory=dict)
    """Events by type, the refused ones included."""
    refusals: list[Unreadable] = field(default_factory=list)
    rows_refused: int = 0
    """Rows of which an event was refused, or which make none though they should."""
    last_refused: int = 0
    """The row of the last refusal: its next event is of the same row."""

    def send(self, event_type: str) -> None:
        self.sent[event_type] = self.sent.get(event_type, 0) + 1

    def wait(self, why: str) -> None:
        """An accepted event waits for its price; past a few reasons they are one."""
        reason = why if why in self.unpriced or len(self.unpriced) < REASONS else "other reasons"
        self.unpriced[reason] = self.unpriced.get(reason, 0) + 1

    def refuse(self, row: int, where: str, message: str, rows: int = 1) -> None:
        self.refused += 1
        self.rows_refused += rows if row != self.last_refused else 0
        self.last_refused = row
        if len(self.refusals) < KEPT:
            self.refusals.append(Unreadable(row, where, message))


def import_key(sha256: str, mapping: Mapping, target: str) -> str:
    """Names one import: this content, mapped so by this copq, into this ledger and no other."""
    parts = (sha256, mapping.model_dump_json(), target, version("copq"))
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


class Checkpoint:
    """The file of one import in a folder. It is whole or not there, whenever the power fails."""

    def __init__(self, folder: Path, key: str) -> None:
        self._path = folder / f"import-{key[:32]}.json"

    def load(self) -> Tally:
        """Where to go on; the beginning where nothing, or nothing legible, is kept."""
        try:
            return msgspec.json.decode(read_regular(self._path, _LONGEST), type=Tally)
        except (FileNotFoundError, msgspec.DecodeError, NotRegular, TooLong):
            return Tally()

    def save(self, tally: Tally) -> None:
        """Call it once all that the tally counts is acknowledged, never before."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, msgspec.json.encode(tally))

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
