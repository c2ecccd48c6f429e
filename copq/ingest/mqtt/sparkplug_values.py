"""The values of one Sparkplug message: counters as quantities, states as stops.

Each value is judged by itself: one that is refused leaves the sound ones next to it alone.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from copq.access.sender import ANYONE
from copq.ingest.check import check
from copq.ingest.files.event_id import event_id
from copq.ingest.mqtt.config import Counter, Device
from copq.ingest.mqtt.counter import CountedIncrease, Reading, UncountedReading
from copq.ingest.mqtt.counter_rules import Rules
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.message import Read, refused
from copq.ingest.mqtt.products import Products
from copq.ingest.mqtt.sparkplug_counter import RememberedCounter, ReportedIncrease
from copq.ingest.mqtt.sparkplug_entity import Entity
from copq.ingest.mqtt.sparkplug_payload import Metric, Payload, Value
from copq.ingest.mqtt.timeline import State, Timeline, utc
from copq.pricing.clock_check import TOLERANCE
from copq.schemas.fields import DECIMAL_PLACES, EARLIEST, LATEST
from copq.schemas.refusal import Refused, printable_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = Decimal(10) ** 20
"""More than any counter of 64 bits."""


class _TimedValue(NamedTuple):
    """A value with its time; sorts by the time alone."""

    at: str
    name: str
    value: Value
    metric: Metric


class Values:
    """Reads the values of a device's messages into a memory and a `Read`."""

    def __init__(self, device: Device, memory: Memory, read: Read, now: datetime) -> None:
        self._device, self._memory, self._read, self._now = device, memory, read, now
        self._counters = {counter.metric: counter for counter in device.counters}
        self._products = Products(memory, device)
        self._wanted = _configured_metrics(device)
        self._returned = False

    def take(self, entity: Entity, payload: Payload, birth: bool) -> None:
        """Read all values in order of time; equal times in the order of the message."""
        values = [
            timed for m in payload.metrics for timed in self._configured_value(entity, payload, m)
        ]
        self._returned = self._one_returned(values, entity, birth)
        for timed in sorted(values, key=lambda timed: timed.at):
            with _Apart(self._memory, self._read, self._now):
                self._one(timed, entity, birth)

    def _configured_value(
        self, entity: Entity, payload: Payload, metric: Metric
    ) -> list[_TimedValue]:
        """The value of a metric, if the configuration needs it and it has one."""
        name = entity.metric_name(metric)
        if name is None or name not in self._wanted:
            return []
        with _Apart(self._memory, self._read, self._now):
            if (value := entity.value(name, metric)) is not None:
                ms = metric.timestamp_ms or payload.timestamp_ms
                return [_TimedValue(self._instant(name, ms), name, value, metric)]
        return []

    def _one(self, timed: _TimedValue, entity: Entity, birth: bool) -> None:
        if timed.name == self._device.product_metric:
            self._products.put(timed.at, text_of(timed.value))
        if (counter := self._counters.get(timed.name)) is not None:
            self._count(counter, timed, entity.datatype(timed.name, timed.metric), birth)
        if self._device.stops is not None and timed.name == self._device.stops.metric:
            self._state(timed)

    def _one_returned(self, values: list[_TimedValue], entity: Entity, birth: bool) -> bool:
        """Whether a counter shows that its last message was misread: then others were, too."""
        counting = [timed for timed in values if timed.name in self._counters]
        return len(counting) > 1 and any(self._is_back(timed, entity, birth) for timed in counting)

    def _is_back(self, timed: _TimedValue, entity: Entity, birth: bool) -> bool:
        counter = self._counters[timed.name]
        try:
            datatype = entity.datatype(timed.name, timed.metric)
            return self._counter_of(counter, datatype).is_back(_reading(counter, timed, birth))
        except Refused:
            return False  # it is refused where it is read

    def _count(
        self, counter: Counter, timed: _TimedValue, datatype: int | None, birth: bool
    ) -> None:
        reading = _reading(counter, timed, birth)
        remembered = self._counter_of(counter, datatype)
        if reading.value < 0 and not remembered.rules.is_signed:
            why = f"{counter.metric} is {reading.value}, which counts nothing"
            raise refused("invalid_value", counter.metric, why)
        remembered.read(reading, self._returned)

    def _counter_of(self, counter: Counter, datatype: int | None) -> RememberedCounter:
        rules = Rules(counter.most_per_minute, counter.rolls_over_at, datatype)
        book = _Book(self._device, counter, self._products, self._read)
        return RememberedCounter(self._memory, book.name, rules, book)

    def _state(self, timed: _TimedValue) -> None:
        stops, text = self._device.stops, text_of(timed.value)
        assert stops is not None
        kind = "planned" if text in stops.planned else "stop" if text in stops.stopped else None
        if kind is None and stops.running and text not in stops.running:
            why = f'"{text[:64]}" is none of the values that the configuration lists'
            raise refused("unknown_state", stops.metric, why)
        code = stops.codes.get(text, "") if kind else ""
        timeline = Timeline(self._memory, self._device.name, _where(self._device))
        timeline.add(State(timed.at, kind, code), self._read)

    def _instant(self, name: str, ms: int | None) -> str:
        if ms is None:
            why = f"neither {name} nor its message has a time"
            raise refused("missing_field", "timestamp", why)
        try:
            at = _EPOCH + timedelta(milliseconds=ms)
        except OverflowError:
            at = LATEST
        if not EARLIEST <= at < LATEST:
            raise refused("invalid_value", name, f"the time of {name} is {ms} ms since 1970")
        if at > self._now + TOLERANCE:
            why = f"the time of {name}, {at:%Y-%m-%dT%H:%M:%SZ}, is more than a day ahead"
            raise refused("in_the_future", name, f"{why}: set the device's clock")
        return utc(at)


