"""Running a service as a process: until a signal, then drained, then gone."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

from copq.command_line.exits import Exit
from copq.command_line.terminal import fail
from copq.database.connections import RoleRefused
from copq.embedded_postgres.account import EmbeddedPostgresError
from copq.process.system_errors import is_of_server, plainly, with_server
from copq.telemetry.health import Health, serve_health
from copq.telemetry.tracing import traced
from copq.web.serving import CannotListen

DRAINED_WITHIN_S = 8
GONE_WITHIN_S = 10

COLLECT_S = 10
WHOLE_EVERY = 30
_YOUNG, _ALL = 1, 2

log = logging.getLogger("copq")


class NotDrained(Exception):
    """The service did not finish its work in time; the message says what that means."""


def run_service(
    service: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
    health: Health | None = None,
    name: str | None = None,
) -> None:
    """Run a service until SIGTERM or SIGINT; it drains, then leaves.

    The process ends within ten seconds of the signal, even if a server that it waits for hangs:
    nothing that was acknowledged depends on an orderly end. Traces call the service `name`.
    """
    import uvloop

    try:
        with traced(name):
            uvloop.run(_main(service, health or Health()))
    except (RoleRefused, CannotListen, EmbeddedPostgresError, NotDrained) as error:
        fail(str(error), Exit.UNAVAILABLE)
    except Exception as error:
        if not isinstance(error, OSError) and not is_of_server(error):
            raise
        fail(with_server(error), Exit.UNAVAILABLE)


async def _main(
    service: Callable[[asyncio.Event], Coroutine[Any, Any, None]], health: Health
) -> None:
    _tune_interpreter()
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, _tell_to_stop, stop, one)
    tasks = [asyncio.create_task(health.turn()), asyncio.create_task(_collect_cycles())]
    serving = asyncio.create_task(service(stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    health.missing = "it is leaving"
    began = time.monotonic()
    end = None
    try:
        if not serving.done():
            end = _exit_soon()
            await _drain(serving)
        for task in tasks:
            task.cancel()
        serving.result()
    except BaseException as error:
        log.error("stopped by a fault: %s", error)
        raise
    if end is not None:
        # Everything is finished: the embedded Postgres alone may still write its last checkpoint.
        end.args = [int(Exit.OK)]
    log.info("stopped, %.1f s after it began to", time.monotonic() - began)


def _tell_to_stop(stop: asyncio.Event, by: signal.Signals) -> None:
    if not stop.is_set():
        log.info("%s: finishing what is under way, for %d s at most", by.name, DRAINED_WITHIN_S)
    stop.set()


async def _drain(serving: asyncio.Task[None]) -> None:
    done, _ = await asyncio.wait([serving], timeout=DRAINED_WITHIN_S)
    if not done:
        serving.cancel()
        raise NotDrained(
            f"what was under way was not finished {DRAINED_WITHIN_S} s after the signal to stop; "
            "nothing accepted is lost: it is read again, or sent again by its sender"
        )


def _exit_soon() -> threading.Timer:
    """End the process after a while, even if threads or cancelled tasks still wait for a server."""
    timer = threading.Timer(GONE_WITHIN_S, os._exit, [int(Exit.UNAVAILABLE)])
    timer.daemon = True
    timer.start()
    return timer


def _tune_interpreter() -> None:
    """Tune Python for processes that handle thousands of records, partly in threads.

    Records make no reference cycles, and Python's search for cycles after each thousand objects
    costs a tenth of the time: `_collect_cycles` searches at intervals instead. By default a thread
    that decodes keeps the one that talks to servers waiting for 5 ms at a time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    sys.setswitchinterval(0.0005)


async def _collect_cycles() -> None:
    """Free, for ever, the reference cycles that clients of Kafka and Postgres leave.

    Most rounds look at young objects alone, which takes a few milliseconds.
    """
    for number in count(1):
        await asyncio.sleep(COLLECT_S)
        gc.collect(_ALL if number % WHOLE_EVERY == 0 else _YOUNG)


def show_health(host: str, port: int) -> Health:
    """The health of this worker, served with its metrics at this address; not served on port 0."""
    health = Health()
    try:
        if port:
            serve_health(host, port, health)
    except OSError as error:
        fail(f"cannot serve /metrics on {host}:{port}: {plainly(error)}", Exit.UNAVAILABLE)
    return health
