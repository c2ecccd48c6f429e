"""Acknowledged by hand, against a real Mosquitto: nothing is lost, whoever is killed and when."""

import asyncio
import json
import sqlite3

import pytest
from aiomqtt import Client

from copq.ingest.mqtt.config_file import parse_config
from copq.ingest.mqtt.link import ReceivedMessage, connect
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.sparkplug_payload import decode
from tests.support.faults.processes import until
from tests.support.ingest.mqtt.broker import Mosquitto, publish
from tests.support.ingest.mqtt.listing import ListingIntake, config_text, reading

pytestmark = pytest.mark.mosquitto

HERE = '  - {topic: "%s/{plant}/{line}", format: copq}'
VERSIONS = pytest.mark.parametrize("version", ["3.1.1", "5"])


def lines(*numbers: int) -> bytes:
    return b"\n".join(json.dumps({"event_id": f"e{n}"}).encode() for n in numbers)


async def send(broker: Mosquitto, topic: str, *numbers: int, qos: int = 1) -> None:
    """One message a number."""
    for number in numbers:
        await asyncio.to_thread(publish, broker.port, topic, lines(number), "-q", str(qos))


@VERSIONS
async def test_what_is_not_acknowledged_is_delivered_again_and_marked_so(
    mosquitto: Mosquitto, version: str
) -> None:
    topic = f"again-{version}"
    config = parse_config(config_text(mosquitto.port, HERE % topic, version=version))
    async with connect(config) as link:
        await send(mosquitto, f"{topic}/north/L1", 1, 2, 3)
        first: list[ReceivedMessage] = []
        while len(first) < 3:
            first += await link.take(10)
        link.ack(first[:1])
    assert [message.again for message in first] == [False] * 3
    async with connect(config) as link:
        second: list[ReceivedMessage] = []
        while len(second) < 2:
            second += await link.take(10)
        link.ack(second)
    assert [(m.payload, m.packet_id) for m in second] == [
        (m.payload, m.packet_id) for m in first[1:]
    ]
    assert [message.again for message in second] == [True] * 2


@VERSIONS
@pytest.mark.parametrize("qos", [1, 2])
async def test_what_comes_while_nobody_reads_is_read_later(
    mosquitto: Mosquitto, version: str, qos: int
) -> None:
    topic, intake = f"later-{version}-{qos}", ListingIntake()
    text = config_text(mosquitto.port, HERE % topic, version=version)
    async with reading(text, intake):
        await send(mosquitto, f"{topic}/north/L1", 0, qos=qos)
        await until(lambda: len(intake.events) == 1, "the first is there")
    await send(mosquitto, f"{topic}/north/L1", 1, 2, 3, qos=qos)
    async with reading(text, intake):
        await until(lambda: len(intake.events) == 4, "the others are there")


async def test_no_more_than_the_limit_is_unacknowledged(mosquitto: Mosquitto) -> None:
    text = config_text(mosquitto.port, HERE % "limit", in_flight=4)
    async with connect(parse_config(text)) as link:
        await asyncio.to_thread(
            publish, mosquitto.port, "limit/north/L1", lines(*range(10)), each_line=True
        )
        seen: list[ReceivedMessage] = []
        while len(seen) < 4:
            seen += await link.take(10)
        await send(mosquitto, "limit/north/L1", 11)
        assert len(seen) == 4
        while len(seen) < 11:
            link.ack(seen[-4:] if len(seen) % 4 == 0 else seen[-1:])
            seen += await link.take(1)
    assert len({message.payload for message in seen}) == 11


async def test_an_intake_that_is_away_leaves_messages_with_the_broker(
    mosquitto: Mosquitto,
) -> None:
    intake = ListingIntake()
    text = config_text(mosquitto.port, HERE % "away", in_flight=10)
    intake.away = True
    async with reading(text, intake):
        await asyncio.to_thread(
            publish, mosquitto.port, "away/north/L1", lines(*range(50)), each_line=True
        )
        await until(lambda: intake.tries > 2, "it has tried more than once")
        assert not intake.events
    assert not intake.events
    intake.away = False
    async with reading(text, intake):
        await until(lambda: len(intake.events) == 50, "all of them are there")


async def test_a_killed_broker_loses_nothing_and_is_found_again(own_mosquitto: Mosquitto) -> None:
    broker, intake = own_mosquitto, ListingIntake()
    text = config_text(broker.port, HERE % "killed")
    async with reading(text, intake):
        await send(broker, "killed/north/L1", *range(5))
        await until(lambda: len(intake.events) == 5, "the first are there")
        intake.away = True
        await send(broker, "killed/north/L1", *range(5, 10))
        await until(lambda: intake.tries > intake.accepts, "they are under way")
        broker.save()
        broker.kill()
        intake.away = False
        broker.start()
        await send(broker, "killed/north/L1", *range(10, 15))
        await until(lambda: len(intake.events) == 15, "all are there")


