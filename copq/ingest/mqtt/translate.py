"""From messages to events: the subscription of a message, and the result of its reader."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from copq.ingest.check import Unreadable
from copq.ingest.mqtt.config import MqttConfig, Subscription
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.message import IGNORED, Message, Read
from copq.ingest.mqtt.plain import PlainReader
from copq.ingest.mqtt.sparkplug import SparkplugReader
from copq.ingest.mqtt.umh import UmhReader
from copq.schemas.names import canonical, fault_of_name
from copq.schemas.refusal import Refusal, Refused

log = logging.getLogger(__name__)


class Reader(Protocol):
    def read(self, message: Message, memory: Memory) -> Read: ...


@dataclass(frozen=True, slots=True)
class Translated:
    """The events of a message, or the reason why it has none."""

    format: str
    topic: str
    read: Read
    refused: tuple[Unreadable, ...] = ()
    """The message, or parts of it: the events of its other parts are in `read`."""

    @property
    def outcome(self) -> str:
        return "refused" if self.refused and not self.read.events else self.read.outcome


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Translator:
    """The readers of a configuration. A message goes to the first subscription that fits."""

    def __init__(
        self, config: MqttConfig, memory: Memory, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._memory, self._now = memory, now
        self._readers = [(s.pattern, s.format, _reader(s)) for s in config.subscriptions]
        self._found: dict[str, tuple[str, Reader, dict[str, str]] | None] = {}

    def translate(self, topic: str, payload: bytes, retained: bool = False) -> Translated:
        """Translate a message. Its content never raises, and a refused one changes no memory."""
        found = self._reader_of(topic)
        if found is None:
            return Translated("none", topic, Read(outcome=IGNORED))
        form, reader, fields = found
        before = self._memory.checkpoint()
        try:
            _check_topic(topic)
            read = reader.read(Message(topic, payload, fields, self._now(), retained), self._memory)
        except Refused as why:
            read = Read(refused=[(why.refusal, None)])
            self._memory.back_to(before)
        except Exception as error:
            log.exception("a message of %s cannot be read", topic)
            self._memory.back_to(before)
            why_not = Refusal("unreadable", "", f"{type(error).__name__}: {error}"[:200])
            read = Read(refused=[(why_not, None)])
        parts = ((payload if raw is None else raw, why) for why, raw in read.refused)
        refused = tuple(Unreadable(raw, _with_topic(why, topic)) for raw, why in parts)
        return Translated(form, topic, read, refused)

    def _reader_of(self, topic: str) -> tuple[str, Reader, dict[str, str]] | None:
        """The reader of a topic, cached: topics are few, messages many."""
        if topic not in self._found:
            if len(self._found) >= _TOPICS:
                self._found.clear()
            self._found[topic] = next(self._fitting(topic), None)
        return self._found[topic]

    def _fitting(self, topic: str) -> Iterator[tuple[str, Reader, dict[str, str]]]:
        for pattern, form, reader in self._readers:
            if (fields := pattern.match(topic)) is not None:
                yield form, reader, {name: canonical(level) for name, level in fields.items()}


_TOPICS = 10_000


def _reader(subscription: Subscription) -> Reader:
    if subscription.format == "copq":
        return PlainReader(subscription)
    if subscription.format == "umh":
        return UmhReader(subscription)
    return SparkplugReader(subscription)


def _check_topic(topic: str) -> None:
    if fault := fault_of_name(topic):
        raise Refused(Refusal("bad_identifier", "topic", f"topic {fault}"))


def _with_topic(refusal: Refusal, topic: str) -> Refusal:
    """The refusal with the topic, which identifies the sender to fix."""
    return Refusal(refusal.code, refusal.field, f"{refusal.message} (topic {topic[:200]})")
