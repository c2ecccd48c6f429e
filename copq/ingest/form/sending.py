"""Sending an entry exactly once, and withdrawing it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from copq.access.sender import Sender
from copq.database.connections import AWAY
from copq.ingest.check import check
from copq.ingest.form import store
from copq.ingest.form.entry import Entry
from copq.ingest.form.events import EntryEvent, entry_id, events_of, withdrawals
from copq.ingest.form.period import Mistakes
from copq.ingest.form.store import StoredEntry
from copq.ingest.intake import Intake, Status
from copq.schemas.refusal import Refused
from copq.web.unavailable import Unavailable


class SentOtherwise(Exception):
    """This submission was sent already, with other content."""

    def __init__(self, entry_id: str) -> None:
        super().__init__(entry_id)
        self.entry_id = entry_id


class Desk:
    """Accepts entries: stores their fields, and passes their events to the intake.

    Its functions raise `Unavailable` where it cannot be said that everything is safe; doing the
    same again does no harm then.
    """

    def __init__(self, intake: Intake, pool: asyncpg.Pool) -> None:
        self._intake, self._pool = intake, pool

    def check(self, entry: Entry, submission: str, by: Sender, now: datetime) -> None:
        """Raise `Mistakes` by field if the intake would refuse the entry."""
        _check_all(events_of(entry, entry_id(by.name, submission), by.name), now, by)

    async def send(
        self, entry: Entry, filled: dict[str, str], submission: str, by: Sender, now: datetime
    ) -> StoredEntry:
        """Send an entry. Raises `Mistakes` by field, or `SentOtherwise`; nothing is sent then."""
        own_id = entry_id(by.name, submission)
        made = events_of(entry, own_id, by.name)
        _check_all(made, now, by)
        async with self._connection() as conn:
            raws = [each.raw for each in made]
            kept = await store.claim_entry(conn, own_id, by.name, filled, raws)
        if kept.filled != filled:
            raise SentOtherwise(kept.entry_id)
        if kept.sent_at is None and kept.withdrawn_at is None:
            await self._accept([event.encode() for event in kept.events], by)
            async with self._connection() as conn:
                await store.mark_sent(conn, kept.entry_id)
        return kept

    async def withdraw(self, kept: StoredEntry, by: Sender) -> None:
        """Void all events of the entry."""
        if kept.withdrawn_at is not None:
            return
        reason = f"withdrawn in the form by {by.name or 'its sender'}"
        await self._accept(withdrawals(kept.events, reason), by)
        async with self._connection() as conn:
            await store.mark_withdrawn(conn, kept.entry_id)

    async def entry(self, entry_id: str, by: Sender) -> StoredEntry | None:
        """One of the sender's own entries."""
        async with self._connection() as conn:
            return await store.entry(conn, entry_id, by.name)

    async def newest(self, by: Sender) -> list[StoredEntry]:
        """The sender's last few entries."""
        async with self._connection() as conn:
            return await store.newest_entries(conn, by.name)

    async def _accept(self, raws: list[bytes], by: Sender) -> None:
        """Store all checked events. Raises `Unavailable` if it is uncertain that all are stored."""
        answers = await self._intake.accept(raws, by)
        refused = [answer.refusal for answer in answers if answer.status is Status.REFUSED]
        if refused:
            raise Mistakes({"": "; ".join(why.message for why in refused if why)})

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            async with self._pool.acquire() as conn:
                yield conn
        except AWAY as error:
            raise Unavailable(f"Postgres: {error}") from error


def _check_all(made: list[EntryEvent], now: datetime, by: Sender) -> None:
    """Raise `Mistakes` for events that the intake would refuse, before any event is stored."""
    mistakes = {}
    for each in made:
        try:
            check(each.raw, now, by)
        except Refused as why:
            general = why.refusal.code == "out_of_scope"
            mistakes["" if general else each.field] = why.refusal.message
    if mistakes:
        raise Mistakes(mistakes)
