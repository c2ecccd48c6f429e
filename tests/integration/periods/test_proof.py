"""`copq verify`: what was signed off is what the ledger says; what was tampered with shows."""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from copq.figures.verify import verify
from copq.periods.closing import sign_off
from copq.periods.period import PeriodError, month_of
from tests.support.building import defect, post_events, production, stop
from tests.support.periods.building import (
    FEB,
    IN_FEB,
    IN_JAN,
    JAN,
    WHY,
    filled,
    open_again,
    shut,
    voiding,
)


async def two_closed_months(conn: Any) -> None:
    """Of January two closings; of February one, with what came late for January in it."""
    book = await filled(conn)
    day = f"{JAN}-10T"
    await post_events(
        conn, book,
        [production("p", IN_JAN), defect("j", IN_JAN, 5, supplier='"S\\1" é'),
         stop("s", f"{day}12:00:00.25Z", f"{day}12:30:00Z")],
    )  # fmt: skip
    await shut(conn, JAN)
    await open_again(conn, JAN)
    await post_events(conn, book, [defect("k", IN_JAN, 1)])
    await shut(conn, JAN)
    await post_events(conn, book, [defect("late", IN_JAN, 1), defect("f", IN_FEB, 2)])
    await shut(conn, FEB)


async def test_closings_stay_proven_whatever_comes_afterwards(conn: Any) -> None:
    await two_closed_months(conn)
    book = await filled(conn)
    await post_events(conn, book, [voiding("c", "j", IN_JAN), voiding("d", "late", IN_JAN)])
    await open_again(conn, FEB)
    await post_events(conn, book, [voiding("e", "f", IN_FEB)])
    assert await verify(conn) == []


def written(value: Any) -> str:
    """As the digest has it: JSON, instants in UTC, numbers with the digits that they have."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        text, zone = value.isoformat()[:-6], value.isoformat()[-6:]
        value = (text.rstrip("0") if "." in text else text) + zone
    if isinstance(value, date):
        value = value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def array(values: Any) -> bytes:
    return f"[{', '.join(map(written, values))}]".encode()


COLUMNS = (
    "event_id, entry_no, occurred_at, booked_at, reverses, reason, booked_by, corrected_by, "
    "plant, line, product, stage, work_unit, defect_code, shift, supplier, element, category, "
    "quantity, gross, recovered, allowed, net, seconds, base, good, ungraded, currency, "
    "rate_version, labour_version, line_version, hour, day, period, exchange_rate, "
    "reporting_currency, exchange_version"
)


async def test_an_auditor_computes_the_digests_from_the_rows_alone(conn: Any) -> None:
    await two_closed_months(conn)
    figures = await conn.fetch("select * from copq.closing_figure order by 1, 2, 3, 4, 5, 6, 7, 8")
    assert len(figures) == 8
    for figure in figures:
        closed_at = await conn.fetchval(
            "select closed_at from copq.closing where (plant, month, closing) = ($1, $2, $3)",
            figure["plant"], figure["month"], figure["closing"],
        )  # fmt: skip
        rows = await conn.fetch(
            f"select {COLUMNS} from copq.ledger where period = $1 and booked_at <= $2 "
            "and date_trunc('month', day) = $3 and line = $4 and coalesce(product, '') = $5 "
            "and element = $6 order by event_id, entry_no, occurred_at",
            figure["month"], closed_at, figure["of_month"], figure["line"], figure["product"],
            figure["element"],
        )  # fmt: skip
        entries = b"".join(hashlib.sha256(array(row.values())).digest() for row in rows)
        assert figure["digest"] == hashlib.sha256(entries).hexdigest()
    [step] = await conn.fetch(
        "select plant, month, closing, done_at, done_by, why from copq.period_step "
        "where month = '2026-02-01'"
    )
    text = array([*step.values(), {}]) + b"".join(
        array([f[n] for n in f.keys() if n not in ("plant", "month", "closing")])  # noqa: SIM118
        for f in figures if f["month"] == date(2026, 2, 1)
    )  # fmt: skip
    digest = await conn.fetchval("select digest from copq.closing where month = '2026-02-01'")
    assert digest == hashlib.sha256(text).hexdigest()


AGAIN = (
    "insert into copq.ledger select occurred_at, {}, event_id, entry_no + 7, reverses, reason, "
    "booked_by, corrected_by, plant, line, product, stage, work_unit, defect_code, shift, "
    "supplier, element, category, quantity, gross, recovered, allowed, net, seconds, base, good, "
    "ungraded, currency, rate_version, labour_version, line_version, hour, day, {} "
    "from copq.ledger where event_id = 'late'"
)


TAMPERINGS = {
    "update copq.ledger set net = 11, gross = 11 where event_id = 'k'": "closing rollup",
    "update copq.ledger set reason = 'another' where event_id = 'j'": "closing",
    "update copq.ledger set supplier = 'other' where event_id = 'late'": "closing",
    "update copq.ledger set booked_at = now() where event_id = 'k'": "closing booked_in",
    "update copq.ledger set period = '2026-02-01' where event_id = 'j'": "closing booked_in",
    "delete from copq.ledger where event_id = 'f'": "closing rollup",
    AGAIN.format("booked_at", "'2026-01-01'"): "booked_in rollup",
    AGAIN.format("now()", "'2026-02-01'"): "booked_in rollup",
    "update copq.closing_figure set net = net + 1 where closing = 2": "closing signed_off",
    "delete from copq.closing_figure where closing = 2": "closing signed_off",
    "update copq.closing set digest = 'x' where closing = 2": "signed_off",
    "delete from copq.closing where month = '2026-02-01'": "closing",
    "update copq.period_step set why = 'another' where step = 1": "signed_off",
    "update copq.period_step set done_by = 'another' where step = 3": "signed_off",
    "update copq.period set state = 'open', booked_in = null where month > '2026-01-01'": "period",
    "delete from copq.period_step where what = 'reopened'": "period booked_in",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_tampering_shows(conn: Any, tampering: str) -> None:
    """By whoever may switch off triggers."""
    await two_closed_months(conn)
    assert await verify(conn) == []
    await conn.execute("set session_replication_role = replica")
    await conn.execute(tampering)
    found = await verify(conn)
    assert {difference.check for difference in found} >= set(TAMPERINGS[tampering].split()), found
    assert all(str(difference) for difference in found)


async def test_a_closing_that_was_cut_off_shows_and_is_made_up_for(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5)])
    await conn.execute(
        "create function die() returns trigger language plpgsql as "
        "$$ begin raise exception 'power cut'; end $$;"
        "create trigger die before insert on copq.closing for each row execute function die()"
    )
    with pytest.raises(Exception, match="power cut"):
        await shut(conn, JAN)
    [found] = await verify(conn)
    assert found.check == "closing" and found.found is None
    with pytest.raises(PeriodError, match="not signed off"):
        await open_again(conn, JAN)
    await post_events(conn, book, [defect("late", IN_JAN, 1)])
    await conn.execute("drop trigger die on copq.closing")
    assert await sign_off(conn, "north", month_of(JAN), WHY)
    assert not await sign_off(conn, "north", month_of(JAN), WHY)
    assert await verify(conn) == []
    assert await conn.fetchval("select net from copq.closing_figure") == 50
