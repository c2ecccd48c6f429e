"""Work in a thread with an event loop of its own, so that the caller's loop stays free."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import Any


async def apart(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Until `work` ends, and raises what it raises. Cancelled with the caller.

    Reading ten thousands of rows costs the loop that reads them, and nobody else.
    """
    ours, ended = asyncio.get_running_loop(), asyncio.Event()
    theirs, task = asyncio.new_event_loop(), None
    failed: list[BaseException] = []

    def run() -> None:
        nonlocal task
        asyncio.set_event_loop(theirs)
        task = theirs.create_task(work())
        try:
            theirs.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # told to the caller, who waits for it
            failed.append(error)
        finally:
            theirs.run_until_complete(theirs.shutdown_default_executor())
            theirs.close()
            with suppress(RuntimeError):  # ours has ended, and nobody waits
                ours.call_soon_threadsafe(ended.set)

    Thread(target=run, name="exporter", daemon=True).start()
    try:
        await ended.wait()
    except asyncio.CancelledError:
        if task is not None and not theirs.is_closed():
            theirs.call_soon_threadsafe(task.cancel)
        raise
    if failed:
        raise failed[0]
