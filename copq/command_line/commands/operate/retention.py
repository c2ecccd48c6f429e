"""`copq retention`: dropping the bytes of old events, never their entries."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.access.door import Role
from copq.command_line.acting import ByOption, actor
from copq.command_line.commands.read.figures import when
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.options import JsonOption, PlantOption
from copq.command_line.terminal import err, fail, out, print_json, size, table
from copq.database.connections import OWNER
from copq.figures.names import UnknownName
from copq.rates.store import load
from copq.retention import store
from copq.retention.age import first_kept
from copq.retention.apply import Progress, apply
from copq.retention.bounds import bounds
from copq.retention.store import EVENTS, REFUSED, Bounds, Order

app = typer.Typer(
    help="Drop the bytes of old events and refused messages. Ledger entries are never dropped.",
    no_args_is_help=True,
)
EventsOption = Annotated[
    str | None,
    typer.Option(
        "--older-than", metavar="AGE",
        help="Events of months that ended so long ago: 24m, 2y. Their entries stay.",
    ),
]  # fmt: skip
RefusedOption = Annotated[
    str | None,
    typer.Option("--refused-older-than", metavar="AGE", help="Messages refused so long ago: 6m."),
]


@app.command()
def plan(
    older_than: EventsOption = None,
    refused_older_than: RefusedOption = None,
    plant: PlantOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Say what `apply` would drop, by plant and month. Changes nothing.

    Example: copq retention plan --older-than 24m --refused-older-than 6m
    """
    orders = _orders(older_than, refused_older_than, plant)

    async def ask(conn: Connection) -> dict[str, list[dict[str, Any]]]:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return {order.subject: await _plan_order(conn, order) for order in orders}

    found = query_database(ask, database_url, data)
    if as_json:
        print_json({"before": {o.subject: o.before for o in orders}, **found})
        return
    for order in orders:
        _show_plan(order, found[order.subject])


async def _plan_order(conn: Connection, order: Order) -> list[dict[str, Any]]:
    if order.subject == REFUSED:
        return [dict(await store.plan_refused(conn, order))]
    return [dict(row) for row in await store.plan_events(conn, await _bounds(conn, order))]


def _show_plan(order: Order, rows: list[dict[str, Any]]) -> None:
    if order.subject == REFUSED:
        [row] = rows
        out.print(
            f"Refused before {order.before}: {row['messages']:,} messages of {size(row['bytes'])}, "
            f"of which {row['waiting']:,} still wait to be replayed, and could not be any more."
        )
    elif rows:
        table(
            f"Events before {order.before} whose bytes would be dropped",
            ["plant", "month", "events", "bytes", "kept: not booked yet"],
            [(row["plant"], f"{row['month']:%Y-%m}", f"{row['events']:,}", size(row["bytes"]),
              f"{row['kept']:,}") for row in rows],
            left=2,
        )  # fmt: skip
    else:
        out.print(f"No event before {order.before} has bytes.")


@app.command("apply")
def apply_command(
    why: Annotated[str, typer.Option(help="Why: the policy that says so.")],
    older_than: EventsOption = None,
    refused_older_than: RefusedOption = None,
    plant: PlantOption = None,
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Drop the bytes for good, in batches, while events arrive.

    After an interruption, the same command continues. Take a backup first.

    For admins: once an admin token exists, COPQ_TOKEN must hold one.

    Example: copq retention apply --older-than 24m --why "records policy 7.2"
    """
    orders = _orders(older_than, refused_older_than, plant)

    async def ask(conn: Connection) -> list[dict[str, Any]]:
        who = await actor(conn, Role.ADMIN, by)
        who.require([(order.plant, None) for order in orders])
        return [await _carry_out(conn, order, who, why) for order in orders]

    done = query_database(ask, database_url, data, OWNER)
    if as_json:
        print_json({"retentions": done})
        return
    for row in done:
        out.print(
            f"Retention {row['retention']}: {row['dropped']:,} {row['subject']} before "
            f"{row['before']} have lost their bytes, {size(row['bytes'])}; "
            f"{size(row['given_back'])} of disk given back.",
            soft_wrap=True,
        )
        for month in row["busy"]:
            out.print(f"{month:%Y-%m} was in use: its room is used again, but not given back.")


async def _carry_out(conn: Connection, order: Order, who: Any, why: str) -> dict[str, Any]:
    given_back, busy = 0, []
    limits = await _bounds(conn, order) if order.subject == EVENTS else {}
    progress: Progress | None = None
    with err.status(f"Dropping bytes of {order.subject} before {order.before} …") as status:
        async for progress in apply(conn, order, limits, who, why):
            given_back += progress.given_back or 0
            busy += [progress.month] if progress.busy else []
            if progress.month is not None:
                status.update(f"{progress.month:%Y-%m}: {progress.run.dropped:,} so far …")
    assert progress is not None
    run = progress.run
    return {
        "retention": run.number, "subject": order.subject, "before": order.before,
        "plant": order.plant, "dropped": run.dropped, "bytes": run.bytes,
        "given_back": given_back, "busy": busy,
    }  # fmt: skip


@app.command("list")
def list_(
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List what was dropped, the newest first: who ordered it, when and why."""

    async def ask(conn: Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in await store.history(conn)]

    rows = query_database(ask, database_url, data)
    if as_json:
        print_json({"retentions": rows})
    elif rows:
        columns = ["retention", "ordered at", "by", "why", "of", "before", "plant", "ended",
                   "dropped", "bytes"]  # fmt: skip
        table("Retention", columns, map(_history_row, rows), left=len(columns) - 2)
    else:
        out.print("Nothing was dropped yet.")


def _history_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(row["retention"]), when(row["ordered_at"]), row["ordered_by"], row["why"],
        row["subject"], str(row["before"]), row["plant"] or "all",
        when(row["finished_at"]) if row["finished_at"] else "not yet",
        f"{row['dropped']:,}", size(row["bytes"]),
    )  # fmt: skip


def _orders(events: str | None, refused: str | None, plant: str | None) -> list[Order]:
    if events is None and refused is None:
        fail("say what may go: --older-than 24m for events, --refused-older-than 6m for messages")
    if plant is not None and events is None:
        fail("--plant is for events: give --older-than with it")
    today = datetime.now(UTC).date()
    asked: list[tuple[str, str | None, str | None]] = [
        (EVENTS, events, plant),
        (REFUSED, refused, None),
    ]
    return [Order(subject, _first(age, today), of) for subject, age, of in asked if age is not None]


def _first(age: str, today: date) -> date:
    try:
        return first_kept(age, today)
    except ValueError as error:
        fail(str(error))


async def _bounds(conn: Connection, order: Order) -> Bounds:
    try:
        return await bounds(conn, await load(conn), order.before, order.plant)
    except UnknownName as error:
        fail(str(error))
