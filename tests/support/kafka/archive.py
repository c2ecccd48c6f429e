"""Makes what lets brokers of tests start in a third of the processor time, beside the jars.

The classes that a broker loads, in the form that Java maps into memory, and a formatted data
folder. `python -m tests.support.kafka.archive`
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

from aiokafka import AIOKafkaConsumer

from copq.kafka.brokers import Brokers
from copq.kafka.publish import start_producer
from copq.kafka.topics import EVENTS, make_topics
from tests.support.kafka.broker import ARCHIVE, FORMATTED, KafkaBroker
from tests.support.kafka.fixtures import JARS

_STOP_SECONDS = 120.0
"""Java writes the archive as it ends."""


class _Archived(KafkaBroker):
    """A broker that leaves the archive at `path` as it stops."""

    def __init__(self, folder: Path, jars: Path, path: Path) -> None:
        super().__init__(folder, jars)
        self._java_options = [f"-XX:ArchiveClassesAtExit={path}"]

    def start(self) -> None:
        self._prepare()
        shutil.copytree(self._data, self._settings.with_name(FORMATTED))
        super().start()

    def stop(self) -> None:
        self._live().stop(_STOP_SECONDS)


def make_archive(jars: Path) -> None:
    """Replaces the archive. Raises `BrokerError` where the broker does not start."""
    (jars / ARCHIVE).unlink(missing_ok=True)
    shutil.rmtree(jars / FORMATTED, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=jars) as name:
        folder = Path(name)
        with _Archived(folder, jars, folder / ARCHIVE) as broker:
            asyncio.run(_use(broker.bootstrap))
        for made in (FORMATTED, ARCHIVE):
            (folder / made).rename(jars / made)


async def _use(bootstrap: str) -> None:
    """As tests do, so that the classes for it are loaded."""
    await make_topics(Brokers(bootstrap), 1)
    producer = await start_producer(Brokers(bootstrap))
    await producer.send_and_wait(EVENTS, b"an event")
    await producer.stop()
    async with AIOKafkaConsumer(
        EVENTS, bootstrap_servers=bootstrap, group_id="archive", auto_offset_reset="earliest"
    ) as consumer:
        await consumer.getone()
        await consumer.commit()


if __name__ == "__main__":
    make_archive(JARS)
