"""An id belongs to the line of the event that first had it: no other is lost because of it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import localcontext
from typing import Any

import asyncpg
import pytest
from aiokafka.structs import ConsumerRecord

from copq.access.sender import Sender
from copq.aggregator.booking import rejected_events
from copq.aggregator.fetched_batch import Fetched
from copq.aggregator.readings import PricedEvents
from copq.figures.corrections import list_corrections
from copq.figures.offline import price_offline
from copq.figures.verify import verify
from copq.ingest.intake import Status
from copq.kafka.identity import origin_of
from copq.kafka.topics import PRICED
from copq.ledger.arithmetic import MONEY
from copq.ledger.corrections import MOST, KnownEvent, ReportedCorrection, rule
from copq.posting.batch import Batch
from copq.posting.post import Posted, post
from copq.posting.rejected import keep_rejected
from copq.pricing.price import price
from copq.rates.store import import_rates
from copq.schemas.decode import decode
from copq.schemas.priced import encode
from copq.standalone.intake import LedgerIntake, pool_of
from tests.integration.aggregator.test_correcting import correction
from tests.support.building import book, defect, plant, rates, store_rates

AT = "2026-03-02T10:00:00+01:00"
LATER = "2026-03-02T12:00:00+01:00"
BOOK = book(plant(), plant("south"))
Sent = tuple[bytes, str | None]
SOUTH = {"plant": "south", "line": "L9"}


async def send(conn: asyncpg.Connection, *events: Sent) -> Posted:
    """Post events of senders as one batch."""
    await store_rates(conn, BOOK)
    batch = Batch()
    with localcontext(MONEY):
        for number, (raw, who) in enumerate(events):
            batch.add(encode(raw, price(decode(raw), BOOK)), 0, number, sent_by=who)
    async with conn.transaction():
        return await post(conn, batch, BOOK)


async def booked(conn: asyncpg.Connection) -> list[tuple[str, int]]:
    """What stands, by plant, after proof that all is as it must be."""
    assert await verify(conn) == []
    rows = await conn.fetch("select plant, sum(net) as net from copq.ledger group by 1 order by 1")
    return [(row["plant"], int(row["net"])) for row in rows if row["net"]]


def refused(posted: Posted) -> list[tuple[str, str | None, str]]:
    return [(one.refusal.code, one.sent_by, one.event_id) for one in posted.taken]


REAL = (defect("press-1", AT, 5), "mes-north")
FORGED = (defect("press-1", AT, 1, **SOUTH), "operator-south")


@pytest.mark.parametrize("together", [True, False])
async def test_an_id_of_another_line_is_refused_and_never_a_duplicate(
    conn: Any, together: bool
) -> None:
    if together:
        posted = await send(conn, FORGED, REAL)
    else:
        await send(conn, FORGED)
        posted = await send(conn, REAL)
    assert refused(posted) == [("id_taken", "mes-north", "press-1")]
    assert posted.duplicates == frozenset()
    assert posted.taken[0].payload == REAL[0]
    assert await booked(conn) == [("south", 10)]


async def test_the_owner_may_send_it_again_whatever_came_between(conn: Any) -> None:
    """Byte for byte, in other bytes, and in one batch with the event of the other line."""
    await send(conn, REAL)
    other_bytes = json.dumps({**json.loads(REAL[0]), "source": "again"}).encode()
    posted = await send(conn, FORGED, REAL, (other_bytes, "mes-north"))
    assert refused(posted) == [("id_taken", "operator-south", "press-1")]
    assert posted.fresh == 0
    assert await booked(conn) == [("north", 50)]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ((defect("press-1", AT, 7), "mes-north"), []),  # the same sender, other bytes
        ((defect("press-1", LATER, 7), "mes-north"), []),  # the same sender decides
        ((defect("press-1", AT, 5), "gateway-2"), []),  # the same event by another way
        ((defect("press-1", "2026-03-02T09:00:00Z", 5), "gateway-2"), []),  # in another spelling
        ((defect("press-1", LATER, 5), "gateway-2"), ["id_taken"]),  # another event
    ],
)
async def test_on_one_line_an_event_is_another_by_its_sender_and_instant(
    conn: Any, second: Sent, code: list[str]
) -> None:
    await send(conn, REAL)
    assert [code for code, *_ in refused(await send(conn, second))] == code
    assert await booked(conn) == [("north", 50)]


async def test_a_repeat_of_a_refused_event_is_refused_too(conn: Any) -> None:
    await send(conn, FORGED)
    again = (defect("press-1", AT, 6), "mes-north")
    assert len(refused(await send(conn, REAL, again))) == 2


async def test_a_replacement_takes_no_id_of_another_line(conn: Any) -> None:
    await send(conn, REAL, (defect("a", AT, 2, **SOUTH), "operator-south"))
    brings = defect("press-1", AT, 1, **SOUTH)
    await send(conn, (correction("c", "a", brings, **SOUTH), "operator-south"))
    [found] = await list_corrections(conn)
    assert (found.state, await booked(conn)) == (
        "not_applicable", [("north", 50), ("south", 20)],
    )  # fmt: skip
    assert found.why is not None and "send the correction again" in found.why


def test_a_correction_that_cannot_apply_is_no_cause_of_what_happens() -> None:
    """Of another line, it brings the replacement's id too: it does not void that."""
    at, north, south = datetime.fromisoformat(AT), ("north", "L1"), ("south", "L9")
    brings = ReportedCorrection("brings", "a", "new", at, *north, *north)
    voids = ReportedCorrection("voids", "brings", None, at, *north)
    strange = ReportedCorrection("strange", "b", "new", at + timedelta(hours=1), *south, *south)
    known = {e: KnownEvent(*north) for e in ("a", "brings", "voids")}
    known |= {
        "new": KnownEvent(*north, alone=False),
        "b": KnownEvent(*south),
        "strange": KnownEvent(*south),
    }
    ruling = rule([brings, voids, strange], known)
    assert not ruling.stands("new")
    assert ruling.cause("new", {"a": "brings"}) == "voids"


