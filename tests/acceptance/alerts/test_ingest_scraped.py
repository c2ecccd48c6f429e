"""What `copq ingest` counts at its door and of MQTT, as the real Prometheus sees it."""

from pathlib import Path

import httpx
import pytest

from tests.support.alerts.servers import Prometheus, answers, prometheus, until
from tests.support.faults.processes import Service, copq
from tests.support.ingest.mqtt.broker import Mosquitto, publish
from tests.support.ingest.mqtt.listing import config_text
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

pytestmark = [pytest.mark.prometheus, pytest.mark.kafka, pytest.mark.mosquitto]
SCRAP = (
    b'{"event_id": "e1", "event_type": "scrap", "occurred_at": "2026-03-02T06:30:00Z", '
    b'"product": "widget", "quantity": 1}'
)


def sees(server: Prometheus, expression: str, value: str) -> None:
    wanted = f"{expression} is {value}"
    until(lambda: [s["value"][1] for s in server.query(expression)] == [value], wanted)


def test_the_door_and_mqtt_are_scraped_beside_the_events(
    kafka: KafkaBroker, mosquitto: Mosquitto, database: str, tmp_path: Path
) -> None:
    port, metrics = free_ports(2)
    (tmp_path / "mqtt.yaml").write_text(
        config_text(mosquitto.port, '  - {topic: "seen/{plant}/{line}", format: copq}')
    )
    token = copq("tokens", "create", "press-7", "--plant", "north", "--database", database)
    assert "copq_" in token
    ingest = Service(
        tmp_path, "ingest", "ingest", "--kafka", kafka.bootstrap, "--database", database,
        "--port", str(port), "--metrics-port", str(metrics), "--mqtt", str(tmp_path / "mqtt.yaml"),
        "--mqtt-state", str(tmp_path / "state"),
    ).start()  # fmt: skip
    try:
        for path in ("healthz", "readyz"):
            until(answers(f"http://127.0.0.1:{metrics}/{path}"), f"it answers {path}")
        with prometheus(tmp_path / "prometheus", {"copq-ingest": f"127.0.0.1:{metrics}"}) as server:
            sees(server, "copq_mqtt_connected", "1")
            publish(mosquitto.port, "seen/north/L1", SCRAP)
            refused = httpx.post(f"http://127.0.0.1:{port}/v1/events", content=SCRAP, verify=False)
            assert refused.status_code == 401
            sees(server, 'sum(copq_mqtt_events_total{status="accepted"})', "1")
            sees(server, 'sum(copq_door_turned_away_total{why="none"})', "1")
            sees(server, 'up{job="copq-ingest"}', "1")
            sees(server, "count(copq_door_tokens_read_timestamp_seconds > 0)", "1")
    finally:
        print(ingest.tail())
        ingest.kill()
