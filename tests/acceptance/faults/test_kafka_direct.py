"""An MES writes to the topic itself: our events, CloudEvents, and the examples of the docs."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cloudevents.core.bindings import kafka as binding
from cloudevents.core.v1.event import CloudEvent

from copq.kafka.headers import NONE
from copq.kafka.publish import Message
from copq.kafka.topics import EVENTS, key_of
from tests.support.faults.feeder import Feeder
from tests.support.faults.plant import Fact, Plant
from tests.support.faults.processes import copq, until
from tests.support.faults.site import Site
from tests.support.kafka import hostile_names
from tests.support.kafka.broker import ARCHIVE
from tests.support.kafka.fixtures import JARS
from tests.support.kafka.hostile_names import Raw
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
ENVELOPED = ("event_id", "event_type", "occurred_at", "started_at")


def cloud_event(fact: Fact, **changes: Any) -> CloudEvent:
    """The fact with its id, type and time in the envelope alone (a stop keeps its start)."""
    said = json.loads(fact.raw())
    at = fact.at
    attributes = {
        "id": fact.event_id, "type": f"com.example.quality.{fact.kind}", "source": "/pune/mes",
        "time": at, "datacontenttype": "application/json", "specversion": "1.0",
    }  # fmt: skip
    data = {name: v for name, v in said.items() if name not in ENVELOPED[:3]}
    return CloudEvent({**attributes, **changes}, data)


def message(fact: Fact) -> Message:
    """A third each as our own event, in binary and in structured mode; a fact always the same."""
    key, mode = key_of("pune", fact.line), sum(fact.event_id.encode()) % 3
    if mode == 0:
        return key, fact.raw(), NONE
    to = binding.to_binary_event if mode == 1 else binding.to_structured_event
    return _record(key, to(cloud_event(fact)))


def _record(key: bytes, made: binding.KafkaMessage) -> Message:
    return key, made.value, list(made.headers.items())


async def test_cloudevents_count_as_our_own_and_refused_ones_can_be_mended_and_replayed(
    site: Site, tmp_path: Path
) -> None:
    plant, feeder = Plant(43), Feeder(site.bootstrap)
    await feeder.send_raw([message(fact) for fact in plant.make(450)])
    late = Plant(44).make(1)[0]
    wrong = binding.to_binary_event(cloud_event(late, type="com.example.quality.nothing"))
    cut = binding.to_structured_event(cloud_event(late))
    await feeder.send_raw([
        _record(b"pune/L1", wrong), (b"pune/L1", cut.value[:40], list(cut.headers.items())),
    ])  # fmt: skip
    await feeder.close()
    site.costing()
    site.aggregator()
    await site.is_right(plant.facts)
    kept = await _refused(site, 2)
    assert kept[wrong.value]["headers"]["ce_id"] == late.event_id
    assert kept[wrong.value]["code"] == "unknown_event_type"
    assert kept[wrong.value]["origin_topic"] == EVENTS
    assert kept[cut.value[:40]]["headers"] == {"content-type": "application/cloudevents+json"}
    await _mend(site, kept[wrong.value]["rejected_id"], late, tmp_path)
    await site.is_right([*plant.facts, late])


async def test_a_header_whose_name_is_no_text_is_refused_and_what_is_behind_it_is_priced(
    site: Site,
) -> None:
    plant, feeder = Plant(45), Feeder(site.bootstrap)
    first, hostile, last = plant.make(3)
    await hostile_names.send(site.bootstrap, EVENTS, 0, [
        (b"pune/L1", first.raw(), []), (b"pune/L1", hostile.raw(), [(Raw(b"na\xff\xfeme"), b"x")]),
        (b"pune/L1", last.raw(), []),
    ])  # fmt: skip
    more = plant.make(200)
    await feeder.send(more)
    await feeder.close()
    site.costing()
    site.aggregator()
    await site.is_right([first, last, *more])
    kept = (await _refused(site, 1))[hostile.raw()]
    assert (kept["code"], kept["field"], kept["origin_offset"]) == ("bad_envelope", "headers", 1)
    assert "is not UTF-8" in kept["message"] and "\ufffd" in kept["message"]
    ways = ("--kafka", site.bootstrap, "--database", site.database)
    await asyncio.to_thread(copq, "rejected", "replay", str(kept["rejected_id"]), *ways)
    await site.is_right([first, hostile, last, *more])


async def _mend(site: Site, rejected_id: int, fact: Fact, folder: Path) -> None:
    """The received bytes are refused again; the fixed bytes are accepted."""
    reach, ways = ("--database", site.database), ("--kafka", site.bootstrap)
    again = await asyncio.to_thread(
        copq, "rejected", "replay", str(rejected_id), "--json", *ways, *reach, code=1
    )
    assert json.loads(again) == {"replayed": 0, "refused_again": [rejected_id]}
    shown = await asyncio.to_thread(copq, "rejected", "show", str(rejected_id), *reach)
    mended = folder / "mended.json"
    mended.write_text(shown.replace("quality.nothing", f"quality.{fact.kind}"))
    words = ("rejected", "replay", str(rejected_id), "--with", str(mended))
    await asyncio.to_thread(copq, *words, *ways, *reach)


async def _refused(site: Site, count: int) -> dict[bytes, dict[str, Any]]:
    conn = await asyncpg.connect(site.database)

    async def there() -> bool:
        return bool(await conn.fetchval("select count(*) from copq.rejected") >= count)

    await until(there, f"{count} refused messages are kept")
    rows = [dict(row) for row in await conn.fetch("select * from copq.rejected")]
    await conn.close()
    return {row["payload"]: {**row, "headers": json.loads(row["headers"])} for row in rows}


async def test_the_examples_of_the_docs_arrive(bare_site: Site) -> None:
    site = bare_site
    await site.import_rates((ROOT / "examples/tyre_valves/rates.yaml").read_text())
    for language, code in _examples():
        await asyncio.to_thread(_run, language, code.replace("localhost:9092", site.bootstrap))
    site.costing()
    site.aggregator()
    await until(lambda: _arrived(site), "the examples are in the ledger")


def _examples() -> list[tuple[str, str]]:
    text = (ROOT / "docs/ingest/kafka.md").read_text()
    found = re.findall(r"^```(sh|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [language for language, _ in found] == ["sh", "python", "sh"]
    return found


def _run(language: str, code: str) -> None:
    """Kafka's script is a class of its jars; the test has no script."""
    quick = f"-XX:TieredStopAtLevel=1 -XX:SharedArchiveFile={JARS / ARCHIVE}"
    tool = f"java {quick} -cp '{JARS}/*' org.apache.kafka.tools.ConsoleProducer"
    words = ["bash", "-c", code.replace("kafka-console-producer.sh", tool)]
    done = subprocess.run(
        words if language == "sh" else [sys.executable, "-c", code],
        capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


async def _arrived(site: Site) -> bool:
    conn = await asyncpg.connect(site.database)
    found = await conn.fetchval(
        "select array_agg(quantity::int order by quantity) from copq.ledger where product = 'TR29'"
        " and element = 'defect'"
    )
    await conn.close()
    return bool(found == [3, 4, 5, 6])
