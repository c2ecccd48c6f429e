"""What has to be remembered between messages: a file of keys and values, saved batch by batch.

Changes are held back until `save`, which writes them in one transaction and to the disk. It is
called once the events of a batch are safe and before its messages are acknowledged. So after a
kill at any moment what is delivered again either meets the memory as it was, and makes the same
events with the same ids, or is known as done by its packet id and bytes.
"""

import sqlite3
import time
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

_SCHEMA = """
create table if not exists kept (key text primary key, value blob, saved_at real) without rowid;
create table if not exists done (packet_id integer primary key, digest blob) strict;
"""
KEPT_DAYS = 90
"""Values that do not change for this long are dropped, such as those of old machines."""

Mark = tuple[int, bytes]
"""Packet id and digest of a message."""


def mark(packet_id: int, topic: str, payload: bytes) -> Mark:
    """Tells a message that is delivered again from one that looks like it."""
    return packet_id, blake2b(
        payload, digest_size=16, key=blake2b(topic.encode()).digest()
    ).digest()


class Memory:
    """One process at a time. Without a path it lives in this process alone, for a dry run."""

    def __init__(self, path: Path | None = None) -> None:
        """Raises OSError if the file cannot be opened, or another process uses it."""
        self._changes: dict[str, bytes] = {}
        self._overwritten: list[tuple[str, bytes | None]] = []
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path or ":memory:", timeout=1, check_same_thread=False)
            self._db.execute("pragma locking_mode = exclusive")
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.executescript(_SCHEMA)
            forgotten = time.time() - KEPT_DAYS * 86_400
            with self._db:
                self._db.execute("delete from kept where saved_at < ?", (forgotten,))
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}; does another copq use it?") from error
        rows = self._db.execute("select packet_id, digest from done").fetchall()
        self._done: dict[int, bytes] = {int(i): bytes(digest) for i, digest in rows}

    def get(self, key: str) -> Any:
        """The value as plain JSON, or None."""
        raw = self.raw(key)
        return None if raw is None else msgspec.json.decode(raw)

    def raw(self, key: str) -> bytes | None:
        """The value as the bytes of its JSON, for those that know its type."""
        if key in self._changes:
            return self._changes[key]
        row = self._db.execute("select value from kept where key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, key: str, value: Any) -> None:
        self._overwritten.append((key, self._changes.get(key)))
        self._changes[key] = msgspec.json.encode(value)

    def is_done(self, found: Mark) -> bool:
        """Whether this very message was saved: the last one that had its packet id."""
        return self._done.get(found[0]) == found[1]

    def save(self, done: list[Mark]) -> None:
        """Write what changed since the last call, and the messages that it comes from.

        Marks stay until their packet id comes again: acknowledgements may lie unsent for long.
        Raises OSError, and then nothing is written: the disk is full, say.
        """
        if not self._changes:
            return
        now = time.time()
        kept = [(key, value, now) for key, value in self._changes.items()]
        try:
            self._write(kept, done)
        except sqlite3.Error as error:
            raise OSError(f"what MQTT has to remember cannot be written: {error}") from error
        self.undo()
        self._done.update(done)

    def _write(self, kept: list[tuple[str, bytes, float]], done: list[Mark]) -> None:
        with self._db:
            self._db.executemany("insert or replace into kept values (?, ?, ?)", kept)
            self._db.executemany("insert or replace into done values (?, ?)", done)

    def checkpoint(self) -> int:
        """A checkpoint for `back_to`, which undoes a message that is refused halfway."""
        return len(self._overwritten)

    def back_to(self, checkpoint: int) -> None:
        """Undo the changes since a checkpoint. Checkpoints before it stay valid."""
        while len(self._overwritten) > checkpoint:
            key, value = self._overwritten.pop()
            if value is None:
                del self._changes[key]
            else:
                self._changes[key] = value

    def undo(self) -> None:
        """Drop the changes that were not saved."""
        self._changes.clear()
        self._overwritten.clear()

    def close(self) -> None:
        self._db.close()
