"""The exit status of a service that was told to stop."""

import signal
import subprocess
import sys

import pytest

from copq.command_line.exits import Exit

_SERVICE = """
import asyncio, sys, time
from copq.command_line import running

running.GONE_WITHIN_S = 2

async def serve(stop: asyncio.Event) -> None:
    print("serves", flush=True)
    await stop.wait()
    await asyncio.sleep(0.2)
    {at_last}

running.run_service(serve)
time.sleep(60)  # as an embedded Postgres that writes its last checkpoint
"""


@pytest.mark.parametrize(
    ("at_last", "status"), [("pass", Exit.OK), ("time.sleep(60)", Exit.UNAVAILABLE)]
)
def test_a_service_that_has_drained_ends_well_however_long_the_rest_takes(
    at_last: str, status: Exit
) -> None:
    script = _SERVICE.format(at_last=at_last)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as service:
        try:
            assert service.stdout is not None and service.stdout.readline() == b"serves\n"
            service.send_signal(signal.SIGTERM)
            assert service.wait(timeout=30) == status
        finally:
            service.kill()