async def test_an_event_is_not_lost_where_a_replacement_has_its_id(conn: Any) -> None:
    brings = defect("press-1", AT, 1, **SOUTH)
    await send(
        conn, (defect("a", AT, 2, **SOUTH), None), (correction("c", "a", brings, **SOUTH), None)
    )
    assert refused(await send(conn, REAL)) == [("id_taken", "mes-north", "press-1")]
    assert await booked(conn) == [("south", 10)]


async def test_an_id_that_a_stranger_only_named_is_still_free(conn: Any) -> None:
    await send(conn, (correction("c", "press-1", **SOUTH), "operator-south"))
    assert refused(await send(conn, REAL)) == []
    assert await booked(conn) == [("north", 50)]


@pytest.mark.parametrize("before", [True, False])
async def test_strangers_do_not_use_up_the_corrections_of_an_event(conn: Any, before: bool) -> None:
    strange = [
        (correction(f"s{n:03}", "press-1", **{**SOUTH, "line": f"L{n % 3}"}), "operator-south")
        for n in range(MOST + 50)
    ]
    for batch in [strange, [REAL]] if before else [[REAL], strange]:
        await send(conn, *batch)
    await send(conn, (correction("mine", "press-1", defect("better", AT, 3)), "mes-north"))
    states = {c.event_id: c.state for c in await list_corrections(conn)}
    assert states.pop("mine") == "applied"
    assert set(states.values()) == {"not_applicable"}
    assert await booked(conn) == [("north", 30)]
    beyond = await conn.fetchval("select count(*) from copq.correction where beyond")
    assert beyond == 50, "those of other lines share one hundred"


async def test_the_sender_is_told_and_the_event_is_kept(conn: Any, database: str) -> None:
    """By the intake that HTTP, the form, MQTT and files hand their events to."""
    await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    pool = await pool_of(database)
    try:
        intake = LedgerIntake(pool)
        south = Sender("operator-south", frozenset({("south", "L9")}))
        [first] = await intake.accept([FORGED[0]], south)
        answers = await intake.accept([REAL[0], defect("own", AT)], Sender("mes-north"))
        assert first.status is Status.ACCEPTED
        assert [a.status for a in answers] == [Status.REFUSED, Status.ACCEPTED]
        [kept] = await conn.fetch("select code, sent_by, payload from copq.rejected")
        assert tuple(kept) == ("id_taken", "mes-north", REAL[0])
    finally:
        await pool.close()


def test_a_file_priced_without_a_database_refuses_it_as_well() -> None:
    found = price_offline(
        [FORGED[0], REAL[0], FORGED[0]], BOOK, decode(defect("now", LATER)).occurred_at
    )
    assert [r.refusal.code for r in found.refused] == ["id_taken"]
    assert found.duplicates == 1


async def test_what_the_stream_keeps_names_the_message(conn: Any) -> None:
    """The record of the topic it came by, with the event's own bytes, to be replayed."""
    await send(conn, FORGED)
    posted = await send(conn, (defect("first", AT), None), REAL)
    record = ConsumerRecord(PRICED, 0, 1, 0, 0, None, b"priced", None, 0, 0, ())
    [kept] = rejected_events(posted, Fetched({0: [record]}, {}, PricedEvents()))
    assert (kept.code, kept.sent_by, kept.payload) == ("id_taken", "mes-north", REAL[0])
    assert kept.origin is not None
    assert kept.origin == origin_of(record)


async def test_a_refused_id_that_costing_wrote_twice_is_kept_once(conn: Any) -> None:
    """A worker that is killed between its messages and its commit writes the same again."""
    await send(conn, FORGED)
    posted = await send(conn, REAL)
    now = datetime.now(UTC)
    for offset in (5, 6):
        record = ConsumerRecord(PRICED, 0, offset, offset, 0, None, b"", None, 0, 0, ())
        await keep_rejected(conn, [one.rejected(origin_of(record), now) for one in posted.taken])
    rows = await conn.fetch("select code, sent_by, payload from copq.rejected")
    assert [tuple(row) for row in rows] == [("id_taken", "mes-north", REAL[0])]
