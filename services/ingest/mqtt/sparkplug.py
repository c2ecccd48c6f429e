"""Sparkplug B: births say which metrics there are, data say how they change.

A node's messages are numbered. A gap, or data before a birth, makes it be asked for a rebirth:
the birth has the current value of each counter, so nothing that was counted is lost.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.fields import EARLIEST, LATEST
from services.ingest.files.event_id import event_id
from services.ingest.mqtt import metrics
from services.ingest.mqtt.config import Counter, Device, SparkplugSubscription
from services.ingest.mqtt.memory import Memory
from services.ingest.mqtt.message import IGNORED, NOTED, Command, Message, Read, refused
from services.ingest.mqtt.sparkplug_counter import step
from services.ingest.mqtt.sparkplug_payload import Metric, Payload, Value, decode, rebirth
from services.ingest.mqtt.timeline import State, Timeline, utc

ASK_AGAIN_S = 10
"""A node that is asked for a rebirth gets so long before it is asked again."""

_SEQS = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NODE = ("NBIRTH", "NDATA", "NDEATH")
_DEVICE = ("DBIRTH", "DDATA", "DDEATH")


class SparkplugReader:
    """Reads messages of one subscription."""

    def __init__(
        self, subscription: SparkplugSubscription, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._devices = {device.name: device for device in subscription.devices}
        self._nodes = {f"{device.group}/{device.node}" for device in subscription.devices}
        self._asked: dict[str, float] = {}
        self._clock = clock

    def read(self, message: Message, memory: Memory) -> Read:
        """Raises `Refused`."""
        place = _Place.of(message.topic)
        if place is None or place.node not in self._nodes or message.retained:
            return Read(outcome=IGNORED)
        read, node = Read(outcome=NOTED), _Entity(memory, place.node)
        payload = decode(message.payload)
        handle: Any = getattr(self, f"_{place.kind.lower()}")
        handle(place, node, payload, memory, read)
        node.keep()
        if read.events:
            read.outcome = "events"
        return read

    def _nbirth(
        self, place: "_Place", node: "_Entity", payload: Payload, memory: Memory, read: Read
    ) -> None:
        self._asked.pop(place.node, None)
        node.facts |= {"birth": node.facts.get("birth", 0) + 1, "seq": payload.seq}
        node.facts["bd"] = _death_number(payload)
        node.is_born(payload, node.facts["birth"])
        self._values(place.node, node, payload, memory, read)

    def _ndata(
        self, place: "_Place", node: "_Entity", payload: Payload, memory: Memory, read: Read
    ) -> None:
        self._follow(place, node, payload, read)
        if self._lives(node, node, place, read):
            self._values(place.node, node, payload, memory, read)

    def _ndeath(
        self, place: "_Place", node: "_Entity", payload: Payload, memory: Memory, read: Read
    ) -> None:
        """A death that belongs to an earlier birth comes late, and is none."""
        if _death_number(payload) in (None, node.facts.get("bd")):
            node.facts["birth"] = node.facts.get("birth", 0) + 1

    def _dbirth(
        self, place: "_Place", node: "_Entity", payload: Payload, memory: Memory, read: Read
    ) -> None:
        self._follow(place, node, payload, read)
        if not self._lives(node, node, place, read):
            return
        device = _Entity(memory, place.device)
        device.is_born(payload, node.facts.get("birth", 0))
        device.keep()
        self._values(place.device, device, payload, memory, read)

    def _ddata(
        self, place: "_Place", node: "_Entity", payload: Payload, memory: Memory, read: Read
    ) -> None:
        self._follow(place, node, payload, read)
        device = _Entity(memory, place.device)
        if self._lives(device, node, place, read):
            self._values(place.device, device, payload, memory, read)

    def _ddeath(
        self, place: "_Place", node: "_Entity", payload: Payload, memory: Memory, read: Read
    ) -> None:
        self._follow(place, node, payload, read)
        device = _Entity(memory, place.device)
        device.facts["of"] = None
        device.keep()

    def _follow(self, place: "_Place", node: "_Entity", payload: Payload, read: Read) -> None:
        """A node's messages are numbered from 0 to 255, and then again."""
        last, seq = node.facts.get("seq"), payload.seq
        if last is not None and seq is not None and seq != (last + 1) % _SEQS:
            self._ask(place, f"message {seq} follows {last}", read)
        node.facts["seq"] = seq

    def _lives(self, entity: "_Entity", node: "_Entity", place: "_Place", read: Read) -> bool:
        """Whether the births that say what its metrics are have been seen."""
        birth = node.facts.get("birth")
        if birth is not None and node.facts.get("of") == birth == entity.facts.get("of"):
            return True
        if place.device in self._devices or place.node in self._devices:
            self._ask(place, f"{place.device} sends data before its birth", read)
        read.outcome = IGNORED
        return False

    def _ask(self, place: "_Place", why: str, read: Read) -> None:
        now = self._clock()
        if now - self._asked.get(place.node, -ASK_AGAIN_S) < ASK_AGAIN_S:
            return
        self._asked[place.node] = now
        metrics.REBIRTHS.inc()
        group, _, node = place.node.partition("/")
        read.commands.append(Command(f"{place.namespace}/{group}/NCMD/{node}", rebirth()))
        read.remarks.append(f"{place.node} is asked for a rebirth: {why}")

    def _values(
        self, name: str, entity: "_Entity", payload: Payload, memory: Memory, read: Read
    ) -> None:
        device = self._devices.get(name)
        if device is None:
            return
        values = _Values(device, entity, payload, memory, read)
        if device.product_metric is not None:
            values.product(device.product_metric)
        for counter in device.counters:
            values.count(counter)
        values.state()


