"""A real Kafka broker for the tests: one KRaft node on the loopback address."""

import base64
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.kafka.guarded import GuardedProcess
from tests.support.kafka.liveness import answers
from tests.support.kafka.settings import free_ports, server_properties
from tests.support.patience import PATIENCE_S

_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05
_TAIL_LINES = 40
# The short-lived broker gains more from compiling fast than from compiling well.
_JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
ARCHIVE, FORMATTED = "classes.jsa", "formatted"
"""Beside the jars, made by `python -m tests.support.kafka.archive`: a formatted data folder, and
the classes that a broker loads, as Java maps them. A start takes a third of the time."""
_IDENTITY = "meta.properties"
_OF_ONE = re.compile(r"(?<=\.id=)[\w-]{22}\b")
"""Ids of a cluster and a folder; a node's is a number."""
_LOGGING = "-Dorg.slf4j.simpleLogger.showDateTime=true"


class BrokerError(RuntimeError):
    """The broker could not be started."""


class KafkaBroker:
    """Keeps its port and its data between a stop or a kill and the next start."""

    def __init__(
        self, folder: Path, jars: Path, more: Mapping[str, str] | None = None, *scram: str
    ) -> None:
        """`more` settings on top of the usual ones; `scram` users are made as it is formatted."""
        self._jars = jars
        self._more = more or {}
        self._scram = scram
        archive = jars / ARCHIVE
        self._java_options = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
        self._data = folder / "data"
        self._settings = folder / "server.properties"
        self.log = folder / "broker.log"
        self._port, self._controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self._port}"
        self._process: GuardedProcess | None = None
        self.frozen = False

    def start(self) -> None:
        """Return once the broker answers; blocking, as every method here."""
        if self.running:
            return
        self.kill()
        if not (self._data / _IDENTITY).exists():
            self._prepare()
        self._process = GuardedProcess(self._java("kafka.Kafka", str(self._settings)), self.log)
        try:
            self._wait_until_up(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop(_STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None
            self.frozen = False

    def lose_end(self, topic: str) -> None:
        """Cut the last third off each partition of a topic, as a power cut does with what did not
        reach the disk. The broker must have been killed."""
        assert not self.running, "kill it first"
        for log in self._data.glob(f"{topic}-*/*.log"):
            os.truncate(log, log.stat().st_size * 2 // 3)

    def lose_all(self) -> None:
        """Its disk is gone: the next start makes another cluster without a topic."""
        assert not self.running, "kill it first"
        shutil.rmtree(self._data, ignore_errors=True)

    def freeze(self) -> None:
        """Connections stay open and nothing is answered, as with a machine that hangs."""
        self._live().signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        self._live().signal(signal.SIGCONT)
        self.frozen = False

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.exit_code() is None

    @property
    def pid(self) -> int:
        return self._live().pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _live(self) -> GuardedProcess:
        if self._process is None:
            raise BrokerError("the Kafka broker is not running")
        return self._process

    def _prepare(self) -> None:
        self._settings.parent.mkdir(parents=True, exist_ok=True)
        text = server_properties(self._data, self._port, self._controller_port, self._more)
        self._settings.write_text(text)
        if self._scram or not (self._jars / FORMATTED).exists():
            self._format()
        else:
            shutil.copytree(self._jars / FORMATTED, self._data)
            identity = self._data / _IDENTITY
            identity.write_text(_OF_ONE.sub(lambda _: _random_id(), identity.read_text()))

    def _format(self) -> None:
        users = [part for user in self._scram for part in ("--add-scram", user)]
        arguments = ("format", "-t", _random_id(), "-c", str(self._settings), *users)
        command = self._java("kafka.tools.StorageTool", *arguments)
        with self.log.open("ab") as output:
            done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT)
        if done.returncode:
            raise BrokerError(f"Kafka could not format its storage\n{self._tail()}")

    def _java(self, main: str, *arguments: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise BrokerError("no java on the PATH: the Kafka broker needs Java 17")
        if not any(self._jars.glob("kafka_*.jar")):
            raise BrokerError(f"no Kafka in {self._jars}: run `make kafka`")
        options = (*_JVM, *self._java_options, _LOGGING)
        return [java, *options, "-cp", f"{self._jars}/*", main, *arguments]

    def _wait_until_up(self, process: GuardedProcess) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(self._port):
            code = process.exit_code()
            if code is not None:
                raise BrokerError(f"Kafka ended with {code} on start\n{self._tail()}")
            if time.monotonic() > deadline:
                raise BrokerError(f"Kafka is silent after {PATIENCE_S:.0f} s\n{self._tail()}")
            time.sleep(_POLL_SECONDS)

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"the end of {self.log}:", *lines[-_TAIL_LINES:]])


def _random_id() -> str:
    # The fixed first byte keeps the text from starting with a dash, which reads as an option.
    return base64.urlsafe_b64encode(b"k" + secrets.token_bytes(15)).decode().rstrip("=")
