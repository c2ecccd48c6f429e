"""Sparkplug B: births say which metrics there are, data say how they change.

A node's messages are numbered. A gap, or data before a birth, makes it be asked for a rebirth:
the birth has the current value of each counter, so nothing that was counted is lost.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from copq.ingest.mqtt import metrics
from copq.ingest.mqtt.config import SparkplugSubscription
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.message import IGNORED, NOTED, Command, Message, Read
from copq.ingest.mqtt.sparkplug_entity import Entity
from copq.ingest.mqtt.sparkplug_payload import Payload, decode, rebirth
from copq.ingest.mqtt.sparkplug_values import Values

ASK_AGAIN_S = 10
"""The time between two requests for a node's rebirth."""

_SEQS = 256
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
        read, node = Read(outcome=NOTED), Entity(memory, place.node)
        heard = _NodeMessage(place, node, decode(message.payload), message.now, memory, read)
        handle: Any = getattr(self, f"_{place.kind.lower()}")
        handle(heard)
        node.keep()
        if read.events:
            read.outcome = "events"
        return read

    def _nbirth(self, heard: "_NodeMessage") -> None:
        node, payload = heard.node, heard.payload
        self._asked.pop(heard.place.node, None)
        node.facts |= {"birth": node.facts.get("birth", 0) + 1, "seq": payload.seq}
        node.facts["bd"] = _death_number(payload)
        self._bear(heard, heard.place.node, node)

    def _ndata(self, heard: "_NodeMessage") -> None:
        self._follow(heard)
        if self._lives(heard.node, heard):
            self._values(heard, heard.place.node, heard.node)

    def _ndeath(self, heard: "_NodeMessage") -> None:
        """End a node; a death of an earlier birth is late and does not count."""
        node = heard.node
        if _death_number(heard.payload) in (None, node.facts.get("bd")):
            node.facts["birth"] = node.facts.get("birth", 0) + 1

    def _dbirth(self, heard: "_NodeMessage") -> None:
        self._follow(heard)
        if self._lives(heard.node, heard):
            self._bear(heard, heard.place.device, Entity(heard.memory, heard.place.device))

    def _ddata(self, heard: "_NodeMessage") -> None:
        self._follow(heard)
        device = Entity(heard.memory, heard.place.device)
        if self._lives(device, heard):
            self._values(heard, heard.place.device, device)

    def _ddeath(self, heard: "_NodeMessage") -> None:
        self._follow(heard)
        device = Entity(heard.memory, heard.place.device)
        device.facts["of"] = None
        device.keep()

    def _bear(self, heard: "_NodeMessage", name: str, entity: Entity) -> None:
        """Read the declarations of a birth, then its values."""
        for alias in entity.is_born(heard.payload, heard.node.facts.get("birth", 0)):
            if name in self._devices:
                heard.read.remarks.append(f"{name}: alias {alias} is of several metrics: of none")
        entity.keep()
        self._values(heard, name, entity, birth=True)

    def _follow(self, heard: "_NodeMessage") -> None:
        """Check the sequence number, which goes from 0 to 255 and starts again."""
        node = heard.node
        last, seq = node.facts.get("seq"), heard.payload.seq
        if last is not None and seq is not None and seq != (last + 1) % _SEQS:
            self._ask(heard, f"message {seq} follows {last}")
        node.facts["seq"] = seq

    def _lives(self, entity: Entity, heard: "_NodeMessage") -> bool:
        """Whether the births that declare its metrics were seen."""
        node, place = heard.node, heard.place
        birth = node.facts.get("birth")
        if birth is not None and node.facts.get("of") == birth == entity.facts.get("of"):
            return True
        if place.device in self._devices or place.node in self._devices:
            self._ask(heard, f"{place.device} sends data before its birth")
        heard.read.outcome = IGNORED
        return False

    def _ask(self, heard: "_NodeMessage", why: str) -> None:
        now, place, read = self._clock(), heard.place, heard.read
        if now - self._asked.get(place.node, -ASK_AGAIN_S) < ASK_AGAIN_S:
            return
        self._asked[place.node] = now
        metrics.REBIRTHS.inc()
        group, _, node = place.node.partition("/")
        read.commands.append(Command(f"{place.namespace}/{group}/NCMD/{node}", rebirth()))
        read.remarks.append(f"{place.node} is asked for a rebirth: {why}")

    def _values(
        self, heard: "_NodeMessage", name: str, entity: Entity, birth: bool = False
    ) -> None:
        if (device := self._devices.get(name)) is not None:
            values = Values(device, heard.memory, heard.read, heard.now)
            values.take(entity, heard.payload, birth)


class _Place:
    """A topic of Sparkplug, taken apart."""

    def __init__(self, namespace: str, group: str, kind: str, node: str, device: str) -> None:
        self.namespace, self.kind = namespace, kind
        self.node = f"{group}/{node}"
        self.device = f"{self.node}/{device}" if device else self.node

    @classmethod
    def of(cls, topic: str) -> "_Place | None":
        """The place; None if the topic is not of a birth, data or death."""
        namespace, group, kind, node, device, *more = [*topic.split("/"), *[""] * 5]
        known = kind in _DEVICE if device else kind in _NODE
        return cls(namespace, group, kind, node, device) if known and not any(more) else None


def _death_number(payload: Payload) -> int | None:
    found = [m.raw for m in payload.metrics if m.name == "bdSeq"]
    return int(found[0]) if found and isinstance(found[0], int) else None


class _NodeMessage(NamedTuple):
    """A message of a node, and its result."""

    place: _Place
    node: Entity
    payload: Payload
    now: datetime
    memory: Memory
    read: Read