async def test_what_cannot_be_read_is_kept_and_blocks_nothing(mosquitto: Mosquitto) -> None:
    intake = ListingIntake()
    poison = [b"", b"{", b"\x00\xff\xfe", b"[1, 2]", b'{"plant": 1e999999}', b"[" * 5000]
    async with reading(config_text(mosquitto.port, HERE % "poison"), intake):
        for payload in poison:
            await asyncio.to_thread(publish, mosquitto.port, "poison/north/L1", payload)
        await send(mosquitto, "poison/north/L1", 1)
        await until(lambda: "e1" in intake.events, "the good one is there")
    kept = [part for raw in poison for part in ([b"1", b"2"] if raw == b"[1, 2]" else [raw])]
    assert [raw for _, raw in intake.refused] == kept
    assert all("poison/north/L1" in why.message for why, _ in intake.refused)


async def test_why_qos_2_is_read_at_1(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At QoS 2 paho has said "received" by itself: after a kill only the release comes again."""
    config = parse_config(config_text(mosquitto.port, HERE % "two"))
    found = {}
    for qos in (2, 1):
        monkeypatch.setattr("copq.ingest.mqtt.link.QOS", qos)
        async with connect(config) as link:
            await send(mosquitto, "two/north/L1", qos, qos=2)
            unacknowledged = await link.take(10)
        async with connect(config) as link:
            await send(mosquitto, "two/north/L1", 10 + qos, qos=2)
            found[qos] = await link.take(10)
            while found[qos][-1].payload != lines(10 + qos):
                found[qos] += await link.take(10)
            link.ack(found[qos])
        assert [message.payload for message in unacknowledged] == [lines(qos)]
    assert [message.payload for message in found[2]] == [lines(12)]
    assert [message.payload for message in found[1]] == [lines(1), lines(11)]


async def test_what_the_intake_stumbles_over_is_kept_and_blocks_nothing(
    mosquitto: Mosquitto,
) -> None:
    intake = ListingIntake()
    intake.stumbles = b"e2"
    async with reading(config_text(mosquitto.port, HERE % "stumbles"), intake):
        await send(mosquitto, "stumbles/north/L1", 1, 2, 3)
        await until(lambda: {"e1", "e3"} <= set(intake.events), "the good ones are there")
        await until(lambda: bool(intake.refused), "the bad one is kept")
    [(why, raw)] = intake.refused
    assert (why.code, b"e2" in raw) == ("unreadable", True)


async def test_a_memory_that_cannot_be_written_leaves_messages_with_the_broker(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, intake, failed = "umh/v1/full/north/L1/_analytics", ListingIntake(), []

    def full(self: Memory, kept: object, done: object) -> None:
        failed.append(kept)
        raise sqlite3.OperationalError("database or disk is full")

    shape = '  - {topic: "umh/v1/full/{plant}/{line}/_analytics/#", format: umh}'
    payload = b'{"state": 180000, "start_time": "2026-03-02T07:10:00Z"}'
    memory = Memory()
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "_write", full)
        async with reading(config_text(mosquitto.port, shape, name="full"), intake, memory):
            await asyncio.to_thread(publish, mosquitto.port, f"{topic}/state/add", payload)
            await until(lambda: len(failed) > 1, "it has tried again")
    assert memory.get("states/umh/v1/full/north/L1") is None
    async with reading(config_text(mosquitto.port, shape, name="full"), intake, memory):
        await until(lambda: memory.get("states/umh/v1/full/north/L1") is not None, "kept")
    assert len(intake.events) == 1


async def test_a_node_is_asked_for_a_rebirth(mosquitto: Mosquitto) -> None:
    shape = """  - topic: spBv1.0/asked/#
    format: sparkplug
    devices: [{group: asked, node: n, device: d, plant: p, line: l, product: w,
               counters: [{metric: C, counts: good}]}]"""
    async with (
        Client("127.0.0.1", mosquitto.port) as node,
        reading(config_text(mosquitto.port, shape), ListingIntake()),
    ):
        await node.subscribe("spBv1.0/asked/NCMD/n")
        await node.publish("spBv1.0/asked/DDATA/n/d", b"\x18\x05", qos=1)
        asked = await anext(aiter(node.messages))
    assert [metric.name for metric in decode(asked.payload).metrics] == ["Node Control/Rebirth"]
