"""The declarations of a Sparkplug node's or device's births: aliases and types of metrics."""

from collections import Counter
from typing import Any

from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.sparkplug_payload import Metric, Payload, Value


class Entity:
    """A node or device: its birth, and the aliases and types of its metrics."""

    def __init__(self, memory: Memory, name: str) -> None:
        self._memory, self._key = memory, f"sparkplug/{name}"
        self.facts: dict[str, Any] = memory.get(self._key) or {}

    def is_born(self, payload: Payload, birth: int) -> list[int]:
        """Read names and types. Returns aliases that several metrics share: they are ignored."""
        named = [metric for metric in payload.metrics if metric.name]
        aliased = {m.name: m.alias for m in named if m.alias is not None}
        several = [alias for alias, count in Counter(aliased.values()).items() if count > 1]
        self.facts["of"] = birth
        self.facts["aliases"] = {
            str(alias): name for name, alias in aliased.items() if alias not in several
        }
        self.facts["types"] = {m.name: m.datatype for m in named if m.datatype is not None}
        return several

    def keep(self) -> None:
        self._memory.put(self._key, self.facts)

    def metric_name(self, metric: Metric) -> str | None:
        return metric.name or self.facts.get("aliases", {}).get(str(metric.alias))

    def datatype(self, name: str, metric: Metric) -> int | None:
        """The type of a metric, which often only the birth declares."""
        return metric.datatype or self.facts.get("types", {}).get(name)

    def value(self, name: str, metric: Metric) -> Value | None:
        """The value; None if the metric has none. Raises `Refused` if its type cannot hold it."""
        return metric.value(self.datatype(name, metric), name)
