"""Corrections that hang together: bounded, and of one line."""

from typing import Any

import pytest

from copq.database.queries import Queries
from copq.figures.verify import verify
from copq.posting import correcting
from copq.rates.store import import_rates, load
from tests.integration.aggregator.test_correcting import AT, correction, figures, states
from tests.integration.aggregator.test_taken import LATER, send
from tests.support.building import defect, post_events, rates

L9 = {"plant": "south", "line": "L9"}


async def test_a_chain_of_replacements_ends_at_the_limit(
    conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each link corrects what the one before brought; beyond the limit they change nothing."""
    monkeypatch.setattr(correcting, "CONNECTED", 9)
    await import_rates(conn, rates(), "rates.yaml", "finance")
    book = await load(conn)
    await post_events(conn, book, [defect("e0", AT, 1)])
    for n in range(8):
        link = correction(f"c{n}", f"e{n}", defect(f"e{n + 1}", AT, n + 2))
        await post_events(conn, book, [link])
    found = await states(conn)
    applied = [name for name, state in sorted(found.items()) if state == "applied"]
    assert applied == ["c0", "c1", "c2", "c3"]
    assert found["c7"] == "not_applicable" and await figures(conn) == 50


async def test_a_correction_of_another_line_reaches_nothing_but_itself(conn: Any) -> None:
    """It names an event of L1 and brings the id of another: neither of them is looked at."""
    own = correction("own", "a", defect("b", AT, 3))
    await send(conn, (defect("a", AT, 5), "north"), (own, "north"), (defect("z", AT, 7), "north"))
    foreign = correction("foreign", "a", defect("z", LATER, 1, **L9), **L9)
    await send(conn, (foreign, "south"))
    ids = {
        row["id"]
        for row in await conn.fetch(*Queries.of(correcting.__file__).related_ids(ids=["foreign"]))
    }
    assert ids == {"foreign"}
    assert await states(conn) == {"own": "applied", "foreign": "not_applicable"}
    rows = await conn.fetch(
        "select event_id, sum(net) as net from copq.ledger group by 1 order by 1"
    )
    assert {row["event_id"]: int(row["net"]) for row in rows} == {"a": 0, "b": 30, "z": 70}
    await send(conn, (correction("again", "a", occurred_at=LATER), "north"))
    assert (await states(conn))["again"] == "applied"
    assert await verify(conn) == []
