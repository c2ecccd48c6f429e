"""From messages to events: which subscription a message is of, and what its reader makes of it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from schemas.refusal import Refusal, Refused
from services.ingest.mqtt.config import MqttConfig, Subscription
from services.ingest.mqtt.memory import Memory
from services.ingest.mqtt.message import IGNORED, Message, Read
from services.ingest.mqtt.plain import PlainReader
from services.ingest.mqtt.sparkplug import SparkplugReader
from services.ingest.mqtt.umh import UmhReader

log = logging.getLogger(__name__)


class Reader(Protocol):
    def read(self, message: Message, memory: Memory) -> Read: ...


@dataclass(frozen=True, slots=True)
class Translated:
    """A message's events, or why it has none."""

    format: str
    topic: str
    payload: bytes
    read: Read
    refusal: Refusal | None = None

    @property
    def outcome(self) -> str:
        return self.read.outcome if self.refusal is None else "refused"


class Translator:
    """The readers of a configuration. A message goes to the first subscription that fits."""

    def __init__(self, config: MqttConfig, memory: Memory) -> None:
        self._memory = memory
        self._readers = [(s.pattern, s.format, _reader(s)) for s in config.subscriptions]
        self._found: dict[str, tuple[str, Reader, dict[str, str]] | None] = {}

    def translate(self, topic: str, payload: bytes, retained: bool = False) -> Translated:
        """Never raises for what a message says. What is refused changes no memory."""
        found = self._reader_of(topic)
        if found is None:
            return Translated("none", topic, payload, Read(outcome=IGNORED))
        form, reader, fields = found
        before = self._memory.checkpoint()
        try:
            read = reader.read(Message(topic, payload, fields, retained), self._memory)
        except Refused as why:
            self._memory.back_to(before)
            return Translated(form, topic, payload, Read(), _placed(why.refusal, topic))
        except Exception as error:
            log.exception("a message of %s cannot be read", topic)
            self._memory.back_to(before)
            refusal = Refusal("unreadable", "", f"{type(error).__name__}: {error}"[:200])
            return Translated(form, topic, payload, Read(), _placed(refusal, topic))
        return Translated(form, topic, payload, read)

    def _reader_of(self, topic: str) -> tuple[str, Reader, dict[str, str]] | None:
        """Topics are few and messages many."""
        if topic not in self._found:
            if len(self._found) >= _TOPICS:
                self._found.clear()
            self._found[topic] = next(self._fitting(topic), None)
        return self._found[topic]

    def _fitting(self, topic: str) -> Iterator[tuple[str, Reader, dict[str, str]]]:
        for pattern, form, reader in self._readers:
            if (fields := pattern.match(topic)) is not None:
                yield form, reader, fields


_TOPICS = 10_000


def _reader(subscription: Subscription) -> Reader:
    if subscription.format == "copq":
        return PlainReader(subscription)
    if subscription.format == "umh":
        return UmhReader(subscription)
    return SparkplugReader(subscription)


def _placed(refusal: Refusal, topic: str) -> Refusal:
    """The topic is part of what has to be mended."""
    return Refusal(refusal.code, refusal.field, f"{refusal.message} (topic {topic[:200]})")
