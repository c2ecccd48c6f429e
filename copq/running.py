"""Running a service as a process: until a signal, then drained, then gone."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from copq.exits import Exit
from copq.repeats import OnceInAWhile
from copq.terminal import fail
from services.health import Health, serve_health
from services.ingest.serving import CannotListen
from services.postgres import RoleRefused
from services.standalone.postgres_account import EmbeddedPostgresError
from services.system_errors import plainly
from services.tracing import traced

DRAINED_WITHIN_S = 8
GONE_WITHIN_S = 10

log = logging.getLogger("services")


def run_service(
    service: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
    health: Health | None = None,
    name: str | None = None,
) -> None:
    """Run a service until SIGTERM or SIGINT; it drains, then leaves.

    Within ten seconds of the signal the process is gone, even while what it waits for is frozen:
    nothing that was acknowledged depends on an orderly end. By `name` it is known in traces.
    """
    import uvloop

    try:
        with traced(name):
            uvloop.run(_main(service, health or Health()))
    except (RoleRefused, CannotListen, EmbeddedPostgresError) as error:
        fail(str(error), Exit.UNAVAILABLE)
    except (KafkaError, OSError, asyncpg.PostgresError) as error:
        fail(f"{type(error).__name__}: {plainly(error)}", Exit.UNAVAILABLE)


async def _main(
    service: Callable[[asyncio.Event], Coroutine[Any, Any, None]], health: Health
) -> None:
    _run_evenly()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    turning = asyncio.create_task(health.turn())
    serving = asyncio.create_task(service(stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    health.missing = "it is leaving"
    if not serving.done():
        _be_gone_soon()
        await _drained(serving)
    turning.cancel()
    serving.result()


async def _drained(serving: asyncio.Task[None]) -> None:
    done, _ = await asyncio.wait([serving], timeout=DRAINED_WITHIN_S)
    if not done:
        serving.cancel()
        raise TimeoutError(f"told to stop, and not drained within {DRAINED_WITHIN_S} s")


def _be_gone_soon() -> None:
    """For what cannot be cancelled: threads, and what waits for a server as it is cancelled."""
    timer = threading.Timer(GONE_WITHIN_S, os._exit, [int(Exit.UNAVAILABLE)])
    timer.daemon = True
    timer.start()


def _run_evenly() -> None:
    """For processes that handle records by the thousand, partly in threads.

    Records make no cycles, and looking for some costs a tenth. A thread that decodes must not
    keep the one that talks to servers waiting for 5 ms at a time, which is Python's default.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    sys.setswitchinterval(0.0005)


def start_logging() -> None:
    """Log to the standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(OnceInAWhile())  # of ours alone: a handler that is there is somebody else's
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s",
        handlers=[handler],
    )  # fmt: skip
    log.setLevel(logging.INFO)


def show_health(port: int) -> Health:
    """That of this worker, with its metrics, on this port; on none where it is 0."""
    health = Health()
    try:
        if port:
            serve_health(port, health)
    except OSError as error:
        fail(f"cannot serve /metrics on port {port}: {plainly(error)}", Exit.UNAVAILABLE)
    return health
