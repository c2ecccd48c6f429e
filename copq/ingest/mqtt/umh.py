"""The United Manufacturing Hub's `_analytics` messages as events.

`product/add` is production, and rejects where it has bad ones; `product/setBadQuantity` replaces
the rejects of a record, by corrections; states are stops until the next state; work orders
and shifts are remembered, and named by the events that lie within them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from copq.access.sender import ANYONE
from copq.ingest.check import check
from copq.ingest.files.event_id import event_id
from copq.ingest.mqtt.config import UmhSubscription
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.message import IGNORED, NOTED, Message, Read, refused
from copq.ingest.mqtt.timeline import State, Timeline, utc
from copq.ingest.mqtt.topic import FIELDS
from copq.ingest.mqtt.umh_payload import Payload
from copq.ingest.mqtt.umh_states import UmhStates

CONTRACT = "/_analytics/"
REMEMBERED = 50
"""Work orders and shifts of a machine that are remembered."""


class UmhReader:
    """Reads messages of one subscription; its state is stored under the machine's topic."""

    def __init__(self, subscription: UmhSubscription) -> None:
        self._constants = subscription.constants
        self._rejects = subscription.rejects
        self._states = UmhStates(subscription.states)
        self._verbs = {
            "workorder/create": self._order, "workorder/start": self._order,
            "workorder/stop": self._order, "producttype/create": self._check_product,
            "product/add": self._add, "product/setbadquantity": self._set_bad,
            "state/add": self._state, "state/overwrite": self._overwrite,
            "shift/add": self._shift, "shift/delete": self._no_shift,
        }  # fmt: skip

    def read(self, message: Message, memory: Memory) -> Read:
        """Raises `Refused`."""
        asset, contract, verb = message.topic.partition(CONTRACT)
        if not contract or message.retained:
            return Read(outcome=IGNORED)
        found = self._verbs.get(verb.lower().replace("-", "").replace("_", ""))
        if found is None:
            known = "work-order, product-type, product, shift and state"
            raise refused("unknown_message", "", f'"{verb[:64]}" is none of {known} messages')
        machine = _Machine(asset, self._place(message), memory)
        read = Read()
        found(machine, Payload(message.payload, message.now), read)
        for raw in read.events:
            check(raw, message.now, ANYONE)
        if not read.events:
            read.outcome = NOTED
        return read

    def _place(self, message: Message) -> dict[str, Any]:
        fields = {n: v for n, v in message.fields.items() if n in FIELDS}
        return {**self._constants, **fields}

    def _check_product(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        payload.text("product")

    def _order(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        """Add the times of a work order to the known ones."""
        order = payload.text("order")
        known = machine.orders.pop(order, {})
        for name in ("start_time", "end_time"):
            if (at := payload.time_or_none(name)) is not None:
                known[name] = utc(at)
        machine.orders[order] = known
        machine.keep("orders", machine.orders)

    def _shift(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        start, end = payload.time("start_time"), payload.time("end_time")
        if end <= start:
            raise refused("inconsistent", "end_time", "end_time is not after start_time")
        machine.shifts[utc(start)] = utc(end)
        machine.keep("shifts", machine.shifts)

    def _no_shift(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        machine.shifts.pop(utc(payload.time("start_time")), None)
        machine.keep("shifts", machine.shifts)

    def _state(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        since = payload.past("start_time")
        machine.timeline(since).add(self._machine_state(payload, since), read)

    def _overwrite(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        since, until = payload.past("start_time"), payload.past("end_time")
        machine.timeline(since).overwrite(self._machine_state(payload, since), utc(until), read)

    def _machine_state(self, payload: Payload, since: datetime) -> State:
        return State(utc(since), *self._states.stop_of(payload.state()))

    def _add(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        end, product = payload.past("end_time"), payload.text("product")
        quantity, bad = payload.quantity("quantity"), payload.rejects(required=False)
        said = {"quantity": str(quantity), "bad": str(bad), "lot": payload.text_or_none("lot")}
        record = machine.record(product, end)
        if record.get("said") not in (None, said):
            why = "this product and end_time were reported before, with other quantities; "
            raise refused("contradiction", "quantity", why + "send product/setBadQuantity")
        # A quantity that was set since, or before this message arrived, is newer.
        bad = Decimal(record.get("bad", bad))
        _fits(bad, quantity)
        record |= {"said": said, **machine.context(end), "lot": said["lot"]}
        record["quantity"] = str(quantity)
        self._book(machine, product, end, record, bad, read)

    def _set_bad(self, machine: "_Machine", payload: Payload, read: Read) -> None:
        end, product = payload.past("end_time"), payload.text("product")
        bad = payload.rejects(required=True)
        record = machine.record(product, end)
        if "quantity" in record:
            _fits(bad, Decimal(record["quantity"]))
        else:
            record = {**machine.context(end), **record}
        self._book(machine, product, end, record, bad, read)

    def _book(
        self,
        machine: "_Machine",
        product: str,
        end: datetime,
        record: dict[str, Any],
        bad: Decimal,
        read: Read,
    ) -> None:
        """Report the current state of the record."""
        booking = _Booking(machine, product, end, record, read)
        if "quantity" in record:
            quantity = Decimal(record["quantity"])
            facts = {"quantity": str(quantity), "good": str(quantity - bad)}
            booking.report("production", {"event_type": "production", **facts})
        kind = {"event_type": self._rejects.event_type, "stage": self._rejects.stage}
        booking.report("rejects", {**kind, "quantity": str(bad)} if bad else None)
        record["bad"] = str(bad)
        machine.keep_record(product, end, record)


class _Machine:
    """One machine, and its stored state."""

    def __init__(self, name: str, place: dict[str, Any], memory: Memory) -> None:
        self.name, self.place, self._memory = name, place, memory
        self.orders: dict[str, dict[str, str]] = memory.get(f"orders/{name}") or {}
        self.shifts: dict[str, str] = memory.get(f"shifts/{name}") or {}

    def keep(self, what: str, values: dict[str, Any]) -> None:
        last = dict(list(values.items())[-REMEMBERED:])
        self._memory.put(f"{what}/{self.name}", last)

    def context(self, at: datetime) -> dict[str, Any]:
        """The order and the shift at that time, if known."""
        when = utc(at)
        order = [o for o, t in self.orders.items() if _spans(t, when)]
        shift = [start for start, end in self.shifts.items() if start <= when <= end]
        return {
            "order": order[-1] if order else None,
            "shift": f"{shift[-1][:16]}Z" if shift else None,
        }

    def timeline(self, at: datetime) -> Timeline:
        return Timeline(self._memory, self.name, {**self.place, **self.context(at)})

    def record(self, product: str, end: datetime) -> dict[str, Any]:
        return self._memory.get(self._key(product, end)) or {}

    def keep_record(self, product: str, end: datetime, record: dict[str, Any]) -> None:
        self._memory.put(self._key(product, end), record)

    def _key(self, product: str, end: datetime) -> str:
        return f"product/{self.name}/{utc(end)}/{product}"


class _Booking:
    """The events of one product record; changes are reported as corrections."""

    def __init__(
        self, machine: _Machine, product: str, end: datetime, record: dict[str, Any], read: Read
    ) -> None:
        self._machine, self._record, self._read = machine, record, read
        self._key = [machine.name, utc(end), product]
        context = {name: record.get(name) for name in ("order", "shift", "lot")}
        self._common = {
            "occurred_at": utc(end), **machine.place, "product": product, **context,
        }  # fmt: skip

    def report(self, part: str, wanted: dict[str, Any] | None) -> None:
        """Report `wanted` as this part of the record, in place of the earlier report."""
        booked = self._record.get(part, {"version": 0, "facts": None})
        if booked["facts"] == wanted and wanted is not None:
            self._again(part, booked)
        elif booked["facts"] != wanted:
            version = booked["version"] + 1
            made = event_id("umh", part, version, self._key)
            self._change(booked, wanted, made, version)
            self._record[part] = {"version": version, "facts": wanted, "event_id": made}

    def _change(
        self, booked: dict[str, Any], wanted: dict[str, Any] | None, made: str, version: int
    ) -> None:
        fresh = None if wanted is None else self._event(wanted, made)
        if booked["facts"] is None:
            assert fresh is not None
            self._read.add(fresh)
            return
        place = {n: v for n, v in self._common.items() if n in ("occurred_at", "plant", "line")}
        self._read.add({
            "event_id": event_id("umh", "correction", version, [*self._key, booked["event_id"]]),
            "event_type": "correction", **place, "corrects": booked["event_id"],
            "reason": "bad quantity set again",
            "replacement": fresh,
        })  # fmt: skip

    def _again(self, part: str, booked: dict[str, Any]) -> None:
        """Report an unchanged part again: the ledger knows its id."""
        if booked["version"] == 1:
            self._read.add(self._event(booked["facts"], booked["event_id"]))

    def _event(self, facts: dict[str, Any], made: str) -> dict[str, Any]:
        event = {"event_id": made, **facts, **self._common}
        return {name: value for name, value in event.items() if value is not None}


def _fits(bad: Decimal, quantity: Decimal) -> None:
    if bad > quantity:
        why = f"bad_quantity {bad} is more than the quantity {quantity} of the record"
        raise refused("inconsistent", "bad_quantity", why)


def _spans(times: dict[str, str], when: str) -> bool:
    start = times.get("start_time")
    return start is not None and start <= when <= times.get("end_time", when)
