"""A flood of bad events stops the stream, before it drains, and says so."""

import pytest

from copq.kafka.headers import NONE
from tests.support.faults.feeder import Feeder
from tests.support.faults.plant import Plant
from tests.support.faults.processes import until
from tests.support.faults.site import Site

pytestmark = pytest.mark.kafka

FLOOD = 5_000


async def test_a_flood_stops_costing_unacknowledged_and_a_higher_share_lets_it_pass(
    site: Site,
) -> None:
    plant, feeder = Plant(19), Feeder(site.bootstrap)
    await feeder.send(plant.make(1_000))
    await feeder.send_raw([(b"L1", b"broken", NONE)] * FLOOD)
    await feeder.close()
    costing = site.costing()
    assert await costing.exit_code() == 4
    for said in ("malformed_json", "--max-reject-share", "are refused"):
        assert said in costing.said()
    assert sum((await site.ends())["quality.events.rejected"].values()) < FLOOD
    site.costing("tolerant", "--max-reject-share", "1")
    site.aggregator()
    await site.is_right(plant.facts)
    await until(lambda: _rejected(site), "all that was refused is on the topic")


async def _rejected(site: Site) -> bool:
    return sum((await site.ends())["quality.events.rejected"].values()) >= FLOOD
