"""From the topic to the rollups, with nothing in the way but bad events."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from copq.kafka.brokers import Brokers
from copq.kafka.headers import NONE
from copq.kafka.topics import EVENTS, REJECTED, make_topics
from tests.support.faults.feeder import Feeder
from tests.support.faults.plant import FIRST, Fact, Plant, invalid
from tests.support.faults.processes import copq, until
from tests.support.faults.site import PARTITIONS, TOPICS, Site

pytestmark = pytest.mark.kafka


async def test_valid_events_count_once_and_the_others_wait_with_their_reason(
    site: Site, tmp_path: Path
) -> None:
    plant, bad = Plant(1), invalid()
    await _send(site, plant, [wrong.raw for wrong in bad])
    site.costing()
    site.aggregator()
    await site.is_right(plant.facts)
    rows = await _rejected(site, len(bad))
    kept = {row["payload"]: row for row in rows}
    for wrong in bad:
        row = kept[wrong.raw[: 64 * 1024]]
        assert (row["code"], row["field"], row["size"]) == (wrong.code, wrong.field, len(wrong.raw))
    assert len({(r["origin_partition"], r["origin_offset"]) for r in rows}) == len(bad)
    assert {row["origin_topic"] for row in rows} == {EVENTS}
    await _replay_one_mended(site, plant, tmp_path)


async def _send(site: Site, plant: Plant, between: list[bytes]) -> None:
    feeder = Feeder(site.bootstrap)
    await feeder.send(plant.make(1_000))
    await feeder.send_raw([(None, raw, NONE) for raw in between])
    await feeder.send(plant.make(1_000))
    await feeder.close()


async def _rejected(site: Site, count: int) -> list[Any]:
    conn = await asyncpg.connect(site.database)

    async def there() -> bool:
        return bool(await conn.fetchval("select count(*) from copq.rejected") >= count)

    await until(there, f"{count} refused messages are kept")
    rows: list[Any] = await conn.fetch("select * from copq.rejected")
    await conn.close()
    return rows


async def _replay_one_mended(site: Site, plant: Plant, folder: Path) -> None:
    """An operator fixes an event and sends it through Kafka once more."""
    reach = ("--database", site.database)
    listed = json.loads(copq("rejected", "list", "--json", *reach))
    wrong = next(row for row in listed if row["field"] == "quantity")
    mended = Fact("mended", "defect", "L1", FIRST, "widget", "S1", 7)
    (folder / "mended.json").write_bytes(mended.raw())
    copq(
        "rejected", "replay", str(wrong["rejected_id"]), "--with", str(folder / "mended.json"),
        "--kafka", site.bootstrap, *reach,
    )  # fmt: skip
    await site.is_right([*plant.facts, mended])
    left = json.loads(copq("rejected", "list", "--json", *reach))
    assert wrong["rejected_id"] not in [row["rejected_id"] for row in left]


async def test_what_is_no_rejected_event_on_the_rejected_topic_stops_nobody(site: Site) -> None:
    feeder = Feeder(site.bootstrap, REJECTED)
    await feeder.send_raw([(None, b"not ours", NONE), (None, b"\x00", NONE)])
    await feeder.close()
    aggregator = site.aggregator()
    rows = await _rejected(site, 2)
    assert {(row["code"], row["payload"]) for row in rows} == {
        ("not_rejected_event", b"not ours"),
        ("not_rejected_event", b"\x00"),
    }
    assert await aggregator.stop() == 0


async def test_services_that_are_there_before_the_topics_find_them(
    bare_site: Site,
) -> None:
    site, plant = bare_site, Plant(23)
    await site.import_rates()
    await site.remove(*TOPICS)
    site.costing()
    site.aggregator()
    await asyncio.sleep(3)
    await make_topics(Brokers(site.bootstrap), PARTITIONS)
    await _send(site, plant, [])
    await site.is_right(plant.facts)
