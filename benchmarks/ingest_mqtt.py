"""(h) MQTT at QoS 1: messages a second to Kafka and to the ledger, next to reading alone."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import asyncpg

from benchmarks.pace import pace
from benchmarks.plant import events
from benchmarks.posting import posted
from benchmarks.servers import Servers, length, servers
from copq.command_line.terminal import err
from copq.ingest.mqtt.config_file import parse_config
from copq.ingest.mqtt.link import connect
from copq.kafka.topics import EVENTS
from tests.support.faults.processes import Service
from tests.support.ingest.mqtt.broker import Mosquitto, publish
from tests.support.kafka.settings import free_ports
from tests.support.programs import find_program

TOPIC = "plant/north/quality"


class Mqtt(NamedTuple):
    """Messages a second: by `copq ingest`, by `copq up`, and read and acknowledged alone."""

    stream: float
    ledger: float
    raw: float


async def mqtt(total: int) -> Mqtt:
    """On servers of its own; the broker holds all messages before each of the three begins."""
    payload = b"\n".join(raw for _, raw, _ in events(total))
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder) / "mosquitto", find=find_program)
        broker.start()
        try:
            async with servers() as s:
                return await _measure(broker, s, Path(folder), payload, total)
        finally:
            broker.kill()


async def _measure(broker: Mosquitto, s: Servers, folder: Path, payload: bytes, total: int) -> Mqtt:
    raw = await _raw(await _session(broker, "raw", payload), total)
    reach = ["--kafka", s.bootstrap, "--mqtt-state", str(folder)]
    file = await _file(folder, await _session(broker, "kafka", payload))
    stream = await _process(
        folder, ["ingest", "--no-auth", *reach, *file], lambda: length(s, EVENTS), total
    )
    file = await _file(folder, await _session(broker, "ledger", payload))
    conn = await asyncpg.connect(s.dsn)
    reach = ["--database", s.dsn, "--data", str(folder / "up")]
    ledger = await _process(folder, ["up", *reach, *file], lambda: posted(conn), total)
    await conn.close()
    return Mqtt(stream, ledger, raw)


async def _session(broker: Mosquitto, name: str, payload: bytes) -> str:
    """A configuration whose session the broker has filled with all messages."""
    text = f"""
broker: mqtt://127.0.0.1:{broker.port}
client_id: {name}
in_flight: 2000
subscriptions: [{{topic: "{TOPIC}/{name}", format: copq}}]
"""
    async with connect(parse_config(text)):
        pass
    err.print(f"filling the session {name} …")
    await asyncio.to_thread(publish, broker.port, f"{TOPIC}/{name}", payload, each_line=True)
    return text


async def _raw(text: str, total: int) -> float:
    """Messages a second of a link that acknowledges what it reads, and does nothing with it."""
    async with connect(parse_config(text)) as link:
        done, begin = 0, time.perf_counter()
        while done < total:
            batch = await link.take(1000)
            link.ack(batch)
            done += len(batch)
        return total / (time.perf_counter() - begin)


async def _file(folder: Path, text: str) -> list[str]:
    [port] = free_ports(1)
    file = folder / "mqtt.yaml"
    await asyncio.to_thread(file.write_text, text)
    return ["--port", str(port), "--mqtt", str(file)]


async def _process(
    folder: Path, command: list[str], done: Callable[[], Awaitable[int]], total: int
) -> float:
    service = Service(folder, command[0], *command, preloaded=False)
    service.start()

    def alive() -> None:
        if not service.runs:
            raise RuntimeError(service.tail())

    try:
        return (await pace(done, total, alive)).per_second
    finally:
        service.kill()
