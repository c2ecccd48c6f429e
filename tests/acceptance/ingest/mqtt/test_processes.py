"""`copq up --mqtt` and `copq ingest --mqtt` as processes: killed, told to stop, on TLS."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import trustme

from tests.support.faults.processes import COPQ, Service, until
from tests.support.faults.site import TOPICS, Site
from tests.support.ingest.mqtt.broker import Mosquitto, publish
from tests.support.ingest.mqtt.listing import config_text
from tests.support.ingest.mqtt.recorded import with_rates
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

pytestmark = pytest.mark.mosquitto

ALL = '  - {topic: "%s/{plant}/{line}", format: copq}'


def scrap(number: int) -> bytes:
    event = {
        "event_id": f"e{number}", "event_type": "scrap", "occurred_at": "2026-03-02T06:30:00Z",
        "product": "widget", "quantity": 1,
    }  # fmt: skip
    return json.dumps(event).encode()


def scraps(first: int, last: int) -> bytes:
    return b"\n".join(scrap(number) for number in range(first, last))


def _service(folder: Path, text: str, name: str, *reach: str) -> Service:
    (folder / "mqtt.yaml").write_text(text)
    [port] = free_ports(1)
    more = ("--port", str(port), "--mqtt", str(folder / "mqtt.yaml"))
    return Service(folder, name, name, *reach, *more)


_COUNTS = """
    select (select count(*) from copq.event),
        (select coalesce(sum(quantity), 0) from copq.rollup where grain = 'month')
"""


async def _events(dsn: str) -> int:
    """Events in the ledger, of one piece each; the rollups hold as many."""
    conn = await asyncpg.connect(dsn)
    try:
        events, pieces = await conn.fetchrow(_COUNTS)
    finally:
        await conn.close()
    assert events == pieces
    return int(events)


async def test_a_killed_process_has_lost_nothing_and_counted_nothing_twice(
    mosquitto: Mosquitto, database: str, tmp_path: Path
) -> None:
    dsn, total = await with_rates(database), 3000
    text = config_text(mosquitto.port, ALL % "kill", in_flight=200)
    up = _service(tmp_path, text, "up", "--database", dsn, "--data", str(tmp_path))
    up.start()
    try:
        await until(lambda: "connected to" in up.said(), "it is subscribed")
        sending = asyncio.create_task(
            asyncio.to_thread(
                publish, mosquitto.port, "kill/north/L1", scraps(0, total), each_line=True
            )
        )
        for least in (1, 1000):

            async def enough(least: int = least) -> bool:
                return await _events(dsn) >= least

            await until(enough, f"{least} events are there")
            up.restart()
        await sending

        async def every() -> bool:
            return await _events(dsn) == total

        await until(every, "all events are there")
        assert await up.stop() == 0
    finally:
        up.kill()


@pytest.mark.kafka
async def test_ingest_puts_messages_on_the_stream_and_drains(
    mosquitto: Mosquitto, kafka: KafkaBroker, tmp_path: Path
) -> None:
    from aiokafka import AIOKafkaConsumer

    await Site(kafka.bootstrap, "", tmp_path).make_anew(*TOPICS)
    text = config_text(mosquitto.port, ALL % "stream")
    reach = ("--kafka", kafka.bootstrap, "--mqtt-state", str(tmp_path))
    ingest = _service(tmp_path, text, "ingest", "--no-auth", *reach).start()
    found: set[str] = set()
    consumer = AIOKafkaConsumer(
        "quality.events", "quality.events.rejected", bootstrap_servers=kafka.bootstrap,
        auto_offset_reset="earliest",
    )  # fmt: skip
    await consumer.start()
    try:
        await until(lambda: "connected to" in ingest.said(), "it is subscribed")
        payload = scraps(100_000, 100_050) + b"\nno event"
        await asyncio.to_thread(publish, mosquitto.port, "stream/north/L1", payload, each_line=True)

        async def there() -> bool:
            got = await consumer.getmany(timeout_ms=200)
            for record in (record for records in got.values() for record in records):
                event = json.loads(record.value)
                found.add(event.get("event_id") or event["message"])
            wanted = {f"e{number}" for number in range(100_000, 100_050)}
            return wanted <= found and any("stream/north/L1" in said for said in found)

        await until(there, "all events and what was refused are on Kafka")
        assert await ingest.stop() == 0
    finally:
        await consumer.stop()
        ingest.kill()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that asks for TLS, a certificate, a user and a password."""
    authority, folder = trustme.CA(), tmp_path / "secure"
    folder.mkdir()
    for name, made in (
        ("server", authority.issue_cert("127.0.0.1", "localhost")),
        ("client", authority.issue_cert("copq@plant.example")),
    ):
        made.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        made.private_key_pem.write_to_path(folder / f"{name}.key")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    users = folder / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "copq", "secret"], check=True)
    access = "\n".join(
        (
            f"cafile {folder}/ca.pem",
            f"certfile {folder}/server.pem",
            f"keyfile {folder}/server.key",
            "require_certificate true",
            "allow_anonymous false",
            f"password_file {users}",
        )
    )
    broker = Mosquitto(folder / "broker", access)
    broker.start()
    yield broker
    broker.kill()


async def test_tls_a_certificate_and_a_password_from_a_file(
    secure: Mosquitto, database: str, tmp_path: Path
) -> None:
    dsn, folder = await with_rates(database), tmp_path / "secure"
    (tmp_path / "password").write_text("secret\n")
    text = config_text(
        secure.port, ALL % "tls", username="copq", password_file="password",
        tls="{ca: secure/ca.pem, cert: secure/client.pem, key: secure/client.key}",
    ).replace("mqtt://", "mqtts://")  # fmt: skip
    up = _service(tmp_path, text, "up", "--database", dsn, "--data", str(tmp_path)).start()
    try:
        await until(lambda: "connected to" in up.said(), "it is let in")
        tls = [f"{folder}/{name}" for name in ("ca.pem", "client.pem", "client.key")]
        options = ["--cafile", tls[0], "--cert", tls[1], "--key", tls[2]]
        await asyncio.to_thread(
            publish, secure.port, "tls/north/L1", scrap(1), *options, "-u", "copq", "-P", "secret"
        )

        async def there() -> bool:
            return await _events(dsn) == 1

        await until(there, "the event is there")
        assert await up.stop() == 0
        assert "secret" not in up.said()
    finally:
        up.kill()


async def test_a_broker_of_another_authority_is_not_believed(
    secure: Mosquitto, database: str, tmp_path: Path
) -> None:
    text = config_text(secure.port, ALL % "tls").replace("mqtt://", "mqtts://")
    up = _service(tmp_path, text, "up", "--database", database, "--data", str(tmp_path)).start()
    try:
        await until(lambda: "CERTIFICATE_VERIFY_FAILED" in up.said(), "it says why")
        assert "connected to" not in up.said()
    finally:
        up.kill()


async def test_a_second_process_with_the_same_memory_is_refused(
    mosquitto: Mosquitto, database: str, tmp_path: Path
) -> None:
    text = config_text(mosquitto.port, ALL % "twice")
    first = _service(tmp_path, text, "up", "--database", database, "--data", str(tmp_path)).start()
    try:
        await until(lambda: "connected to" in first.said(), "the first runs")
        [port] = free_ports(1)
        reach = ["--database", database, "--data", str(tmp_path), "--port", str(port)]
        second = await asyncio.create_subprocess_exec(
            COPQ, "up", *reach, "--mqtt", str(tmp_path / "mqtt.yaml"),
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await second.communicate()
        assert second.returncode == 3
        assert b"does another copq use it?" in said
    finally:
        first.kill()
