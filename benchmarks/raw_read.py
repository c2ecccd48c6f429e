"""The limit of costing: reading a topic and doing nothing with it. Prints events a second."""

import asyncio
import sys
import time

from aiokafka import AIOKafkaConsumer

from copq.kafka.topics import EVENTS


async def read(bootstrap: str, total: int) -> float:
    consumer = AIOKafkaConsumer(
        EVENTS, bootstrap_servers=bootstrap, group_id="raw", auto_offset_reset="earliest",
        enable_auto_commit=False,
    )  # fmt: skip
    await consumer.start()
    done, first = 0, (0.0, 0)
    while done < total:
        got = await consumer.getmany(timeout_ms=1000)
        done += sum(len(records) for records in got.values())
        if not first[1] and done >= total / 10:
            first = (time.perf_counter(), done)
    rate = (done - first[1]) / (time.perf_counter() - first[0])
    await consumer.stop()
    return rate


if __name__ == "__main__":
    print(asyncio.run(read(sys.argv[1], int(sys.argv[2]))))
