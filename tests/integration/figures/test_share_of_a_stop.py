"""A stop's share of a window: Python and Postgres compute the same, to the last decimal."""

from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from random import Random
from typing import Any

from copq.figures.trailing import share_of_stop
from copq.ledger.arithmetic import MONEY, ZERO

START = datetime.fromisoformat("2026-06-30T11:00:00+00:00")
END = START + timedelta(hours=1)
_PART = (
    "select copq.part_of_stop(amount, begun, seconds, $4, $5) "
    "from unnest($1::numeric[], $2::timestamptz[], $3::numeric[]) as e (amount, begun, seconds)"
)


def in_python(amount: Decimal, begun: datetime, seconds: Decimal) -> Decimal:
    with localcontext(MONEY):
        inside = share_of_stop(begun, seconds, START, END)
        return inside.share(amount) if inside.part else ZERO


async def test_postgres_and_python_agree_on_every_share(conn: Any) -> None:
    random = Random(7)
    entries = []
    for _ in range(3_000):
        sign = random.choice((1, -1))
        amount = sign * Decimal(random.randrange(1, 10**12)).scaleb(-9)
        begun = START + timedelta(microseconds=random.randrange(-(10**10), 4 * 10**9))
        entries.append((amount, begun, sign * Decimal(random.randrange(1, 10**9)).scaleb(-6)))
    halves = [(Decimal(n).scaleb(-9), END - timedelta(seconds=1), Decimal(2)) for n in (1, 3, -5)]
    edges = [(Decimal(1), START - timedelta(seconds=2), Decimal(2)), (Decimal(1), END, Decimal(2)),
             (Decimal(1), START, Decimal(3_600))]  # fmt: skip
    entries += [*halves, *edges]
    rows = await conn.fetch(_PART, *map(list, zip(*entries, strict=True)), START, END)
    found = [row[0] for row in rows]
    assert found == [in_python(*entry) for entry in entries]
    assert found[-6:] == [Decimal("1E-9"), Decimal("2E-9"), Decimal("-3E-9"), 0, 0, 1]
