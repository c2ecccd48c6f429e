"""A sender brings so many names and no more; those that the rate book knows do not count."""

from typing import Any

import asyncpg
import pytest

from copq.access.sender import ANYONE, Sender
from copq.ingest.intake import Status
from copq.ingest.names import Names
from copq.rates.store import import_rates
from copq.schemas.decode import decode
from copq.schemas.refusal import Refused
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.building import book, defect, plant, rates

AT = "2026-03-02T10:00:00+01:00"
BOOK = book(plant(lines=("L1", "L2", "L3", "L4")))


def brings(names: Names, sender: str | None = "press", **facts: Any) -> str:
    """The code with which an event of these facts is refused, or nothing."""
    try:
        names.check(decode(defect("a", AT, **facts)), sender, BOOK)
    except Refused as refused:
        return f"{refused.refusal.code} {refused.refusal.field}"
    return ""


@pytest.mark.parametrize(
    "kind", ["plant", "line", "product", "stage", "work_unit", "defect_code", "shift", "supplier"]
)
def test_a_sender_may_bring_so_many_of_a_kind(kind: str) -> None:
    names = Names(most=2)
    assert [brings(names, **{kind: name}) for name in ("a", "b", "a", "b")] == [""] * 4
    assert brings(names, **{kind: "c"}) == f"too_many_names {kind}"
    assert brings(names, **{kind: "a"}) == "", "one that it has brought it may go on with"
    assert brings(names, "another", **{kind: "c"}) == "", "each sender has its own"


def test_names_of_the_rate_book_do_not_count() -> None:
    names = Names(most=1)
    known = [{"line": f"L{n}"} for n in (1, 2, 3, 4)] + [{"stage": "S1"}, {"stage": "S2"}]
    assert [brings(names, **facts) for facts in known] == [""] * 6
    assert brings(names, line="X") == ""


def test_what_is_refused_brings_nothing() -> None:
    names = Names(most=1)
    assert brings(names, product="a") == ""
    assert brings(names, product="b", line="X") == "too_many_names product"
    assert brings(names, line="Y") == "", "line X was not counted"


def test_who_has_no_name_is_not_limited() -> None:
    names = Names(most=1)
    assert {brings(names, None, line=f"X{n}") for n in range(5)} == {""}


async def test_the_count_outlives_a_restart_and_what_is_refused_is_kept(
    conn: asyncpg.Connection, database: str
) -> None:
    await import_rates(conn, rates(plant(lines=("L1",))), "rates.yaml", "test")
    pool = await pool_of(database)
    sender = Sender("press")
    try:
        for run in range(2):
            intake = LedgerIntake(pool, names=Names(most=2))
            raws = [defect(f"{run}-{n}", AT, line=f"X{run}{n}") for n in range(3)]
            said = [answer.status for answer in await intake.accept(raws, sender)]
            new = [Status.ACCEPTED, Status.ACCEPTED, Status.REFUSED]
            assert said == (new if run == 0 else [Status.REFUSED] * 3)
        known = await intake.accept([defect("own", AT), defect("again", AT, line="X00")], sender)
        assert [answer.status for answer in known] == [Status.ACCEPTED] * 2
        [anybody] = await intake.accept([defect("host", AT, line="X99")], ANYONE)
        assert anybody.status is Status.ACCEPTED
        kept = await conn.fetch("select code, sent_by from copq.rejected")
        assert {tuple(row) for row in kept} == {("too_many_names", "press")} and len(kept) == 4
    finally:
        await pool.close()
