"""`copq demo`: from an empty folder to what a plant manager wants to know, in half a minute."""

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from asyncpg import Connection

from copq.command_line.commands.read import report, verify
from copq.command_line.database import connected, database
from copq.command_line.demo import bottling, project, sending, valves
from copq.command_line.demo.folder import prepare_folder
from copq.command_line.demo.service import DemoService, free_port, running
from copq.command_line.demo.telling import print_command, print_heading, say
from copq.command_line.terminal import out
from copq.rates.store import load

DATA = Path("copq-data/demo")
FIRST_EVENT = """\
{"event_id": "my-first", "event_type": "defect", "quantity": 100,
     "occurred_at": "2025-06-14T23:30:00-04:00", "plant": "bottling", "line": "1",
     "product": "SKU-1001", "stage": "Packer"}"""


def demo(
    data: Annotated[
        Path, typer.Option("--data", help="The demo's own folder; emptied at each run.")
    ] = DATA,
    board: Annotated[
        bool,
        typer.Option(help="Leave the board up at the end, until it is stopped."),
    ] = True,
) -> None:
    """Import two weeks of a plant through a running service, and show what they cost.

    Run it in the folder of the repository. Needs no broker, no network, no other database.

    Example: copq demo
    """
    sending.check_examples()
    _end_tidily()
    started = time.monotonic()
    prepare_folder(data)
    say("COPQ on two examples: two weeks of a bottling plant, and a day of tyre valves.")
    say("A line after $ is a command to copy. Before, once: source .venv/bin/activate")
    port = free_port()
    print_heading("Everything in one process: HTTP, pricing, ledger, an embedded Postgres")
    print_command(f"copq up --data {data} --port {port}")
    asked = time.monotonic()
    with running(data, port) as service:
        say(f"It answers on {service.url} after {time.monotonic() - asked:.1f} s.")
        _fill_and_show(service.url, data)
        print_heading(f"Done in {time.monotonic() - started:.0f} s")
        if board:
            _leave_board_up(service)
    _show_how_to_go_on(data)


def _end_tidily() -> None:
    for name in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is not signal.SIG_IGN:
            signal.signal(name, _leave)


def _leave(number: int, _: object) -> NoReturn:
    """Raise an exception rather than end the process, so that the service is stopped."""
    raise SystemExit(128 + number)


def _fill_and_show(url: str, data: Path) -> None:
    sending.import_rates(data)
    sending.import_log(url, data)
    sending.send_day(url)
    _show_figures(data)


def _leave_board_up(service: DemoService) -> None:
    """Keep the board up until Ctrl-C; without a terminal, until a signal."""
    say("The board of the log's last whole day, the current board, and the projects:")
    for view in (f"?plant={bottling.PLANT}&day={bottling.LAST_WHOLE}", "", "projects"):
        out.print(f"  {service.url}/{view}", style="bold", markup=False, soft_wrap=True)
    stop = "you press Ctrl-C" if sys.stdin.isatty() else f"it is stopped: kill {os.getpid()}"
    say(f"It stays up until {stop}.")
    with suppress(KeyboardInterrupt):
        service.wait()


def _show_figures(data: Path) -> None:
    with database(None, data) as dsn:
        asyncio.run(_show_plants(dsn, str(data)))
    project.show_project(data)
    print_heading("What is not in the figures")
    print_command(f"copq unpriced --data {data}")
    report.unpriced(data=data)
    print_heading("Are the figures what the ledger says?")
    print_command(f"copq verify --data {data}")
    verify.verify_command(data=data)


async def _show_plants(dsn: str, data: str) -> None:
    async with connected(dsn) as conn:
        await _show_bottling(conn, data)
        await valves.show_day(conn, await load(conn), data)


async def _show_bottling(conn: Connection, data: str) -> None:
    book = await load(conn)
    for dimension in ("line", "product"):
        await bottling.show_fortnight(conn, book, data, dimension)
    bottling.show_basis()
    await bottling.show_drivers(conn, data)
    await bottling.show_today(conn, book, data)


def _show_how_to_go_on(data: Path) -> None:
    say(f"The service is stopped, the ledger stays in {data}. Start it again:")
    print_command(f"copq up --data {data}")
    say("In another terminal, send an event of your own: 100 rejects at 0.15 USD.")
    print_command(
        "curl http://127.0.0.1:8080/v1/events -H 'Content-Type: application/json' -d \\\n"
        f"    '{FIRST_EVENT}'"
    )
    say("Line 1 of that day has 15.00 USD more:")
    print_command(f"copq report --grain day --plant bottling --from 2025-06-14 --data {data}")
    say("\nYour own log: docs/import.md. Your own rates: docs/rates.md. More: copq --help")
