"""Proof that the ledger has each day of each standing cost once, at the right amount.

Postgres reckons the amounts here; `copq.ledger.standing_costs` did when they were booked.
"""

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.ledger.difference import Difference
from copq.standing_costs.checks import currency_spans

_SQL = Queries.of(__file__)
_SUBJECT = ("plant", "line", "name", "day", "element", "currency")


async def standing_cost_days(conn: Connection) -> list[Difference]:
    """Days that lack the entry of a cost, have one too many, or have another amount.

    It takes the versions and days that are said to be in the ledger. Call it in a transaction.
    """
    books = Books()
    spans = [
        (row["plant"], *span)
        for row in await conn.fetch(*_SQL.verify_standing_positions())
        for span in currency_spans((await books.as_of(conn, row["revision"])).sites[row["plant"]])
    ]
    names = ("plants", "currencies", "starts", "ends")
    columns = {name: [span[n] for span in spans] for n, name in enumerate(names)}
    return list(map(_difference, await conn.fetch(*_SQL.verify_standing_costs(**columns))))


def _difference(row: Record) -> Difference:
    due = None if row["due"] is None else {"net": row["due"], "entries": 1}
    found = None if row["booked"] is None else {"net": row["booked"], "entries": row["entries"]}
    return Difference("standing_cost", {name: row[name] for name in _SUBJECT}, due, found)
