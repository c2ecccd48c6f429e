"""The standalone intake: a batch is priced and posted in one transaction, then acknowledged."""

import asyncio
from datetime import UTC, datetime
from decimal import localcontext

import asyncpg

from schemas.priced import encode
from schemas.refusal import Refusal, Refused
from schemas.rejected import RejectedEvent, rejected_event
from services.aggregator.batch import Batch
from services.aggregator.post import Posted, post, prepare
from services.aggregator.rejected import keep_rejected
from services.costing.price import MONEY, price
from services.ingest.check import check
from services.ingest.intake import Answer, Status, Unavailable
from services.ingest.sender import ANYONE, Sender
from services.postgres import ANSWER_S, AWAY, STATEMENT_S
from services.rates.book import RateBook
from services.rates.store import current, load


class LedgerIntake:
    """Events straight into the ledger of one database. One batch at a time.

    What is refused is kept to be mended and replayed, unless `keeps` is false.
    """

    def __init__(self, pool: asyncpg.Pool, keeps: bool = True) -> None:
        self._pool = pool
        self._keeps = keeps
        self._book = RateBook()
        self._one_at_a_time = asyncio.Lock()

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        async with self._one_at_a_time:
            try:
                async with self._pool.acquire() as conn:
                    return await self._accept(conn, raws, sender)
            except AWAY as error:
                raise Unavailable(f"Postgres: {error}") from error

    async def refuse(self, refused: list[tuple[Refusal, bytes]]) -> None:
        now = datetime.now(UTC)
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                await keep_rejected(conn, [rejected_event(why, raw, now) for why, raw in refused])
        except AWAY as error:
            raise Unavailable(f"Postgres: {error}") from error

    async def _accept(
        self, conn: asyncpg.Connection, raws: list[bytes], sender: Sender
    ) -> list[Answer]:
        if await current(conn) != self._book.revision:
            self._book = await load(conn)
        batch = Batch()
        now = datetime.now(UTC)
        answers = _price_all(raws, self._book, batch, now, sender)
        async with conn.transaction():
            posted = await post(conn, batch, self._book)
            if self._keeps:
                await keep_rejected(conn, _rejected(raws, answers, now))
        return _with_duplicates(answers, posted)


def _price_all(
    raws: list[bytes], book: RateBook, batch: Batch, now: datetime, sender: Sender
) -> list[Answer]:
    with localcontext(MONEY):
        return [_price_one(raw, book, batch, now, sender) for raw in raws]


def _price_one(raw: bytes, book: RateBook, batch: Batch, now: datetime, sender: Sender) -> Answer:
    try:
        event = check(raw, now, sender)
    except Refused as refused:
        return Answer(Status.REFUSED, refusal=refused.refusal)
    seen = event.event_id in batch.seen
    pricing = price(event, book)
    batch.add(encode(raw, pricing))
    status = Status.DUPLICATE if seen else Status.ACCEPTED
    return Answer(status, event.event_id, note=pricing.reason)


def _with_duplicates(answers: list[Answer], posted: Posted) -> list[Answer]:
    if not posted.duplicates:
        return answers
    return [
        Answer(Status.DUPLICATE, a.event_id) if a.event_id in posted.duplicates else a
        for a in answers
    ]


def _rejected(raws: list[bytes], answers: list[Answer], now: datetime) -> list[RejectedEvent]:
    pairs = zip(raws, answers, strict=True)
    return [rejected_event(a.refusal, raw, now) for raw, a in pairs if a.refusal is not None]


async def pool_of(dsn: str, size: int = 4) -> asyncpg.Pool:
    """Connections that are ready to post."""
    return await asyncpg.create_pool(
        dsn, min_size=1, max_size=size, init=prepare, timeout=ANSWER_S, command_timeout=STATEMENT_S
    )
