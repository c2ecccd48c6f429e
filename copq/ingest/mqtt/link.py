"""The connection: aiomqtt with acknowledgements by hand, and messages taken by the hundred.

aiomqtt acknowledges a message as it comes in. paho, which it is built on, can leave that to its
caller; this module reaches through for it, and does nothing else with paho. Messages are read
at QoS 1, whatever they were published with: at QoS 2 paho tells the broker "received" before
anybody has seen the message, and a process killed then has lost it. Events have ids, so that
what is delivered twice counts once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiomqtt import Client, MqttError, ProtocolVersion
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from copq.ingest.mqtt.config import MqttConfig
from copq.ingest.mqtt.config_file import password, tls_context
from copq.ingest.mqtt.message import Command

QOS = 1
_REFUSED = 128
ANSWER_S = 5
"""How long the broker may take to answer; also the longest wait of a stopping process."""


class ReceivedMessage(NamedTuple):
    """A message that waits to be acknowledged."""

    packet_id: int
    topic: str
    payload: bytes
    again: bool
    """The broker has delivered it before."""
    retained: bool
    qos: int


class Inbox:
    """Holds messages not yet taken; never more than the broker may leave unanswered."""

    def __init__(self) -> None:
        self._messages: deque[ReceivedMessage] = deque()
        self.wake = asyncio.Event()

    def receive(self, client: object, userdata: object, message: MQTTMessage) -> None:
        """paho calls it for each message. (aiomqtt's own drops the mark of a second delivery.)"""
        self._messages.append(
            ReceivedMessage(
                message.mid, message._topic.decode(errors="replace"), bytes(message.payload),
                message.dup, message.retain, message.qos,
            )
        )  # fmt: skip
        self.wake.set()

    def take(self, most: int) -> list[ReceivedMessage]:
        count = min(most, len(self._messages))
        taken = [self._messages.popleft() for _ in range(count)]
        if not self._messages:
            self.wake.clear()
        return taken


class Link:
    """One connection. What is not acknowledged by its end is delivered again by the next."""

    def __init__(self, client: Client, inbox: Inbox) -> None:
        self._client, self._inbox = client, inbox
        client._disconnected.add_done_callback(lambda _: inbox.wake.set())

    @property
    def is_up(self) -> bool:
        return not self._client._disconnected.done()

    def check(self) -> None:
        """Raise why the connection is gone, if it is."""
        if not self.is_up:
            self._client._disconnected.result()

    def wake(self) -> None:
        """Let `take` answer, with nothing if need be."""
        self._inbox.wake.set()

    async def take(self, most: int) -> list[ReceivedMessage]:
        """Wait for messages; empty if the connection is gone or `wake` was called."""
        await self._inbox.wake.wait()
        return self._inbox.take(most) if self.is_up else []

    def ack(self, messages: Iterable[ReceivedMessage]) -> None:
        """Tell the broker that it may forget them."""
        for message in messages:
            if message.qos:
                self._client._client.ack(message.packet_id, message.qos)

    async def publish(self, command: Command) -> None:
        await self._client.publish(command.topic, command.payload, qos=0)


@asynccontextmanager
async def connect(config: MqttConfig) -> AsyncIterator[Link]:
    """A subscribed connection. Raises `aiomqtt.MqttError`, also if the connection breaks."""
    inbox = Inbox()
    client = Client(
        config.broker.host, config.broker.port, username=config.username,
        password=password(config), identifier=config.client_id, tls_context=tls_context(config),
        keepalive=config.keepalive_seconds, timeout=ANSWER_S, **_session(config),
    )  # fmt: skip
    client._client.manual_ack_set(True)
    client._client.on_message = inbox.receive
    async with client:
        link = Link(client, inbox)
        await _subscribe(client, config)
        yield link


def _session(config: MqttConfig) -> dict[str, Any]:
    """The session outlives the connection: the broker keeps messages for it."""
    if config.version == "3.1.1":
        return {"protocol": ProtocolVersion.V311, "clean_session": False}
    wanted: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    wanted.SessionExpiryInterval = config.session_expiry_hours * 3600
    wanted.ReceiveMaximum = config.in_flight
    wanted.MaximumPacketSize = config.largest_message
    return {"protocol": ProtocolVersion.V5, "clean_start": False, "properties": wanted}


async def _subscribe(client: Client, config: MqttConfig) -> None:
    answers: Any
    filters = [found.pattern.filter for found in config.subscriptions]
    if config.version == "3.1.1":
        answers = await client.subscribe([(text, QOS) for text in filters])
    else:
        # Retained messages once, not at every connection.
        options = SubscribeOptions(qos=QOS, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        answers = await client.subscribe([(text, options) for text in filters])
    for text, answer in zip(filters, answers, strict=True):
        code = answer if isinstance(answer, int) else int(answer.value)
        if code >= _REFUSED:
            raise MqttError(f"the broker refuses the subscription to {text}: {answer}")
