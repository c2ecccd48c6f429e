"""copq as a process that has all its commands loaded: each call is a fork of it.

    python -m tests.support.programs.preloaded SOCKET     until its standard input is closed

A module that copq runs as a process of its own is a fork, too, by the `python` next to the socket.

To load a command takes one to two seconds of the processor, and a fork some milliseconds. The fork
is a process like any other: it has its own environment, folder, output, signals and exit code.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NoReturn

import copq
from copq.command_line import command

_FAKED = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC")
_LATER = (
    "copq.database.migrations.env",
    "copq.figures.project_placebos",
    "copq.figures.project_statistics",
    "copq.figures.project_verdicts",
    "copq.improvement",
    "copq.ingest.files.parquet_rows",
)
"""What cannot be loaded alone, and what starts threads (numpy, polars): a fork would lose them."""

_MORE_FILES = 1000


def load_all() -> None:
    for place in command.COMMANDS.values():
        import_module(f"copq.command_line.commands.{place.rpartition('.')[0]}")
    for found in walk_packages(copq.__path__, "copq."):
        if not found.name.startswith(_LATER) and ".versions." not in found.name:
            import_module(found.name)
    for late in ("alembic.command", "httpx", "importlib.metadata", "uvloop", "yaml"):
        import_module(late)
    gc.collect()
    gc.freeze()


class Server:
    """It forks for each call, and tells its caller the process id, and later the exit code."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._poll = select.poll()
        self._children: dict[int, tuple[int, str, socket.socket]] = {}
        for file in (listening, sys.stdin):
            self._poll.register(file, select.POLLIN)

    def run(self) -> None:
        """Until the standard input is closed."""
        while True:
            ready = [file for file, _ in self._poll.poll()]
            if sys.stdin.fileno() in ready:
                return
            for file in ready:
                if file in self._children:
                    self._report(file)
                else:
                    self._answer(self._listening.accept()[0])

    def _answer(self, client: socket.socket) -> None:
        message, files, _, _ = socket.recv_fds(client, 1 << 20, 3)
        call = json.loads(message)
        if not files:
            self.end(call["end"])
            client.close()
            return
        child = os.fork()
        if child == 0:
            _become(call, files)
        for file in files:
            os.close(file)
        if group := call.get("group"):
            # Here, too: its caller may kill the group as soon as it is told the process id.
            with suppress(OSError):
                os.setpgid(child, group)
        self._watch(child, call.get("family", ""), client)

    def _watch(self, child: int, family: str, client: socket.socket) -> None:
        watched = os.pidfd_open(child)
        self._children[watched] = (child, family, client)
        self._poll.register(watched, select.POLLIN)
        with suppress(OSError):
            client.sendall(f"{child}\n".encode())

    def _report(self, watched: int) -> None:
        child, _, client = self._children.pop(watched)
        self._poll.unregister(watched)
        os.close(watched)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(OSError):
            client.sendall(f"{code}\n".encode())
        client.close()

    def end(self, family: str | None = None) -> None:
        """End the calls of a family, or all, and wait for them."""
        ending = [
            watched
            for watched, (child, of, _) in self._children.items()
            if family is None or of == family
        ]
        for watched in ending:
            signal.pidfd_send_signal(watched, signal.SIGTERM)
        for watched in ending:
            self._report(watched)


def _become(call: dict[str, Any], files: list[int]) -> NoReturn:
    """The command of a call, or its module, in this process."""
    code: Any = 1
    try:
        _settle(call, files)
        if module := call.get("module"):
            sys.modules.pop(module, None)  # it was loaded, and is to run as the program
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        else:
            command.main()
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _finish(code if isinstance(code, int) else int(code is not None))


def _settle(call: dict[str, Any], files: list[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, max(files) + _MORE_FILES)
    group = call.get("group")
    os.setpgid(0, group) if group else os.setsid()
    os.chdir(call["folder"])
    faked = {name: os.environ[name] for name in _FAKED if name in os.environ}
    os.environ.clear()
    os.environ.update(call["environment"], **faked)
    sys.argv = ["copq", *call["words"]]


def _finish(code: int) -> NoReturn:
    """As Python ends: it waits for threads, calls what waits for the end, and prints the rest."""
    import atexit

    for last in (threading._shutdown, atexit._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):  # type: ignore[attr-defined]
        with suppress(Exception):
            last()
    os._exit(code & 0xFF)


def _sleep(seconds: Any, /) -> None:
    threading.Event().wait(seconds)


def main(path: str) -> None:
    load_all()
    sys.executable = str(Path(path).with_name("python"))
    if "FAKETIME" in os.environ:
        # libfaketime fails clock_nanosleep, by which Python sleeps.
        time.sleep = _sleep
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        server = Server(listening)
        server.run()
        server.end()


if __name__ == "__main__":
    main(sys.argv[1])
