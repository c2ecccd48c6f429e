"""Whether the summary follows from the ledger."""

from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.difference import Difference
from copq.schemas.priced import FAILURES
from copq.summary.position import read_position

_SQL = Queries.of(__file__)
_FIGURES = (
    "entries", "unconverted", "quantity", "seconds", "net", "squares", "reporting_net",
    "reporting_squares",
)  # fmt: skip


async def verify_summary(conn: Connection) -> list[Difference]:
    """Rows of the summary that the entries up to its position do not make."""
    position = await read_position(conn)
    if position.held_at is None:
        return []
    which = {
        "horizon": position.horizon, "until": position.until, "newest": position.newest,
        "occurred_before": position.occurred_before,
    }  # fmt: skip
    query = _SQL.differences(**which, declared=position.declared, failures=list(map(str, FAILURES)))
    rows = await conn.fetch(*query, timeout=None)
    days = await conn.fetch(*_SQL.day_differences(**which), timeout=None)
    return [*map(_difference, rows), *map(_of_day, days)]


def _of_day(row: Record) -> Difference:
    numbers = row["ledger_entries"], row["summary_entries"]
    sides = [None if number is None else {"entries": number} for number in numbers]
    return Difference("summary", {"plant": row["plant"], "day": row["day"]}, *sides)


def _difference(row: Record) -> Difference:
    sides = [_side(row, "ledger"), _side(row, "summary")]
    subject = {
        name: value
        for name, value in row.items()
        if value not in ("", None) and not name.startswith(("ledger_", "summary_"))
    }
    if None not in sides:
        sides = _unlike(*sides)
    return Difference("summary", subject, *sides)


def _side(row: Record, side: str) -> dict[str, Any] | None:
    if row[f"{side}_entries"] is None:
        return None
    return {name: row[f"{side}_{name}"] for name in _FIGURES}


def _unlike(expected: Any, found: Any) -> list[dict[str, Any] | None]:
    names = [name for name in _FIGURES if expected[name] != found[name]]
    return [{name: side[name] for name in names} for side in (expected, found)]
