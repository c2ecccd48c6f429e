"""Messages into an intake: acknowledged once their events are safe, and never before."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from aiomqtt import MqttError
from tenacity import RetryCallState

from copq.access.sender import MQTT, Sender
from copq.ingest.check import Unreadable
from copq.ingest.intake import Answer, Intake, Status
from copq.ingest.mqtt import metrics
from copq.ingest.mqtt.config import MqttConfig
from copq.ingest.mqtt.faults import MqttConfigError
from copq.ingest.mqtt.link import Link, ReceivedMessage, connect
from copq.ingest.mqtt.memory import Memory, mark
from copq.ingest.mqtt.translate import Translated, Translator
from copq.process.retry import Backoff, error_of, keep_trying
from copq.schemas.refusal import Refusal
from copq.web.unavailable import Unavailable

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 15.0
_LOST = (MqttError, MqttConfigError, OSError)

log = logging.getLogger("copq.mqtt")


class _NotStored(Exception):
    """The connection is lost, or the service must stop, before the intake answered."""


class MqttIngest:
    """Reads a broker as a configuration says, into an intake."""

    def __init__(self, config: MqttConfig, intake: Intake, memory: Memory) -> None:
        self._config, self._intake, self._memory = config, intake, memory
        self._translator = Translator(config, memory)
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._sender = Sender(f"{MQTT}{config.client_id}")
        # Half of the limit of unacknowledged messages: the other half arrives during the batch.
        self._most = max(1, config.in_flight // 2)

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop` is set, then finish the current batch. Reconnects for ever."""
        pause = partial(_either, stop)
        while not stop.is_set():
            await keep_trying(
                lambda: self._session(stop), _LOST, self._backoff, self._warn, pause=pause
            )
            await pause(self._backoff.next_s())

    async def _session(self, stop: asyncio.Event) -> None:
        """Serve one connection to its end, unless `stop` is set already."""
        if stop.is_set():
            return
        try:
            async with connect(self._config) as link:
                self._backoff.reset()
                await self._serve(link, stop)
                link.check()
        finally:
            metrics.CONNECTED.set(0)

    def _warn(self, error: BaseException, _: float) -> None:
        log.warning("MQTT %s:%d: %s", self._config.broker.host, self._config.broker.port, error)

    async def _serve(self, link: Link, stop: asyncio.Event) -> None:
        metrics.CONNECTED.set(1)
        metrics.CONNECTIONS.inc()
        log.info("MQTT: connected to %s as %s", self._config.broker.host, self._config.client_id)
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: link.wake())
        try:
            while link.is_up and not stop.is_set():
                if batch := await link.take(self._most):
                    with metrics.BATCH_SECONDS.time():
                        await self._handle(link, batch, stop)
        finally:
            stopping.cancel()

    async def _handle(self, link: Link, batch: list[ReceivedMessage], stop: asyncio.Event) -> None:
        """Store, remember, acknowledge: in this order."""
        try:
            translated = [self._translate(message) for message in batch]
            fresh = [found for found in translated if found is not None]
            answers = await self._store(fresh, link, stop)
            if answers is None:
                return
            marks = [mark(m.packet_id, m.topic, m.payload) for m in batch]
            await asyncio.to_thread(self._memory.save, marks)
        finally:
            self._memory.undo()
        link.ack(batch)
        _count(fresh, answers, len(batch) - len(fresh))
        await _ask(link, fresh)

    def _translate(self, message: ReceivedMessage) -> Translated | None:
        """The translated message; None if it was handled before, without its acknowledgement."""
        if message.again and self._memory.is_done(
            mark(message.packet_id, message.topic, message.payload)
        ):
            return None
        return self._translator.translate(message.topic, message.payload, message.retained)

    async def _store(
        self, found: list[Translated], link: Link, stop: asyncio.Event
    ) -> list[Answer] | None:
        """Try until all events are safe. None if the connection is lost or `stop` is set first."""
        raws = [raw for one in found for raw in one.read.events]
        refused: list[bytes] = [part for one in found for part in one.refused]

        async def pause(seconds: float) -> None:
            await _either(stop, seconds)
            if stop.is_set() or not link.is_up:
                raise _NotStored

        try:
            return await keep_trying(
                lambda: self._try(raws, refused), Unavailable, _intake_wait, _warn_of_waiting,
                pause=pause,
            )  # fmt: skip
        except _NotStored:
            return None

    async def _try(self, raws: list[bytes], refused: list[bytes]) -> list[Answer]:
        try:
            answers = await self._intake.accept(raws, self._sender) if raws else []
        except Unavailable:
            raise
        except Exception:
            log.exception("a batch cannot be stored; its events are stored one by one")
            answers = [await self._accept_one(raw) for raw in raws]
        if refused:
            await self._intake.accept(refused, self._sender)
        return answers

    async def _accept_one(self, raw: bytes) -> Answer:
        """Store one event; if the intake fails on it, it is kept as refused and not retried."""
        try:
            [answer] = await self._intake.accept([raw], self._sender)
        except Unavailable:
            raise
        except Exception as error:
            refusal = Refusal("unreadable", "", f"{type(error).__name__}: {error}"[:200])
            await self._intake.accept([Unreadable(raw, refusal)], self._sender)
            return Answer(Status.REFUSED, refusal=refusal)
        return answer


