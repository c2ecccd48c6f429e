"""Who sent an event is kept with it, whichever way it came; a resent one changes nothing."""

from typing import Any

import asyncpg
import pytest

from copq.access.sender import Sender
from copq.ingest.intake import Status
from copq.ingest.kafka_intake import KafkaIntake
from copq.kafka.brokers import Brokers
from copq.kafka.headers import SENT_BY
from copq.kafka.topics import key_of
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.faults.feeder import Feeder
from tests.support.faults.plant import Fact, Plant
from tests.support.faults.processes import until
from tests.support.faults.site import Site

PRESS, HOSTILE = Sender("press-4"), b"a\tb\\N\x00\n"


@pytest.mark.kafka
async def test_senders_are_kept_on_the_way_through_kafka(site: Site) -> None:
    plant = Plant(41)
    named, direct, odd = plant.make(300), plant.make(300), plant.make(1)
    intake, feeder = KafkaIntake(Brokers(site.bootstrap)), Feeder(site.bootstrap)
    await intake.accept([fact.raw() for fact in named] + [b"no event"], PRESS)
    await intake.close()
    await feeder.send(direct)
    forged = [(SENT_BY, HOSTILE)]
    await feeder.send_raw([(key_of("pune", f.line), f.raw(), forged) for f in odd])
    await feeder.send_raw([(b"pune/L1", b"broken", [(SENT_BY, b"an MES")])])
    await feeder.close()
    site.costing()
    site.aggregator()
    await site.is_right(plant.facts)
    assert await _rejected_by(site, 2) == {(b"no event", "press-4"), (b"broken", "an MES")}
    of = await _senders(site)
    spelt = "a<U+0009>b\\N<U+0000><U+000A>"
    assert {of[fact.event_id] for fact in odd} <= {spelt, "press-4", None}
    _first_sender_counts(of, named, direct)


def _first_sender_counts(of: dict[str, str | None], named: list[Fact], direct: list[Fact]) -> None:
    """Some facts were sent both ways: of those, either may have come first."""
    ours, theirs = {f.event_id for f in named}, {f.event_id for f in direct}
    assert {of[event_id] for event_id in ours - theirs} == {"press-4"}
    assert {of[event_id] for event_id in theirs - ours} == {None}


async def test_senders_are_kept_without_kafka(database: str, tmp_path: Any) -> None:
    site, plant = Site("", database, tmp_path), Plant(42)
    await site.import_rates()
    pool = await pool_of(database, size=1)
    intake = LedgerIntake(pool)
    facts = plant.make(100)
    answers = await intake.accept([fact.raw() for fact in facts] + [b"no event"], PRESS)
    assert answers[-1].status is Status.REFUSED
    await intake.accept([fact.raw() for fact in facts])
    assert set((await _senders(site)).values()) == {"press-4"}
    assert await _rejected_by(site, 1) == {(b"no event", "press-4")}
    await pool.close()


async def _senders(site: Site) -> dict[str, str | None]:
    conn = await asyncpg.connect(site.database)
    rows = await conn.fetch("select event_id, sent_by from copq.event")
    await conn.close()
    return {row["event_id"]: row["sent_by"] for row in rows}


async def _rejected_by(site: Site, count: int) -> set[tuple[bytes, str | None]]:
    conn = await asyncpg.connect(site.database)

    async def rows() -> list[Any]:
        return list(await conn.fetch("select payload, sent_by from copq.rejected"))

    async def there() -> bool:
        return len(await rows()) >= count

    await until(there, f"{count} refused messages are kept")
    found = {(row["payload"], row["sent_by"]) for row in await rows()}
    await conn.close()
    return found
