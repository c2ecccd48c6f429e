"""copq as a process that has all its commands loaded: each call is a fork of it.

    python -m tests.docs.preloaded SOCKET     until its standard input is closed

A document has twenty commands, and to load each takes a second.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from copq import command

_FAKED = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC")
_children: set[int] = set()


def main(path: str) -> None:
    for place in command.COMMANDS.values():
        importlib.import_module(f"copq.commands.{place.rpartition('.')[0]}")
    if "FAKETIME" in os.environ:
        # libfaketime fails clock_nanosleep, by which Python sleeps.
        time.sleep = _sleep
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            _serve(server.accept()[0], server)
    _end_children()


def _sleep(seconds: Any, /) -> None:
    threading.Event().wait(seconds)


def _end_children() -> None:
    for child in list(_children):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
    while _children:
        threading.Event().wait(0.05)


def _serve(client: socket.socket, server: socket.socket) -> None:
    message, files, _, _ = socket.recv_fds(client, 1 << 20, 3)
    if not files:
        _end_children()
        client.close()
        return
    if child := os.fork():
        _children.add(child)
        for file in files:
            os.close(file)
        threading.Thread(target=_report, args=(child, client)).start()
        return
    server.close()
    client.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    _become(json.loads(message))


def _report(child: int, client: socket.socket) -> None:
    status = os.waitpid(child, 0)[1]
    _children.discard(child)
    with suppress(OSError):
        client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    client.close()


def _become(call: dict[str, Any]) -> None:
    code: Any = 0
    try:
        os.setsid()
        os.chdir(call["folder"])
        faked = {name: os.environ[name] for name in _FAKED if name in os.environ}
        os.environ.clear()
        os.environ.update(call["environment"], **faked)
        sys.argv = ["copq", *call["words"]]
        command.main()
    except SystemExit as end:
        code = end.code
    finally:
        with suppress(Exception):
            import atexit

            atexit._run_exitfuncs()
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main(sys.argv[1])
