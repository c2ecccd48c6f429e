"""`copq ingest` while the broker comes and goes: what it accepts is there, once."""

import asyncio
import signal

import pytest

from tests.support.faults.plant import Plant
from tests.support.faults.processes import Service, until
from tests.support.faults.sender import Sender, ingesting
from tests.support.faults.site import Site
from tests.support.kafka.broker import KafkaBroker

pytestmark = pytest.mark.kafka

BATCH = 200


async def test_without_a_broker_it_says_503_and_told_to_stop_it_finishes_what_it_has_begun(
    frail_site: Site, own_kafka: KafkaBroker
) -> None:
    site, plant = frail_site, Plant(20)
    ingest, sender = ingesting(site)
    await sender.is_answered()
    assert await sender.post(plant.make(BATCH)) == 202
    own_kafka.kill()
    assert await sender.post(plant.make(BATCH)) == 503
    await asyncio.to_thread(own_kafka.start)
    while await sender.post(plant.make(BATCH)) != 202:
        await asyncio.sleep(0.5)
    batches = [asyncio.create_task(sender.post(plant.make(BATCH))) for _ in range(6)]
    await asyncio.wait(batches, return_when=asyncio.FIRST_COMPLETED)
    ingest.tell(signal.SIGTERM)
    assert {await batch for batch in batches} <= {202, 0}
    assert await ingest.exit_code() == 0
    site.costing()
    site.aggregator()
    acknowledged = [fact.event_id for fact in sender.acknowledged]
    await until(lambda: site.holds(acknowledged), "all that was accepted is in the ledger")
    await _send_all_again(ingest, sender)
    await site.is_right(plant.facts)


async def _send_all_again(ingest: Service, sender: Sender) -> None:
    ingest.start()
    await sender.is_answered()
    made = list(sender.made)
    for start in range(0, len(made), BATCH):
        assert await sender.post(made[start : start + BATCH]) == 202
    assert await ingest.stop() == 0
