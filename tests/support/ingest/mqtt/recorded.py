"""Recorded messages of the examples, published again; and what a ledger holds afterwards."""

from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from copq.command_line.commands.intake.mqtt import recorded_message
from copq.rates.file import read_rate_file
from copq.rates.store import import_rates
from tests.support.ingest.mqtt.broker import Mosquitto

EXAMPLES = Path(__file__).parents[4] / "examples" / "mqtt"
Recorded = list[tuple[str, bytes]]


def recorded(name: str) -> Recorded:
    lines = (EXAMPLES / f"{name}.messages.ndjson").read_bytes().splitlines()
    return [recorded_message(line) for line in lines]


def own_events(name: str) -> list[bytes]:
    return (EXAMPLES / f"{name}.events.ndjson").read_bytes().splitlines()


def in_the_end(name: str) -> list[bytes]:
    """Our own events once the corrections among them are applied: the oracle's own way."""
    facts: dict[str, Any] = {}
    for event in map(msgspec.json.decode, own_events(name)):
        if event["event_type"] != "correction":
            facts[event["event_id"]] = event
        else:
            del facts[event["corrects"]]
            if fresh := event.get("replacement"):
                facts[fresh["event_id"]] = fresh
    return [msgspec.json.encode(event) for event in facts.values()]


def config_of(name: str, broker: Mosquitto, client_id: str) -> str:
    """The example's configuration, with a session of its own at another broker."""
    text = (EXAMPLES / f"{name}.yaml").read_text()
    there = f"broker: mqtt://127.0.0.1:{broker.port}"
    assert "broker: mqtt://127.0.0.1:1883" in text
    text = text.replace("broker: mqtt://127.0.0.1:1883", there)
    return text.replace(f"client_id: copq-{name}", f"client_id: {client_id}")


async def send(broker: Mosquitto, messages: Recorded) -> None:
    """In order, over one connection, each acknowledged before the next."""
    from aiomqtt import Client

    async with Client("127.0.0.1", broker.port) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1)


async def with_rates(dsn: str) -> str:
    conn = await asyncpg.connect(dsn)
    await import_rates(conn, read_rate_file(EXAMPLES / "rates.yaml"), "rates.yaml", "a test")
    await conn.close()
    return dsn


async def rollups(dsn: str) -> list[dict[str, Any]]:
    conn = await asyncpg.connect(dsn)
    try:
        rows = await conn.fetch("select * from copq.rollup where entries <> 0 or net <> 0")
        found = [dict(row) for row in rows]
        # A stop may be booked in other pieces; what it sums to is the same.
        for row in found:
            if row["element"] in ("downtime", "planned_stop"):
                del row["entries"]
        return sorted(found, key=lambda row: msgspec.json.encode(row))
    finally:
        await conn.close()
