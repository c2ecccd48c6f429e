"""Packs are sent by a schedule, next to the service: once for each plant and month.

Two services with the same schedule send nothing twice: each claims a pack in Postgres before it
sends it. A service that dies while it sends leaves a claim that runs out.
"""

import asyncio
import logging
import smtplib
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import asyncpg
from asyncpg import Connection, Record
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.pack import metrics
from copq.pack.due import Due, due, still_wanted, unknown_plants
from copq.pack.files import name_of, pack_file
from copq.pack.folder import put_file
from copq.pack.mail import Refusal, mail_of, send
from copq.pack.schedule import Schedule
from copq.periods.period import month_name
from copq.process.retry import keep_trying
from copq.process.system_errors import plainly
from copq.rates.book import RateBook

EVERY_S = 30.0
AGAIN_S = 15.0
LEAVE_S = 8.0
"""How long a service that stops waits for the pack that it is sending."""
CLAIM_S = 900.0
"""A claim lasts longer than any pack takes to be made and sent."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 60.0, 3600.0
_SQL = Queries.of(__file__)
_NO_DATABASE = (asyncpg.PostgresError, asyncpg.InterfaceError)
log = logging.getLogger(__name__)


async def keep_sending(dsn: str, schedule: Schedule) -> None:
    """Send what is due, for ever. No error ends it: people work with the same service."""
    again = wait_fixed(AGAIN_S)
    await keep_trying(lambda: _connect_and_send(dsn, schedule), Exception, again, _warn)


def _warn(error: BaseException, _: float) -> None:
    is_known = isinstance(error, (*AWAY, asyncpg.PostgresError))
    log.warning("packs are sent later: %r", error, exc_info=None if is_known else error)


async def _connect_and_send(dsn: str, schedule: Schedule) -> None:
    books, said = Books(), False
    async with connected(dsn, DatabaseRole.PACK) as conn:
        while True:
            book = await books.newest(conn)
            unknown = unknown_plants(schedule, book.sites)
            if unknown and not said:
                log.warning("the schedule of packs names unknown plants: %s", ", ".join(unknown))
            said = bool(unknown)
            now: datetime = await conn.fetchval("select clock_timestamp()")
            await send_due(conn, book, schedule, now)
            await asyncio.sleep(EVERY_S)


async def send_due(conn: Connection, book: RateBook, schedule: Schedule, now: datetime) -> int:
    """Send each pack that is due and that nobody has sent; returns how many were sent now."""
    waiting = await _waiting(conn, schedule, book, now)
    metrics.WAITING.set(len(waiting))
    sent = 0
    for one in waiting:
        if await _send_claimed(conn, book, schedule, one, now):
            sent += 1
            metrics.WAITING.dec()
    metrics.LOOKED.set_to_current_time()
    return sent


async def _waiting(
    conn: Connection, schedule: Schedule, book: RateBook, now: datetime
) -> list[Due]:
    """What was ever due and is not sent. Where only signed months are sent, others wait."""
    await conn.executemany(*_SQL.note_due.rows(map(_key, due(schedule, book.sites, now))))
    keys = [tuple(row) for row in await conn.fetch(*_SQL.unsent())]
    found = still_wanted(schedule, book.sites, keys)
    return [one for one in found if not one.delivery.signed_only or await _is_signed(conn, one)]


def _key(one: Due) -> dict[str, Any]:
    return dict(zip(("delivery", "plant", "month", "way"), one.key, strict=True))


async def _is_signed(conn: Connection, one: Due) -> bool:
    signed: bool = await conn.fetchval(*_SQL.is_signed(plant=one.plant, month=one.month))
    return signed


async def _send_claimed(
    conn: Connection, book: RateBook, schedule: Schedule, one: Due, now: datetime
) -> bool:
    claim = await conn.fetchrow(*_SQL.claim(**_key(one), seconds=CLAIM_S))
    if claim is None:
        return False
    # A service that stops marks what it is sending: else it would be sent twice.
    sending = asyncio.create_task(_send_and_mark(conn, book, schedule, one, now, claim))
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait([sending], timeout=LEAVE_S)
        raise


async def _send_and_mark(
    conn: Connection, book: RateBook, schedule: Schedule, one: Due, now: datetime, claim: Record
) -> bool:
    """Send a claimed pack. Returns whether it is done: sent to all whom the server accepts."""
    had = claim["sent_to"].split(", ") if claim["sent_to"] else []
    try:
        request = PackRequest(plant=one.plant, month=month_name(one.month))
        answer = await answer_pack(conn, book, request, now)
        if one.delivery.signed_only and answer.signature is None:
            await conn.execute(*_SQL.release(**_key(one)))
            return False
        sent = await asyncio.to_thread(_deliver, answer, one, schedule, had)
    except _NO_DATABASE:
        raise
    except Exception as error:
        why = plainly(error) if isinstance(error, OSError) else str(error) or repr(error)
        await _mark_failed(conn, one, claim["attempts"], why, had)
        if not isinstance(error, (OSError, smtplib.SMTPException, ValueError)):
            log.error("%s cannot be made", _words(one), exc_info=error)
        return False
    if sent.is_waiting:
        await _mark_failed(conn, one, claim["attempts"], sent.fault, sent.have)
        return False
    target, fault = ", ".join(sent.have), sent.fault[:500] or None
    await conn.execute(
        *_SQL.mark_sent(**_key(one), sent_to=target, digest=sent.digest, fault=fault)
    )
    metrics.SENT.labels(one.way).inc()
    log.info("sent %s to %s; %s", _words(one), target, answer.status)
    if fault is not None:
        log.error("%s does not reach everybody: %s", _words(one), fault)
    return True


async def _mark_failed(
    conn: Connection, one: Due, attempts: int, fault: str, have: Sequence[str]
) -> None:
    pause = min(_FIRST_PAUSE_S * 2 ** min(attempts - 1, 10), _LONGEST_PAUSE_S)
    sent_to = ", ".join(have) or None
    await conn.execute(
        *_SQL.mark_failed(**_key(one), fault=fault[:500], seconds=pause, sent_to=sent_to)
    )
    metrics.FAILED.labels(one.way).inc()
    log.error(
        "%s was not sent, attempt %d: %s; again in %.0f s", _words(one), attempts, fault, pause
    )


def _words(one: Due) -> str:
    return f"the pack of {one.plant}, {month_name(one.month)} ({one.delivery.name}, {one.way})"


class _Sent(NamedTuple):
    """Who has a pack, whom the server refused, and the digest of the files."""

    have: list[str]
    refused: Mapping[str, Refusal]
    digest: str

    @property
    def is_waiting(self) -> bool:
        """Whether another attempt may reach somebody more: some were refused for now, or all."""
        return not self.have or not all(one.is_final for one in self.refused.values())

    @property
    def fault(self) -> str:
        return "; ".join(f"{who}: {one.code} {one.text}" for who, one in self.refused.items())


def _deliver(answer: PackAnswer, one: Due, schedule: Schedule, had: Sequence[str]) -> _Sent:
    """Send the files one way, to those who do not have them yet."""
    files = {
        name_of(answer, kind): pack_file(answer, kind, schedule.fonts)
        for kind in one.delivery.files
    }
    digest = sha256(b"".join(files.values())).hexdigest()
    if one.way == "mail":
        assert schedule.mail is not None, "a schedule with recipients has a server"
        wanted = [who for who in one.delivery.to if who not in had]
        message = mail_of(answer, one, schedule.mail, files)
        refused = send(message, schedule.mail, wanted) if wanted else {}
        return _Sent([*had, *(who for who in wanted if who not in refused)], refused, digest)
    assert one.delivery.folder is not None, "this way is into a folder"
    for name, content in files.items():
        put_file(one.delivery.folder / name, content)
    return _Sent([str(one.delivery.folder)], {}, digest)
