"""An intake that lists what it was given, and may be away; and running the MQTT way into it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from copq.access.sender import ANYONE, Sender
from copq.ingest.check import Unreadable
from copq.ingest.intake import Answer, Intake, Status
from copq.ingest.mqtt import metrics
from copq.ingest.mqtt.config_file import parse_config
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.service import MqttIngest
from copq.schemas.refusal import Refusal
from copq.web.unavailable import Unavailable
from tests.support.faults.processes import until

_names = count()


class ListingIntake:
    """Keeps events by id in memory. While `away` it stores nothing; `held` lets it wait."""

    def __init__(self) -> None:
        self.events: dict[str, Any] = {}
        self.refused: list[tuple[Refusal, bytes]] = []
        self.away = False
        self.stumbles = b"\n"
        """It fails on an event that holds this."""
        self.accepts = 0
        self.tries = 0

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        self.tries += 1
        if self.away:
            raise Unavailable("the test says so", retry_after=0)
        if any(self.stumbles in raw for raw in raws if not isinstance(raw, Unreadable)):
            raise ValueError("it stumbles")
        self.accepts += 1
        return [self._one(raw) for raw in raws]

    def _one(self, raw: bytes) -> Answer:
        if isinstance(raw, Unreadable):
            self.refused.append((raw.refusal, bytes(raw)))
            return Answer(Status.REFUSED, refusal=raw.refusal)
        event = json.loads(raw)
        known = event["event_id"] in self.events
        self.events.setdefault(event["event_id"], event)
        return Answer(Status.DUPLICATE if known else Status.ACCEPTED, event["event_id"])


def config_text(port: int, *subscriptions: str, name: str | None = None, **more: Any) -> str:
    lines = [f"broker: mqtt://127.0.0.1:{port}", f"client_id: {name or f'test-{next(_names)}'}"]
    lines += [f"{key}: {value}" for key, value in more.items()]
    return "\n".join([*lines, "subscriptions:", *subscriptions])


def is_connected() -> bool:
    return bool(metrics.CONNECTED._value.get())


@asynccontextmanager
async def reading(
    text: str, intake: Intake, memory: Memory | None = None
) -> AsyncIterator[asyncio.Event]:
    """The MQTT way in, as long as the body lasts; then it is told to stop, and drains."""
    stop = asyncio.Event()
    ingest = MqttIngest(parse_config(text), intake, memory or Memory())
    running = asyncio.create_task(ingest.run(stop))
    try:
        await until(is_connected, "it is subscribed")
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)
