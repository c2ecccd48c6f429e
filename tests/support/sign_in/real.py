"""An identity provider that others wrote, in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S


@contextmanager
def real_provider() -> Iterator[str]:
    """The address of the provider while the body runs."""
    [port] = free_ports(1)
    run = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    running = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, until = f"http://localhost:{port}", time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < until:
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.TransportError:
                assert running.poll() is None, "the provider ended"
                time.sleep(0.05)
        yield url
    finally:
        running.terminate()
        running.wait()


def set_user(issuer: str, subject: str = "7f3c", **claims: object) -> None:
    """What the provider says of a person from now on."""
    said = httpx.put(f"{issuer}/users/{subject}", json=claims, trust_env=False)
    assert said.status_code == 204
