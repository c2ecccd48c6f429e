"""What a superuser does who changes figures and covers it up."""

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures import verify
from tests.support.tampering import tampering

_ROLLUPS = Queries.of(verify.__file__).verify_rollups.text
_FOLDED = _ROLLUPS.split("\nselect\n    grain, plant, line")[0]


async def attack(conn: Connection, *statements: str) -> None:
    """Change what is append-only; the rollups are made to agree with the ledger again."""
    async with tampering(conn):
        for sql in statements:
            done = await conn.execute(sql)
            assert not done.endswith(" 0"), f"{sql} changed nothing"
        await conn.execute("delete from copq.rollup")
        await conn.execute(
            "insert into copq.rollup (grain, plant, line, product, element, category, currency, "
            "day, hour, entries, quantity, gross, recovered, allowed, net, seconds, base, good, "
            "ungraded, reporting_gross, reporting_recovered, reporting_net, reporting_base, "
            f"unconverted) {_FOLDED} select * from by_grain"
        )
