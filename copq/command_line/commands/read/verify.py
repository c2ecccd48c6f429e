"""`copq verify`: whether entries and figures follow from the events."""

import secrets
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import count_of, err, fail, out, print_json
from copq.database.connections import DatabaseRole
from copq.figures.names import UnknownName, check_names
from copq.figures.recomputing import Reach
from copq.figures.verify import verify
from copq.ledger.difference import Difference
from copq.periods.period import PeriodError, month_of
from copq.rates.store import load


def verify_command(
    plant: Annotated[
        str | None, typer.Option(help="Compute again the entries of this plant alone.")
    ] = None,
    month: Annotated[
        str | None, typer.Option(help="Compute again the entries of this month alone: 2026-03.")
    ] = None,
    sample: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=100,
            help="Compute again the entries of so many percent of the events, others each time.",
        ),
    ] = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Compute all entries again from their events and rates, all figures from the entries.

    It may run while events arrive. --plant, --month and --sample shorten the first part; the
    second is always done for all figures. Ends with 1 if anything differs.

    Example: copq verify --database postgresql://copq@db/copq
    """
    reach = _reach(plant, month, sample)
    pace = _Pace()

    async def ask(conn: Connection) -> list[Difference]:
        if plant is not None:
            await _check_plant(conn, plant)
        return await verify(conn, reach, pace)

    # Finance sees every line, and the tables of decisions that the trail is compared with.
    with pace.show_progress():
        found = query_database(ask, database_url, data, DatabaseRole.FINANCE)
    if as_json:
        print_json({
            "differences": [asdict(difference) for difference in found],
            "entries_recomputed": pace.entries, "entries_per_second": pace.each_second,
        })  # fmt: skip
    else:
        _show(found, pace)
    if found:
        raise typer.Exit(Exit.NO)


async def _check_plant(conn: Connection, plant: str) -> None:
    try:
        await check_names(conn, await load(conn), plant)
    except UnknownName as error:
        fail(str(error))


def _reach(plant: str | None, month: str | None, sample: float | None) -> Reach:
    try:
        of_month = None if month is None else month_of(month)
    except PeriodError as error:
        fail(f"--month: {error}")
    return Reach(plant, of_month, sample, secrets.randbelow(2**31))


def _show(found: list[Difference], pace: "_Pace") -> None:
    for difference in found:
        out.print(str(difference), markup=False, soft_wrap=True)
    if found:
        differences = count_of(len(found), "difference")
        out.print(
            f"{differences}. An event's bytes are right where an entry differs from them, the "
            "ledger where a rollup differs from it.", soft_wrap=True,
        )  # fmt: skip
    else:
        out.print(
            "No difference: every entry follows from its event and rates, every figure is what "
            "the ledger says.", soft_wrap=True,
        )  # fmt: skip
    out.print(f"Computed again: {pace}.")


class _Pace:
    """How many entries were recomputed, and how many a second; a terminal shows it live."""

    def __init__(self) -> None:
        self.entries = 0
        self._began: float | None = None
        self._seconds = 0.0
        self._status = err.status("Adding up the ledger …") if err.is_terminal else None

    def show_progress(self) -> AbstractContextManager[Any]:
        return self._status or nullcontext()

    def __call__(self, entries: int) -> None:
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        self.entries, self._seconds = entries, now - self._began
        if self._status is not None and entries:
            self._status.update(f"Computing again: {self}")

    @property
    def each_second(self) -> int:
        return round(self.entries / self._seconds) if self._seconds else 0

    def __str__(self) -> str:
        return f"{count_of(self.entries, 'entry', 'entries')} ({self.each_second:,} a second)"
