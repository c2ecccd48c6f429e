"""A Sparkplug device that speaks to a translator with an empty memory."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from copq.ingest.mqtt.config_file import parse_config
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.sparkplug_payload import _Payload
from copq.ingest.mqtt.translate import Translated, Translator

BEGAN = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
NOW = datetime(2026, 3, 3, tzinfo=UTC)
INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE = range(1, 11)
STRING = 12

CONFIG = """
broker: mqtt://localhost
client_id: c
subscriptions:
  - topic: spBv1.0/g/#
    format: sparkplug
    devices:
      - {group: g, node: n, device: d, plant: halle, line: L1, product_metric: Part,
         counters: [{metric: Total, counts: processed}, {metric: Bad, counts: rejects}],
         stops: {metric: State, stopped: ["2"], running: ["1"]}}
"""


@dataclass(frozen=True, slots=True)
class M:
    """A metric's value, `at` so many minutes after the beginning."""

    name: str
    value: Any
    at: float | None = None
    type: int | None = None
    historical: bool = False


@dataclass
class SparkplugDevice:
    """Counts what its messages are translated to."""

    config: str = CONFIG
    heard: list[Translated] = field(default_factory=list)
    seq: int = -1
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.translator = Translator(parse_config(self.config), self.memory, lambda: NOW)

    def born(self, at: float, *metrics: M) -> Translated:
        self.seq = -1
        self._send("NBIRTH/n", at, ())
        return self._send("DBIRTH/n/d", at, metrics)

    def says(self, at: float, *metrics: M) -> Translated:
        return self._send("DDATA/n/d", at, metrics)

    def counts(self, name: str, *readings: tuple[float, Any]) -> None:
        for at, value in readings:
            self.says(at, M(name, value))

    def _send(self, where: str, at: float, metrics: tuple[M, ...]) -> Translated:
        self.seq += 1
        payload = _Payload(timestamp=_ms(at), seq=self.seq % 256)
        for metric in metrics:
            _add(payload, metric)
        found = self.translator.translate(f"spBv1.0/g/{where}", payload.SerializeToString())
        self.heard.append(found)
        return found

    def events(self) -> list[dict[str, Any]]:
        """Those that stand in the end: without what corrections void."""
        standing: dict[str, dict[str, Any]] = {}
        for raw in (raw for found in self.heard for raw in found.read.events):
            event = json.loads(raw)
            if event["event_type"] == "correction":
                del standing[event["corrects"]]
            else:
                assert event["event_id"] not in standing
                standing[event["event_id"]] = event
        return list(standing.values())

    def total(self, kind: str = "production", product: str | None = None) -> Decimal:
        wanted = [e for e in self.events() if e["event_type"] == kind]
        found = (Decimal(e["quantity"]) for e in wanted if product in (None, e["product"]))
        return sum(found, Decimal(0))

    def refused(self) -> list[str]:
        return [part.refusal.code for found in self.heard for part in found.refused]

    def uncounted(self) -> Iterator[str]:
        return (code for found in self.heard for code, _ in found.read.uncounted)


def _ms(at: float) -> int:
    return round((BEGAN.timestamp() + at * 60) * 1000)


def _add(payload: Any, metric: M) -> None:
    added = payload.metrics.add(name=metric.name)
    if metric.at is not None:
        added.timestamp = _ms(metric.at)
    if metric.type is not None:
        added.datatype = metric.type
    if metric.historical:
        added.is_historical = True
    if metric.value is None:
        added.is_null = True
    elif isinstance(metric.value, str):
        added.string_value = metric.value
    elif isinstance(metric.value, float):
        added.double_value = metric.value
    else:
        added.long_value = metric.value % 2**64


def born(total: Any = 1000, bad: Any = 10, type: int = UINT64, part: str = "a") -> SparkplugDevice:
    device = SparkplugDevice()
    counters = M("Total", total, type=type), M("Bad", bad, type=type)
    device.born(0, *counters, M("State", 1, type=INT32), M("Part", part, type=STRING))
    return device