class _Place:
    """A topic of Sparkplug, taken apart."""

    def __init__(self, namespace: str, group: str, kind: str, node: str, device: str) -> None:
        self.namespace, self.kind = namespace, kind
        self.node = f"{group}/{node}"
        self.device = f"{self.node}/{device}" if device else self.node

    @classmethod
    def of(cls, topic: str) -> "_Place | None":
        """None where it is about no birth, data or death."""
        namespace, group, kind, node, device, *more = [*topic.split("/"), *[""] * 5]
        known = kind in _DEVICE if device else kind in _NODE
        return cls(namespace, group, kind, node, device) if known and not any(more) else None


class _Entity:
    """A node or device: of which birth it is, and what its metrics' aliases and types are."""

    def __init__(self, memory: Memory, name: str) -> None:
        self._memory, self._key = memory, f"sparkplug/{name}"
        self.facts: dict[str, Any] = memory.get(self._key) or {}

    def is_born(self, payload: Payload, birth: int) -> None:
        named = [metric for metric in payload.metrics if metric.name]
        self.facts["of"] = birth
        self.facts["aliases"] = {str(m.alias): m.name for m in named if m.alias is not None}
        self.facts["types"] = {m.name: m.datatype for m in named if m.datatype is not None}

    def keep(self) -> None:
        self._memory.put(self._key, self.facts)

    def named(self, metric: Metric) -> str | None:
        return metric.name or self.facts.get("aliases", {}).get(str(metric.alias))

    def value(self, name: str, metric: Metric) -> Value | None:
        return metric.value(self.facts.get("types", {}).get(name))


class _Values:
    """The values of one message of a device, in the order of their times."""

    def __init__(
        self, device: Device, entity: _Entity, payload: Payload, memory: Memory, read: Read
    ) -> None:
        self._device, self._memory, self._read = device, memory, read
        self._found: dict[str, list[tuple[str, Value]]] = {}
        wanted = _wanted(device)
        for metric in payload.metrics:
            name = entity.named(metric)
            if name is None or name not in wanted:
                continue
            if (value := entity.value(name, metric)) is not None:
                at = _instant(name, metric.timestamp_ms or payload.timestamp_ms)
                self._found.setdefault(name, []).append((at, value))
        for values in self._found.values():
            values.sort(key=lambda found: found[0])

    def product(self, metric: str) -> None:
        for _, value in self._found.get(metric, []):
            self._memory.put(f"sparkplug-product/{self._device.name}", _text(value))

    def count(self, counter: Counter) -> None:
        for at, value in self._found.get(counter.metric, []):
            if not isinstance(value, Decimal) or value < 0 or not value.is_finite():
                why = f'{counter.metric} is "{_text(value)[:64]}", which counts nothing'
                raise refused("invalid_value", counter.metric, why)
            name = f"{self._device.name}/{counter.metric}"
            made = step(self._memory, name, value, at, counter.rolls_over_at)
            if made.remark:
                self._read.remarks.append(made.remark)
            if made.increase:
                key = [name, at, str(made.since), str(value)]
                self._report(counter, at, _text(round(made.increase, 6)), key)

    def _report(self, counter: Counter, at: str, quantity: str, key: list[str]) -> None:
        said = {**self._common(at), "quantity": quantity}
        if counter.counts == "rejects":
            kind = counter.event_type or "scrap"
            why = {"stage": counter.stage, "defect_code": counter.defect_code}
            self._add(kind, key, {**said, **why})
        if counter.counts != "rejects" or counter.also_processed:
            good = {"processed": None, "good": quantity, "rejects": "0"}[counter.counts]
            self._add("production", key, {**said, "good": good})

    def _add(self, kind: str, key: list[str], facts: dict[str, Any]) -> None:
        made = event_id("mqtt", kind, 0, key)
        self._read.add({"event_id": made, "event_type": kind, **facts})

    def _common(self, at: str) -> dict[str, Any]:
        device = self._device
        product = device.product or self._memory.get(f"sparkplug-product/{device.name}")
        if product is None:
            why = f"{device.product_metric} has told no product yet, so nothing can be counted"
            raise refused("missing_field", str(device.product_metric), why)
        return {"occurred_at": at, **_where(device), "product": product}

    def state(self) -> None:
        stops = self._device.stops
        if stops is None:
            return
        for at, value in self._found.get(stops.metric, []):
            text = _text(value)
            kind = "planned" if text in stops.planned else "stop" if text in stops.stopped else None
            if kind is None and stops.running and text not in stops.running:
                why = f'"{text[:64]}" is none of the values that the configuration lists'
                raise refused("unknown_state", stops.metric, why)
            code = stops.codes.get(text, "") if kind else ""
            timeline = Timeline(self._memory, self._device.name, _where(self._device))
            timeline.add(State(at, kind, code), self._read)


def _where(device: Device) -> dict[str, Any]:
    return {"plant": device.plant, "line": device.line, "work_unit": device.work_unit}


def _wanted(device: Device) -> set[str]:
    names = {counter.metric for counter in device.counters}
    if device.stops is not None:
        names.add(device.stops.metric)
    if device.product_metric is not None:
        names.add(device.product_metric)
    return names


def _instant(name: str, ms: int | None) -> str:
    if ms is None:
        raise refused("missing_field", "timestamp", f"neither {name} nor its message has a time")
    try:
        at = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        at = LATEST
    if not EARLIEST <= at < LATEST:
        raise refused("invalid_value", "timestamp", f"the time of {name} is {ms} ms since 1970")
    return utc(at)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _death_number(payload: Payload) -> int | None:
    found = [m.raw for m in payload.metrics if m.name == "bdSeq"]
    return int(found[0]) if found and isinstance(found[0], int) else None
