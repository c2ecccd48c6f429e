"""A real Mosquitto on a free port, with its persistence on: to be stopped, killed and started."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.kafka.guarded import GuardedProcess
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.programs import program

_SETTINGS = """
listener {port} 127.0.0.1
{access}
persistence true
persistence_location {data}/
autosave_interval 0
max_queued_messages 0
max_inflight_messages 0
"""


class Mosquitto:
    """Keeps its port and its sessions between a stop or a kill and the next start."""

    def __init__(
        self,
        folder: Path,
        access: str = "allow_anonymous true",
        find: Callable[[str], str] = program,
    ) -> None:
        """`find` answers the path of Mosquitto, or ends what asks for it."""
        [self.port] = free_ports(1)
        self.log = folder / "mosquitto.log"
        data = folder / "data"
        data.mkdir(parents=True)
        self._database = data / "mosquitto.db"
        settings = folder / "mosquitto.conf"
        settings.write_text(_SETTINGS.format(port=self.port, data=data, access=access))
        self._command = [find("mosquitto"), "-c", str(settings)]
        if _is_root():
            settings.write_text(f"user root\n{settings.read_text()}")
        self._process: GuardedProcess | None = None

    def start(self) -> None:
        assert self._process is None
        self._process = GuardedProcess(self._command, self.log)
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop(10)
            self._process = None

    def save(self) -> None:
        """Have the sessions written to the disk, as Mosquitto does by itself now and then."""
        assert self._process is not None
        before = self._database.stat().st_mtime_ns if self._database.exists() else 0
        self._process.signal(signal.SIGUSR1)
        deadline = time.monotonic() + PATIENCE_S
        while not self._database.exists() or self._database.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


def publish(port: int, topic: str, payload: bytes, *more: str, each_line: bool = False) -> None:
    """By Mosquitto's own client, at QoS 1 unless `more` says otherwise."""
    reach = ["-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic]
    body = "-l" if each_line else "-s" if payload else "-n"
    subprocess.run(
        ["mosquitto_pub", *reach, body, *more], input=payload, check=True, timeout=PATIENCE_S
    )


def _is_root() -> bool:
    import os

    return os.geteuid() == 0
