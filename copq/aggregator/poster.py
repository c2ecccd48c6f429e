"""Batches into Postgres: copied ahead, then posted until they are committed."""

import asyncio
import logging

from tenacity import wait_exponential

from copq.aggregator import metrics
from copq.aggregator.booking import BatchBooking
from copq.aggregator.fence import Gap
from copq.aggregator.fenced_topic import FencedReader
from copq.aggregator.fetched_batch import Fetched, Staged
from copq.aggregator.ledger_connections import LedgerConnections
from copq.aggregator.outcomes import count_batch, span_attributes
from copq.aggregator.unfit import UNFIT
from copq.database.connections import AWAY
from copq.kafka import metrics as stream_metrics
from copq.posting.post import stage
from copq.process.retry import keep_trying
from copq.rates.watch import RateWatch
from copq.telemetry.tracing import tracer

_WAIT = wait_exponential(multiplier=0.1, max=5.0)

log = logging.getLogger(__name__)


class Poster:
    """Posts the batches of one worker, each in a transaction of its own."""

    def __init__(
        self, connections: LedgerConnections, reader: FencedReader, rates: RateWatch, group: str
    ) -> None:
        self._connections, self._reader, self._rates, self._group = (
            connections, reader, rates, group,
        )  # fmt: skip
        self._booking = BatchBooking(reader, rates)

    async def stage_ahead(self, fetched: Fetched) -> None:
        """Copy the rows of a batch while the previous batch is posted on another connection."""
        try:
            fetched.staged = await self._begin_tx(fetched)
        except (*AWAY, *UNFIT) as error:
            log.warning("the batch is copied later: %r", error)

    async def post(self, fetched: Fetched) -> None:
        """Post until the batch is committed.

        Raises the error of a batch that does not fit the ledger even after this process priced it.
        A batch of other origin that does not fit is priced again first.
        """
        try:
            await self._post_until_posted(fetched)
        except UNFIT as error:
            if fetched.is_priced_here:
                raise
            log.error("a batch does not fit the ledger, and is priced here again: %r", error)
            await self.post(await asyncio.to_thread(fetched.priced_with, self._rates.book))

    async def _post_until_posted(self, fetched: Fetched) -> None:
        """Wait while Postgres is away. A batch that does not follow the fence is dropped and read
        again."""
        try:
            await keep_trying(lambda: self._post_once(fetched), AWAY, _WAIT, _report, but=UNFIT)
        except Gap as gap:
            log.warning("%s", gap)
            await self._reader.seek_until_there()

    async def _begin_tx(self, fetched: Fetched) -> Staged:
        """An open transaction with the rows of the batch."""
        span = tracer().batch(self._reader.topic, self._group, fetched.all())
        conn = await self._connections.take()
        try:
            transaction = conn.transaction()
            await transaction.start()
            await stage(conn, fetched.batch)
            return Staged(conn, transaction, span)
        except BaseException:
            self._connections.drop(conn)
            raise

    async def _post_once(self, fetched: Fetched) -> None:
        staged, fetched.staged = fetched.staged, None
        conn, transaction, span = staged or await self._begin_tx(fetched)
        try:
            with span, stream_metrics.BATCH_SECONDS.labels(metrics.STAGE).time():
                booked = await self._booking.book_tx(conn, fetched)
                await transaction.commit()
                span.tell(span_attributes(fetched, booked))
        except BaseException:
            self._connections.drop(conn)
            raise
        self._connections.give_back(conn)
        self._reader.mark_booked(booked.moved)
        count_batch(fetched, booked)


def _report(error: BaseException, seconds: float) -> None:
    stream_metrics.RETRIES.labels(metrics.STAGE).inc()
    log.warning("posting is tried again in %.1f s: %r", seconds, error)
