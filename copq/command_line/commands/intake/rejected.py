"""`copq rejected`: refused events with their reasons, and their replay."""

import asyncio
import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.database import (
    DATA,
    DatabaseOption,
    DataOption,
    connected,
    database,
    query_database,
)
from copq.command_line.exits import Exit
from copq.command_line.kafka import optional_brokers
from copq.command_line.options import JsonOption
from copq.command_line.plaintext import PlaintextOption
from copq.command_line.terminal import cannot, err, fail, out, print_json, table
from copq.ingest.intake import Answer, Intake
from copq.ingest.kafka_intake import KafkaIntake
from copq.ingest.replaying import (
    BY_NUMBER,
    event_id_of,
    is_whole,
    rejected_json,
    replay_rows,
)
from copq.kafka.brokers import Brokers
from copq.kafka.cloudevents import as_structured
from copq.posting.rejected import list_rejected
from copq.standalone.intake import LedgerIntake, pool_of
from copq.web.unavailable import Unavailable

app = typer.Typer(help="Refused events: list them, see their bytes, replay them once fixed.")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those already replayed.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List refused events, the newest first: why, in which field, from where."""

    async def ask(conn: Connection) -> list[Any]:
        return await list_rejected(conn, replayed=everything, limit=limit + 1)

    found = query_database(ask, database_url, data)
    rows = found[:limit]
    if len(found) > limit:
        err.print(f"copq: these are the newest {limit}; older ones with: --limit {10 * limit}")
    if as_json:
        print_json([rejected_json(row) for row in rows])
    elif rows:
        table("Refused events", _COLUMNS, [_row(row) for row in rows], left=len(_COLUMNS))
    else:
        out.print("Nothing refused waits.")


_COLUMNS = ["id", "refused at", "from", "sender", "event", "code", "field", "why"]


def _row(row: Any) -> tuple[str, ...]:
    at = f"{row['rejected_at']:%Y-%m-%d %H:%M:%S} UTC"
    whose = (_origin(row), row["sent_by"] or "–", event_id_of(row) or "–")
    return (str(row["rejected_id"]), at, *whose, row["code"], row["field"], row["message"])


def _origin(row: Any) -> str:
    if row["origin_topic"] is None:
        return "HTTP, MQTT or file"
    return f"{row['origin_topic']}/{row['origin_partition']}@{row['origin_offset']}"


@app.command()
def show(
    rejected_id: Annotated[int, typer.Argument(help="The id that the list shows.")],
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Print a refused event's bytes as received: fix them, and replay them with --with.

    A CloudEvent that came with its attributes in Kafka headers is printed in structured mode.
    """
    row = _find(rejected_id, database_url, data)
    if row["payload"] is None:
        fail(
            f"the bytes of {rejected_id} were dropped by retention {row['dropped_by']}: see "
            "copq retention list",
            Exit.NO,
        )
    text = as_structured(json.loads(row["headers"]), bytes(row["payload"]))
    typer.get_binary_stream("stdout").write(text)


def _find(rejected_id: int, database_url: str | None, folder: Path) -> Any:
    async def ask(conn: Connection) -> list[Any]:
        return await list_rejected(conn, replayed=True, ids=[rejected_id])

    rows = query_database(ask, database_url, folder)
    if not rows:
        fail(f"there is no refused event {rejected_id}; see: copq rejected list --all")
    return rows[0]


@app.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Without ids: all that wait.")] = None,
    fixed: Annotated[Path | None, typer.Option("--with", help="Fixed bytes, for one id.")] = None,
    kafka: Annotated[
        str | None,
        typer.Option(envvar="KAFKA_BOOTSTRAP", help="Send to these brokers, not to the ledger."),
    ] = None,
    plaintext: PlaintextOption = False,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Send refused events again. Those refused again stay in the list; the exit code is then 1."""
    if fixed is not None and len(ids or []) != 1:
        fail("--with goes with one id: copq rejected replay 7 --with fixed.json")
    try:
        bytes_ = fixed.read_bytes() if fixed else None
    except OSError as error:
        cannot("read", str(fixed), error)
    reach = optional_brokers(kafka, plaintext)
    with database(database_url, data) as dsn:
        _refuse_unknown(ids or [], dsn)
        try:
            answers = asyncio.run(_replay(dsn, ids or None, bytes_, reach))
        except Unavailable as error:
            fail(f"{error}; nothing is lost, run it again", Exit.UNAVAILABLE)
    _show_replayed(answers, as_json)


def _refuse_unknown(ids: list[int], dsn: str) -> None:
    """End the command before anything is sent if one of the ids does not exist."""

    async def run() -> set[int]:
        async with connected(dsn) as conn:
            rows = await list_rejected(conn, replayed=True, ids=ids, limit=len(ids))
            return {row["rejected_id"] for row in rows}

    if ids and (unknown := sorted(set(ids) - asyncio.run(run()))):
        which = ", ".join(map(str, unknown))
        fail(f"there is no refused event {which}; nothing was sent. See: copq rejected list --all")


async def _replay(
    dsn: str, ids: list[int] | None, fixed: bytes | None, kafka: Brokers | None
) -> dict[int, Answer]:
    pool = await pool_of(dsn)
    intake: Intake = KafkaIntake(kafka, False) if kafka else LedgerIntake(pool, False)
    try:
        async with pool.acquire() as conn:
            rows = await list_rejected(conn, replayed=ids is not None, ids=ids, limit=100_000)
            whole = [row for row in rows if fixed or is_whole(row)]
            # An event outside its sender's lines or with too many names is replayed only by its
            # number.
            whole = [row for row in whole if ids or row["code"] not in BY_NUMBER]
            return await replay_rows(conn, whole, fixed, intake, getpass.getuser())
    finally:
        if isinstance(intake, KafkaIntake):
            await intake.close()
        await pool.close()


def _show_replayed(answers: dict[int, Answer], as_json: bool) -> None:
    refused = {i: a.refusal for i, a in answers.items() if a.refusal is not None}
    if as_json:
        print_json({"replayed": len(answers) - len(refused), "refused_again": sorted(refused)})
    else:
        out.print(f"Replayed {len(answers) - len(refused)}, refused again {len(refused)}.")
        for rejected_id, refusal in refused.items():
            out.print(f"  {rejected_id}: {refusal.message}", markup=False)
    if refused:
        raise typer.Exit(Exit.NO)
