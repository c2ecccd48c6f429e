"""The tables under audit compared with the trail: each row must come from a decision."""

import json
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.difference import Difference

_SQL = Queries.of(__file__)


async def untraced_rows(conn: Connection) -> list[Difference]:
    """Rows without a decision in the trail, and decided rows that are missing or altered.

    Call it in a transaction: it sets the time zone for the rest of it.
    """
    await conn.execute("set local timezone = 'UTC'; set local bytea_output = 'hex'")
    found: list[Difference] = []
    for table in await conn.fetch(*_SQL.under_audit()):
        left_out = table["left_out"].decode().split("\0")[:-1]
        rows = await conn.fetch(
            *_SQL.placing(table=table["name"]).untraced(left_out=left_out, subject=table["subject"])
        )
        found += [_difference(table["subject"], row) for row in rows]
    return found


def _difference(table: str, row: Record) -> Difference:
    content: dict[str, Any] = json.loads(row["row"])
    subject = {"table": table.removeprefix("copq."), **content}
    sides = [{"rows": n} if n else None for n in (row["expected"], row["found"])]
    return Difference("audit_trail", subject, *sides)
