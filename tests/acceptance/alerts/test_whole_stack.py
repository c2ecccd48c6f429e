"""Every service as a process, the shipped rules, jobs and routes: an alert reaches the receiver.

A rule that is right for one job may be wrong once all the others are scraped with it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.acceptance.alerts.test_alert_end_to_end import RATES, event, quickened
from tests.support.alerts.rules import PROMETHEUS, ROOT
from tests.support.alerts.servers import alertmanager, answers, prometheus, until, webhook
from tests.support.faults.processes import Service, copq
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

pytestmark = [pytest.mark.prometheus, pytest.mark.kafka]

ROUTES = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())
JOBS = [
    job["job_name"]
    for job in yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
]


@contextmanager
def stack(kafka: str, database: str, folder: Path) -> Iterator[tuple[str, dict[str, Service]]]:
    """The address of ingest, and the services by job."""
    port, board = free_ports(2)
    reach = ("--kafka", kafka, "--database", database)
    ways = {
        "copq-ingest": ("ingest", *reach, "--port", str(port), "--no-auth"),
        "copq-costing": ("costing", *reach),
        "copq-aggregator": ("aggregator", *reach),
        "copq-reporting": ("reporting", "--database", database, "--port", str(board)),
    }
    services = {job: Service(folder, job, *words) for job, words in ways.items()}
    try:
        yield f"http://127.0.0.1:{port}", services
    finally:
        for service in services.values():
            print(service.tail())
            service.kill()


def test_a_cost_alert_is_delivered_beside_every_job_and_stale_figures_are_too(
    kafka: KafkaBroker, database: str, tmp_path: Path
) -> None:
    (tmp_path / "rates.yaml").write_text(RATES)
    copq("rates", "import", str(tmp_path / "rates.yaml"), "--database", database)
    copq("targets", "set", "3%", "--plant", "north", "--line", "L1",
         "--from", "2020-01-01", "--database", database)  # fmt: skip
    with stack(kafka.bootstrap, database, tmp_path) as (url, services):
        targets = _started(services)
        assert set(targets) == set(JOBS) - {"copq-mqtt"}
        with (
            webhook() as (hook, heard),
            alertmanager(tmp_path / "am", hook, ROUTES) as manager,
            prometheus(tmp_path / "prom", targets, quickened(tmp_path), manager) as server,
        ):
            until(lambda: len(server.query("up == 1")) == len(targets), "all are scraped")
            until(lambda: "CopqFiguresStale" not in server.alerts(), "figures are fresh")
            heard.clear()  # until its first scrape Prometheus knows no figures
            event(url, "p1", "production", 1000)
            event(url, "d1", "defect", 200, stage="filled")
            until(lambda: _told(heard, "CopqFarAboveTarget"), "the cost alert is delivered")
            assert not _told(heard, "CopqFiguresStale")
            exporting = server.query("copq_exporter_last_success_timestamp_seconds")
            assert {sample["metric"]["job"] for sample in exporting} == {"copq-reporting"}
            services["copq-reporting"].kill()
            until(lambda: _told(heard, "CopqFiguresStale"), "stale figures are delivered")


def _started(services: dict[str, Service]) -> dict[str, str]:
    """The metrics address of each, once it is ready."""
    targets = {}
    for job, service in services.items():
        [port] = free_ports(1)
        service.add("--metrics-port", str(port))
        service.start()
        targets[job] = f"127.0.0.1:{port}"
        until(answers(f"http://{targets[job]}/readyz"), f"{job} is ready")
    return targets


def _told(heard: list[Any], name: str) -> bool:
    return any(a["labels"]["alertname"] == name and a["status"] == "firing" for a in heard)


def test_stale_figures_silence_cost_alerts_alone_and_the_greater_alert_the_lesser(
    tmp_path: Path,
) -> None:
    with webhook() as (hook, _), alertmanager(tmp_path, hook, ROUTES) as manager:
        line = {"plant": "north", "line": "L1"}
        other = {"plant": "north", "line": "L2"}
        _send(manager, ("CopqFarAboveTarget", line), ("CopqAboveTarget", line),
              ("CopqAboveTarget", other), ("CopqUnpriced", line))  # fmt: skip
        assert _inhibited(manager, 4) == {("CopqAboveTarget", "L1")}
        _send(manager, ("CopqFiguresStale", {}))
        assert _inhibited(manager, 5) == {
            ("CopqAboveTarget", "L1"), ("CopqAboveTarget", "L2"), ("CopqFarAboveTarget", "L1"),
        }  # fmt: skip


def _send(manager: str, *alerts: tuple[str, dict[str, str]]) -> None:
    body = [
        {"labels": {"alertname": name, **labels}, "startsAt": datetime.now(UTC).isoformat()}
        for name, labels in alerts
    ]
    answer = httpx.post(f"http://{manager}/api/v2/alerts", content=json.dumps(body),
                        headers={"content-type": "application/json"})  # fmt: skip
    assert answer.status_code == 200, answer.text


def _inhibited(manager: str, number: int) -> set[tuple[str, str]]:
    """Name and line of the alerts that another one silences, once all have been routed."""

    def routed() -> list[Any]:
        alerts: list[Any] = httpx.get(f"http://{manager}/api/v2/alerts").json()
        settled = [a for a in alerts if a["status"]["state"] != "unprocessed"]
        return alerts if len(settled) == number else []

    until(lambda: routed(), f"{number} alerts are routed")
    return {
        (alert["labels"]["alertname"], alert["labels"].get("line", ""))
        for alert in routed()
        if alert["status"]["inhibitedBy"]
    }
