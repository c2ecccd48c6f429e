"""Records whose header names are not text, as a client in another language may write them."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

Headers = Sequence[tuple[str, bytes]]


class Raw(str):
    """A name that goes on the wire as these bytes; as a text it has as many characters."""

    raw: bytes

    def __new__(cls, raw: bytes) -> "Raw":
        made = super().__new__(cls, "?" * len(raw))
        made.raw = raw
        return made

    def encode(self, *_: Any) -> bytes:
        return self.raw


def builder(codec: int = 0) -> Any:
    """Of one batch."""
    return _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, -1, 1 << 20)


async def send(bootstrap: str, topic: str, partition: int, records: Sequence[Any]) -> None:
    """Records as (key, value, headers), in one batch, acknowledged."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch._builder = builder()
        for key, value, headers in records:
            batch.append(timestamp=None, key=key, value=value, headers=headers)
        batch.close()
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()
