"""The standalone intake: a batch is priced and posted in one transaction, then acknowledged."""

import asyncio
from datetime import UTC, datetime
from decimal import localcontext

import asyncpg

from copq.access.sender import ANYONE, Sender
from copq.database.connections import ANSWER_S, AWAY, STATEMENT_S, DatabaseRole, act_as
from copq.ingest.check import check
from copq.ingest.gathering import GroupCommit
from copq.ingest.intake import Answer, Status
from copq.ingest.names import Names
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch
from copq.posting.booking import StaleRates
from copq.posting.post import Posted, post, prepare
from copq.posting.rejected import keep_rejected
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.rates.store import current_revision, load
from copq.schemas.priced import encode_pricing
from copq.schemas.refusal import Refused
from copq.schemas.rejected import RejectedEvent, rejected_event
from copq.telemetry.tracing import tracer
from copq.web.unavailable import Unavailable

LOOK_S = 3
TOGETHER = 2_000
"""Events of as many callers as there are, posted in one transaction."""

Sent = tuple[list[bytes], Sender, bytes | None]
"""Events, who sent them, and the trace they belong to."""


class LedgerIntake:
    """Posts events directly into the ledger of one database, one transaction at a time.

    Callers that come in meanwhile share the next one. What is refused is kept to be fixed and
    replayed, unless `keeps` is false. `names` limits what senders bring.
    """

    def __init__(self, pool: asyncpg.Pool, keeps: bool = True, names: Names | None = None) -> None:
        self._names = names
        self._pool = pool
        self._keeps = keeps
        self._book = RateBook()
        self._gathering = GroupCommit(self._store, lambda sent: len(sent[0]), TOGETHER)

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        return await self._gathering.submit((raws, sender, tracer().traceparent()))

    async def ready(self) -> None:
        """Raises `Unavailable` if Postgres does not answer."""
        try:
            async with asyncio.timeout(LOOK_S), self._pool.acquire() as conn:
                await conn.execute("select 1")
        except AWAY as error:
            raise Unavailable(f"Postgres does not answer ({error!r})") from error

    async def _store(self, group: list[Sent]) -> list[list[Answer]]:
        try:
            async with self._pool.acquire() as conn:
                return await self._post(conn, group)
        except AWAY as error:
            raise Unavailable(f"Postgres: {error}") from error

    async def _post(self, conn: asyncpg.Connection, group: list[Sent]) -> list[list[Answer]]:
        while True:
            if await current_revision(conn) != self._book.revision:
                self._book = await load(conn)
            if self._names is not None and not self._names.loaded:
                await self._names.load(conn)
            try:
                return await self._post_at(conn, group, self._book)
            except StaleRates:
                continue  # a revision came into force meanwhile

    async def _post_at(
        self, conn: asyncpg.Connection, group: list[Sent], book: RateBook
    ) -> list[list[Answer]]:
        batch = Batch()
        now = datetime.now(UTC)
        answers = self._price_all(group, book, batch, now)
        with tracer().transaction("post to the ledger", (trace for *_, trace in group)) as span:
            async with conn.transaction():
                posted = await post(conn, batch, book)
                if self._names is not None:
                    await self._names.keep(conn)
                answers = _final_answers(group, answers, posted)
                if self._keeps:
                    await keep_rejected(conn, _rejected_events(group, answers, now))
            refused = len(posted.taken)
            duplicates = batch.events - posted.fresh - refused
            span.tell({"copq.fresh": posted.fresh, "copq.duplicates": duplicates,
                       "copq.rejected": refused})  # fmt: skip
        return answers

    def _price_all(
        self, group: list[Sent], book: RateBook, batch: Batch, now: datetime
    ) -> list[list[Answer]]:
        with localcontext(MONEY):
            return [
                [self._price_one(raw, book, batch, now, sender) for raw in raws]
                for raws, sender, _ in group
            ]

    def _price_one(
        self, raw: bytes, book: RateBook, batch: Batch, now: datetime, sender: Sender
    ) -> Answer:
        try:
            event = check(raw, now, sender, self._names, book)
        except Refused as refused:
            return Answer(Status.REFUSED, refusal=refused.refusal)
        seen = event.event_id in batch.seen
        pricing = price(event, book)
        batch.add_event(encode_pricing(pricing), raw, event, sent_by=sender.name)
        status = Status.DUPLICATE if seen else Status.ACCEPTED
        return Answer(status, event.event_id, note=pricing.reason)


def _final_answers(
    group: list[Sent], answers: list[list[Answer]], posted: Posted
) -> list[list[Answer]]:
    """The final answers: duplicates and ids of other events are known now."""
    if not posted.duplicates and not posted.taken:
        return answers
    refused = {(one.sent_by, one.payload): one.refusal for one in posted.taken}

    def decided(answer: Answer, raw: bytes, sender: Sender) -> Answer:
        if refusal := refused.get((sender.name, raw)):
            return Answer(Status.REFUSED, refusal=refusal)
        known = answer.event_id in posted.duplicates
        return Answer(Status.DUPLICATE, answer.event_id) if known else answer

    return [
        [decided(answer, raw, sender) for answer, raw in zip(found, raws, strict=True)]
        for found, (raws, sender, _) in zip(answers, group, strict=True)
    ]


def _rejected_events(
    group: list[Sent], answers: list[list[Answer]], now: datetime
) -> list[RejectedEvent]:
    return [
        rejected_event(answer.refusal, raw, now, sent_by=sender.name)
        for (raws, sender, _), found in zip(group, answers, strict=True)
        for raw, answer in zip(raws, found, strict=True)
        if answer.refusal is not None
    ]


async def pool_of(dsn: str, size: int = 4) -> asyncpg.Pool:
    """A pool of connections that are prepared for posting."""

    async def ready(conn: asyncpg.Connection) -> None:
        await act_as(conn, DatabaseRole.AGGREGATOR)
        await prepare(conn)

    return await asyncpg.create_pool(
        dsn, min_size=1, max_size=size, init=ready, timeout=ANSWER_S, command_timeout=STATEMENT_S
    )