def _count(found: list[Translated], answers: list[Answer], again: int) -> None:
    for (form, outcome), count in Counter((f.format, f.outcome) for f in found).items():
        metrics.MESSAGES.labels(form, outcome).inc(count)
    if again:
        metrics.MESSAGES.labels("any", "redelivered").inc(again)
    for status, count in Counter(answer.status for answer in answers).items():
        metrics.EVENTS.labels(status.value).inc(count)
    metrics.LAST_ACKED.set_to_current_time()
    for one in found:
        _tell(one)
    for answer in answers:
        if answer.status is Status.REFUSED and answer.refusal is not None:
            log.warning("MQTT event refused: %s: %s", answer.refusal.code, answer.refusal.message)


def _tell(found: Translated) -> None:
    """Log and count the refused and uncounted parts of a message."""
    for part in found.refused:
        refusal = part.refusal
        metrics.REFUSED.labels(found.format, refusal.code).inc()
        log.warning("MQTT message refused: %s: %s", refusal.code, refusal.message)
    for code, text in found.read.uncounted:
        metrics.UNCOUNTED.labels(code).inc()
        log.info("MQTT reading not counted: %s: %s", code, text)


async def _ask(link: Link, found: list[Translated]) -> None:
    for one in found:
        for remark in one.read.remarks:
            log.warning("%s", remark)
        for command in one.read.commands:
            await link.publish(command)


def _intake_wait(state: RetryCallState) -> float:
    """As long as the intake asks, within limits."""
    error = error_of(state)
    asked = error.retry_after if isinstance(error, Unavailable) else 0
    return min(max(asked, FIRST_WAIT_S), LONGEST_WAIT_S)


def _warn_of_waiting(error: BaseException, _: float) -> None:
    metrics.UNAVAILABLE.inc()
    log.warning("MQTT messages wait unacknowledged: %s", error)


async def _either(stop: asyncio.Event, seconds: float) -> None:
    """Wait for the time, or until `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


class MqttSource(NamedTuple):
    """The configuration, and the folder for the state of its readers."""

    config: MqttConfig
    folder: Path


async def beside_mqtt(
    main: Coroutine[Any, Any, None],
    source: MqttSource | None,
    intake: Intake,
    stop: asyncio.Event,
) -> None:
    """Run `main`, and with a source MQTT next to it; both drain when `stop` is set.

    Raises OSError where another process uses the folder, and what `main` raises as it raises it.
    """
    if source is None:
        await main
        return
    try:
        memory = Memory(source.folder / f"{source.config.client_id}.sqlite")
    except OSError:
        main.close()
        raise
    try:
        reading = MqttIngest(source.config, intake, memory).run(stop)
        async with asyncio.TaskGroup() as group:
            group.create_task(_and_stop(main, stop))
            group.create_task(reading)
    except BaseExceptionGroup as failed:
        raise _first(failed) from None
    finally:
        memory.close()


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error, with its own type."""
    error: BaseException = failed
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _and_stop(main: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Run `main`, and set `stop` when it ends for any reason."""
    try:
        await main
    finally:
        stop.set()
