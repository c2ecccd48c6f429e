"""Packs are sent by a schedule, next to the service: once for each plant and month.

Two services with the same schedule send nothing twice: each claims a pack in Postgres before it
sends it. A service that dies while it sends leaves a claim that runs out.
"""

import asyncio
import logging
import smtplib
from datetime import datetime
from hashlib import sha256

import asyncpg
from asyncpg import Connection
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.pack import metrics
from copq.pack.due import Due, due, unknown_plants
from copq.pack.files import name_of, pack_file
from copq.pack.folder import put_file
from copq.pack.mail import mail_of, send
from copq.pack.schedule import Schedule
from copq.periods.period import month_before, month_name
from copq.process.retry import keep_trying
from copq.process.system_errors import plainly
from copq.rates.book import RateBook

EVERY_S = 30.0
AGAIN_S = 15.0
CLAIM_S = 900.0
"""A claim lasts longer than any pack takes to be made and sent."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 60.0, 3600.0
_SQL = Queries.of(__file__)
_FAULTS = (OSError, smtplib.SMTPException, ValueError)
log = logging.getLogger(__name__)


async def keep_sending(dsn: str, schedule: Schedule) -> None:
    """Send what is due, for ever. While Postgres is away, it waits."""
    away = (*AWAY, asyncpg.PostgresError)
    await keep_trying(lambda: _connect_and_send(dsn, schedule), away, wait_fixed(AGAIN_S), _warn)


def _warn(error: BaseException, _: float) -> None:
    log.warning("packs are sent later: %r", error)


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
    """What is due and not sent. Where only signed months are sent, others are not due."""
    since = month_before(month_before(now.date().replace(day=1)))
    done = {tuple(row) for row in await conn.fetch(*_SQL.sent(since=since))}
    found = [one for one in due(schedule, book.sites, now) if one.key not in done]
    return [one for one in found if not one.delivery.signed_only or await _is_signed(conn, one)]


async def _is_signed(conn: Connection, one: Due) -> bool:
    signed: bool = await conn.fetchval(*_SQL.is_signed(plant=one.plant, month=one.month))
    return signed


async def _send_claimed(
    conn: Connection, book: RateBook, schedule: Schedule, one: Due, now: datetime
) -> bool:
    key = dict(zip(("delivery", "plant", "month", "way"), one.key, strict=True))
    attempts = await conn.fetchval(*_SQL.claim(**key, seconds=CLAIM_S))
    if attempts is None:
        return False
    of = f"the pack of {one.plant}, {month_name(one.month)} ({one.delivery.name}, {one.way})"
    try:
        request = PackRequest(plant=one.plant, month=month_name(one.month))
        answer = await answer_pack(conn, book, request, now)
        digest = await asyncio.to_thread(_deliver, answer, one, schedule)
    except _FAULTS as error:
        pause = min(_FIRST_PAUSE_S * 2 ** min(attempts - 1, 10), _LONGEST_PAUSE_S)
        fault = plainly(error) if isinstance(error, OSError) else str(error)
        await conn.execute(*_SQL.mark_failed(**key, fault=fault[:500], seconds=pause))
        metrics.FAILED.labels(one.way).inc()
        log.error("%s was not sent, attempt %d: %s; again in %.0f s", of, attempts, fault, pause)
        return False
    await conn.execute(*_SQL.mark_sent(**key, sent_to=_target(one), digest=digest))
    metrics.SENT.labels(one.way).inc()
    log.info("sent %s to %s; %s", of, _target(one), answer.status)
    return True


def _target(one: Due) -> str:
    return ", ".join(one.delivery.to) if one.way == "mail" else str(one.delivery.folder)


def _deliver(answer: PackAnswer, one: Due, schedule: Schedule) -> str:
    """Send the files one way; returns the digest of them."""
    files = {
        name_of(answer, kind): pack_file(answer, kind, schedule.fonts)
        for kind in one.delivery.files
    }
    if one.way == "mail":
        assert schedule.mail is not None, "a schedule with recipients has a server"
        send(mail_of(answer, one, schedule.mail, files), schedule.mail)
    else:
        assert one.delivery.folder is not None, "this way is into a folder"
        for name, content in files.items():
            put_file(one.delivery.folder / name, content)
    return sha256(b"".join(files.values())).hexdigest()
