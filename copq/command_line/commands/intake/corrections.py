"""`copq corrections`: all corrections with author, reason and state."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.commands.read.figures import when
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.options import JsonOption
from copq.command_line.terminal import out, print_json, table
from copq.figures.corrections import ListedCorrection, list_corrections
from copq.ledger.corrections import State

app = typer.Typer(help="Corrections of events: which are in force, and why others are not.")


@app.command("list")
def list_(
    state: Annotated[list[State] | None, typer.Option(help="Only these; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List corrections, the newest first: of what, by what, why, by whom, and the entries booked.

    Example: copq corrections list --state waiting --state not_applicable
    """

    async def ask(conn: Connection) -> list[ListedCorrection]:
        return await list_corrections(conn, tuple(state or State), limit)

    found = query_database(ask, database_url, data)
    if as_json:
        print_json({"corrections": [asdict(correction) for correction in found]})
    elif found:
        table("Corrections", _COLUMNS, map(_row, found), left=len(_COLUMNS) - 1)
    else:
        out.print("No correction here.")


_COLUMNS = ["correction", "at", "of event", "by event", "reason", "who", "state", "entries"]


def _row(found: ListedCorrection) -> tuple[Any, ...]:
    return (
        found.event_id, when(found.occurred_at), found.corrects, found.replacement or "–",
        found.reason, found.booked_by or "–", State(found.state).describe(found.why),
        str(len(found.entries)),
    )  # fmt: skip