class _Apart:
    """Shows refusals of its body; they change neither the memory nor the events."""

    def __init__(self, memory: Memory, read: Read, now: datetime) -> None:
        self._memory, self._read, self._now = memory, read, now

    def __enter__(self) -> None:
        self._before = self._memory.checkpoint(), len(self._read.events)

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        memory, events = self._before
        if error is None:
            try:
                for raw in self._read.events[events:]:
                    check(raw, self._now, ANYONE)
                return False
            except Refused as why:
                error = why
        if not isinstance(error, Refused):
            return False
        self._memory.back_to(memory)
        del self._read.events[events:]
        self._read.refuse(error.refusal)
        return True


class _Book:
    """Reports the increases of one counter as events."""

    def __init__(self, device: Device, counter: Counter, products: Products, read: Read) -> None:
        self._device, self._counter, self._products = device, counter, products
        self._read = read
        self.name = f"{device.name}/{counter.metric}"

    def product(self, at: str) -> str:
        return self._products.at(at)

    def book(self, counted: CountedIncrease, version: int) -> list[str]:
        counter, reading = self._counter, counted.reading
        key = [self.name, reading.at, str(counted.since.value), str(reading.value)]
        key += [f"again {version}"] if version else []
        quantity = text_of(counted.increase)
        facts = {
            "occurred_at": reading.at, **_where(self._device),
            "product": self.product(reading.at), "quantity": quantity,
        }  # fmt: skip
        ids = []
        if counter.counts == "rejects":
            why = {"stage": counter.stage, "defect_code": counter.defect_code}
            ids.append(self._add(counter.event_type or "scrap", key, {**facts, **why}))
        if counter.counts != "rejects" or counter.also_processed:
            good = {"processed": None, "good": quantity, "rejects": "0"}[counter.counts]
            ids.append(self._add("production", key, {**facts, "good": good}))
        return ids

    def _add(self, kind: str, key: list[str], facts: dict[str, Any]) -> str:
        made = event_id("mqtt", kind, 0, key)
        self._read.add({"event_id": made, "event_type": kind, **facts})
        return made

    def void(self, booked: ReportedIncrease, version: int) -> None:
        for reported in booked.ids:
            self._read.add({
                "event_id": event_id("mqtt", "correction", version, [reported]),
                "event_type": "correction", "occurred_at": booked.at, **_where(self._device),
                "corrects": reported, "reason": "history shows what the counter did meanwhile",
            })  # fmt: skip

    def leave(self, uncounted: UncountedReading) -> None:
        said = f"{self.name} {uncounted.message}"
        if uncounted.lost:
            metric = printable_name(self._counter.metric)
            self._read.refuse(refused(uncounted.code, metric, said).refusal)
        else:
            self._read.uncounted.append((uncounted.code, said))

    def remark(self, text: str) -> None:
        self._read.remarks.append(f"{self.name} {text}")


def _reading(counter: Counter, timed: _TimedValue, birth: bool) -> Reading:
    """The reading. Raises `Refused` if the value is not a number that a counter can have."""
    value, metric = timed.value, counter.metric
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) > _MOST:
        why = f'{metric} is "{text_of(value)[:64]}", which counts nothing'
        raise refused("invalid_value", metric, why)
    return Reading(timed.at, round(value, DECIMAL_PLACES), birth, timed.metric.historical)


def text_of(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _where(device: Device) -> dict[str, Any]:
    return {"plant": device.plant, "line": device.line, "work_unit": device.work_unit}


def _configured_metrics(device: Device) -> set[str]:
    names = {counter.metric for counter in device.counters}
    if device.stops is not None:
        names.add(device.stops.metric)
    if device.product_metric is not None:
        names.add(device.product_metric)
    return names
