"""Faust as its documentation shows it: one message at a time. The same work, for comparison."""

import sys
from decimal import localcontext

import asyncpg
import faust

from copq.kafka.topics import EVENTS, PRICED
from copq.ledger.arithmetic import MONEY
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.schemas.decode import decode
from copq.schemas.priced import encode

bootstrap, dsn = sys.argv[1:3]
app = faust.App(
    "plain-faust", broker=f"aiokafka://{bootstrap}", topic_disable_leader=True,
    topic_allow_declare=False, web_enabled=False, store="memory://",
    consumer_auto_offset_reset="earliest", datadir=sys.argv[3],
)  # fmt: skip
events = app.topic(EVENTS, value_type=bytes, value_serializer="raw")
priced = app.topic(PRICED, value_type=bytes, value_serializer="raw")
books: list[RateBook] = []


@app.agent(events)
async def cost(stream: faust.StreamT[bytes]) -> None:
    if not books:
        conn = await asyncpg.connect(dsn)
        books.append(await load(conn))
    async for raw in stream:
        with localcontext(MONEY):
            message = encode(raw, price(decode(raw), books[0]))
        await priced.send(value=message)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "--without-web", "-l", "warn"]
    app.main()
