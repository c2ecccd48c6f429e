"""From an event to a message on somebody's phone, and to the one that all is well again.

The service, Prometheus and Alertmanager are the real ones. The rules are those that are shipped;
what they wait for is cut to seconds.
"""

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.alerts.rules import RULES
from tests.support.alerts.servers import alertmanager, answers, prometheus, until, webhook
from tests.support.faults.processes import Service, copq
from tests.support.kafka.settings import free_ports

pytestmark = pytest.mark.prometheus

RATES = """
time_zone: UTC
plants: [{plant: north, time_zone: UTC, day_start: "00:00", currency: EUR, lines: [L1]}]
cost_tables:
  - product: cola
    effective_from: 2020-01-01
    currency: EUR
    stages: [{stage: filled, raw_material: 1}]
line_rates: [{plant: north, line: L1, effective_from: 2020-01-01, rate_per_minute: 1}]
"""
NAME = "CopqAboveTarget"


def quickened(folder: Path) -> list[Path]:
    """The shipped rules with every `for` of a second or two, evaluated every second."""
    found = []
    for path in RULES:
        text = re.sub(r"\bfor: \d+m\b", "for: 3s", path.read_text())
        text = re.sub(r"\binterval: \d+s\b", "interval: 1s", text)
        found.append(folder / path.name)
        found[-1].write_text(text)
    return found


class Timeline:
    """What was seen when, in seconds since the event was published."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.lines: list[str] = []

    def saw(self, what: str) -> None:
        self.lines.append(f"{time.monotonic() - self._began:5.1f} s  {what}")


def event(url: str, number: str, kind: str, quantity: int, **more: Any) -> None:
    body = {
        "event_id": number, "event_type": kind, "occurred_at": datetime.now(UTC).isoformat(),
        "plant": "north", "line": "L1", "product": "cola", "quantity": quantity, **more,
    }  # fmt: skip
    assert httpx.post(f"{url}/v1/events", content=json.dumps(body), headers={
        "content-type": "application/json"
    }, verify=False).status_code == 202  # fmt: skip


def test_an_alert_is_pending_fires_is_delivered_and_resolves(tmp_path: Path) -> None:
    [port] = free_ports(1)
    url, data = f"http://127.0.0.1:{port}", str(tmp_path / "data")
    (tmp_path / "rates.yaml").write_text(RATES)
    service = Service(tmp_path, "up", "up", "--port", str(port), "--data", data).start()
    try:
        until(answers(f"{url}/healthz"), "copq up answers")
        copq("rates", "import", str(tmp_path / "rates.yaml"), "--data", data)
        copq("targets", "set", "3%", "--plant", "north", "--line", "L1",
             "--from", "2020-01-01", "--data", data)  # fmt: skip
        with (
            webhook() as (hook, heard),
            alertmanager(tmp_path / "am", hook) as manager,
            prometheus(
                tmp_path / "prom", {"copq": f"127.0.0.1:{port}"}, quickened(tmp_path), manager
            ) as server,
        ):
            timeline = _watched(url, server, heard)
    finally:
        service.tell()  # a killed one would leave its Postgres to the machine
        asyncio.run(service.exit_code())
    print("\n".join(["", *timeline.lines]))


def _watched(url: str, server: Any, heard: list[Any]) -> Timeline:
    event(url, "p1", "production", 1000)
    until(lambda: server.query('copq_ratio{scope="line",window="1h"}'), "COPQ is scraped")
    timeline = Timeline()
    event(url, "d1", "defect", 68, stage="filled")
    timeline.saw("a defect is published: 68 of 1000, against a target of 3 %")
    until(lambda: server.query('copq_ratio{scope="line",window="1h"} > 0.03'), "it is seen")
    timeline.saw("Prometheus has scraped COPQ of 6.8 %")
    until(lambda: server.alerts().get(NAME, {}).get("state") == "pending", "it is pending")
    timeline.saw("pending")
    until(lambda: server.alerts().get(NAME, {}).get("state") == "firing", "it fires")
    timeline.saw("firing")
    told = until(lambda: _heard(heard, "firing"), "the webhook is told")
    summary = told["annotations"]["summary"]
    said = "north, line L1, last hour: COPQ 6.8 % (target 3.0 %), 68 EUR; mostly rejects at filled"
    assert re.fullmatch(rf"{re.escape(said)} since \d\d:\d\d \(UTC\)", summary)
    timeline.saw(f"delivered: {summary}")
    event(url, "p2", "production", 9000)
    timeline.saw("production goes on: COPQ is 0.7 %")
    until(lambda: NAME not in server.alerts(), "it does not fire any more")
    timeline.saw("no longer firing")
    until(lambda: _heard(heard, "resolved"), "the webhook is told that it is resolved")
    timeline.saw("resolved")
    return timeline


def _heard(heard: list[Any], status: str) -> Any:
    of = (a for a in heard if a["labels"]["alertname"] == NAME and a["status"] == status)
    return next(of, None)
