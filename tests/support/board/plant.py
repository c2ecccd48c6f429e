"""A plant that the board looks at: its service, and events sent over HTTP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.support.faults.processes import Service, copq, until
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

RATES = """
time_zone: UTC
plants:
  - {{plant: north, time_zone: UTC, day_start: "00:00", currency: EUR, lines: {lines}}}
  - plant: south
    time_zone: America/New_York
    day_start: "00:00"
    currency: EUR
    lines: [S1, S2, S3, S4, S5, S6, S7, S8]
cost_tables:
  - product: widget
    effective_from: 2020-01-01
    currency: EUR
    recovery_rate: 0.60
    stages:
      - {{stage: S1, raw_material: 5.06}}
      - {{stage: S2, raw_material: 5.55, labour_overhead: 1.34, fixed_overhead: 2.50}}
line_rates:
{rates}
  - {{plant: south, line: S1, effective_from: 2020-01-01, rate_per_minute: 4}}
"""


@dataclass
class Plant:
    """`copq up` on a database of the test's own."""

    database: str
    folder: Path
    service: Service
    url: str

    @classmethod
    def on(cls, database: str, folder: Path) -> "Plant":
        [port] = free_ports(1)
        service = Service(folder, "up", "up", "--database", database, "--port", str(port))
        return cls(database, folder, service, f"http://127.0.0.1:{port}")

    async def start(self) -> None:
        self.service.start()
        await until(self._answers, "the service answers")

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(verify=False, trust_env=False, timeout=60) as client:
                return (await client.get(f"{self.url}/healthz")).is_success
        except httpx.TransportError:
            return False

    def import_rates(self, lines: Sequence[str] = ("L1", "L2")) -> None:
        """A minute costs two euros, on every other line three."""
        rates = "\n".join(
            f"  - {{plant: north, line: {line}, effective_from: 2020-01-01, "
            f"rate_per_minute: {2 + number % 2}}}"
            for number, line in enumerate(lines)
        )
        file = self.folder / "rates.yaml"
        file.write_text(RATES.format(lines=json.dumps(lines), rates=rates))
        copq("rates", "import", str(file), "--database", self.database)

    def group(self, product: str, group: str) -> None:
        """Put a product of the plant into a product group."""
        file = self.folder / "groups.csv"
        file.write_text(f"plant,grouping,product,group\nnorth,family,{product},{group}\n")
        copq("groups", "import", str(file), "--database", self.database)

    def set_target(self, ratio: str, plant: str = "north", *more: str) -> None:
        copq("targets", "set", ratio, "--plant", plant, *more, "--database", self.database)

    async def send(self, *events: dict[str, Any]) -> None:
        body = "\n".join(map(json.dumps, events))
        kind = {"content-type": "application/x-ndjson"}
        async with httpx.AsyncClient(verify=False, trust_env=False, timeout=PATIENCE_S) as client:
            answer = await client.post(f"{self.url}/v1/events", content=body, headers=kind)
        assert answer.status_code == 202, answer.text

    async def work(self, hours: int = 8) -> None:
        """Some hours of two lines, one of which stands still now."""
        events = []
        for minutes in range(1, hours * 60, 10):
            for line in ("L1", "L2"):
                events.append(made(f"p{line}{minutes}", minutes, line=line))
                events.append(reject(f"d{line}{minutes}", minutes, 1 + minutes % 4, line=line))
        await self.send(*events, stop("s1", 7))


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def made(event_id: str, minutes: float, quantity: int = 80, line: str = "L1") -> dict[str, Any]:
    return _event("production", event_id, line, occurred_at=ago(minutes), quantity=quantity)


def reject(event_id: str, minutes: float, quantity: int, line: str = "L1") -> dict[str, Any]:
    return _event(
        "defect", event_id, line, occurred_at=ago(minutes), quantity=quantity, stage="S2",
        defect_code="burr",
    )  # fmt: skip


def stop(
    event_id: str, minutes: float, line: str = "L2", until: float | None = None
) -> dict[str, Any]:
    """Open, unless it lasted until so many minutes ago."""
    ended = {} if until is None else {"ended_at": ago(until)}
    return _event(
        "downtime", event_id, line, started_at=ago(minutes), work_unit="packer-1",
        defect_code="jam", **ended,
    )  # fmt: skip


def _event(kind: str, event_id: str, line: str, **facts: Any) -> dict[str, Any]:
    plant = "south" if line.startswith("S") else "north"
    said = {"event_id": event_id, "event_type": kind, "plant": plant, "line": line}
    return {**said, "product": "widget", **facts}
