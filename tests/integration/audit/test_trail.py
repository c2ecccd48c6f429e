"""The audit trail: what is written of a decision, and that nobody changes it unseen."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from copq.access.authority import Actor, sign
from copq.access.door import Role
from copq.access.store import Grant, add_token, mark_used, revoke_token
from copq.access.token import new_token
from copq.audit.exported import line_of, link_of, links_in
from copq.audit.store import newest_rows, rows
from copq.audit.trail import AuditRow, Chain, Fault, Head, change, record, seal
from copq.rates.store import import_rates
from tests.support.building import rates
from tests.support.tampering import tampering


async def _grant(conn: asyncpg.Connection, name: str, why: str = "") -> None:
    async with conn.transaction():
        await sign(conn, Actor("anna"), why)
        await add_token(conn, Grant(name, Role.OPERATOR), new_token(), "anna")


async def _trail(conn: asyncpg.Connection) -> list[AuditRow]:
    return [row async for row in rows(conn)]


def prove(trail: Sequence[AuditRow], expected: Head | None = None) -> list[Fault]:
    chain = Chain(expected)
    return [*(fault for row in trail for fault in chain.take(link_of(row))), *chain.end()]


async def test_a_decision_is_written_with_who_what_why_and_from_where(
    conn: asyncpg.Connection,
) -> None:
    await conn.execute("set application_name = 'copq tokens create on desk-3'")
    await _grant(conn, "press", "a new press")
    await revoke_token(conn, "press", "bert")
    made, revoked = await _trail(conn)
    assert (made.who, made.why, made.action, made.subject) == (
        "anna", "a new press", "insert", "copq.token",
    )  # fmt: skip
    assert (made.client, made.application) == ("local", "copq tokens create on desk-3")
    assert made.db_user == revoked.who == "postgres" and revoked.why is None
    assert change(revoked).keys() == {"revoked_at", "revoked_by"}
    assert change(revoked)["revoked_by"] == (None, "bert")


async def test_no_secret_is_in_the_trail_and_a_use_is_no_decision(conn: asyncpg.Connection) -> None:
    await _grant(conn, "press")
    await mark_used(conn, ["press"])
    assert await conn.fetchval("select last_used_at is not null from copq.token")
    [made] = await _trail(conn)
    assert made.new is not None
    assert not {"hash", "last_used_at"} & json.loads(made.new).keys()


async def test_what_is_rolled_back_was_never_decided(conn: asyncpg.Connection) -> None:
    await _grant(conn, "a")
    with pytest.raises(ZeroDivisionError):
        async with conn.transaction():
            await add_token(conn, Grant("b", Role.ADMIN), new_token(), "anna")
            raise ZeroDivisionError
    await _grant(conn, "c")
    trail = await _trail(conn)
    assert [row.seq for row in trail] == [1, 2] and prove(trail) == []


HOSTILE = [
    'quote " backslash \\ slash /', "line\nfeed\ttab \x01 \x1f \x7f", "Grüße 日本 🏭  ",
    '"},"hash":"', "%s :name $1", "-- ; drop", "{\\u0000}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_the_seal_is_over_the_same_text_whoever_writes_it(
    conn: asyncpg.Connection, text: str
) -> None:
    async with conn.transaction():
        await sign(conn, Actor(text), text)
        await conn.execute(
            "insert into copq.target (effective_from, ratio, set_by, source) "
            "values ('2026-03-29T01:30:00+01', 0.0340, $1, $1)",
            text,
        )
    trail = await _trail(conn)
    assert [record(row) for row in trail] == [
        row["text"]
        for row in await conn.fetch("select copq.audit_record(a) as text from copq.audit a")
    ]
    assert json.loads(record(trail[0]))["new"]["set_by"] == text
    assert prove(trail) == []


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Europe/Berlin"])
async def test_the_chain_holds_in_any_time_zone(conn: asyncpg.Connection, zone: str) -> None:
    await conn.execute("set timezone = 'America/St_Johns'")
    await import_rates(conn, rates(), "rates.yaml", "anna")
    await conn.execute(f"set timezone = '{zone}'")
    await _grant(conn, "press")
    trail = await _trail(conn)
    assert len(trail) > 4 and prove(trail) == []
    assert [row["ok"] for row in await conn.fetch(
        "select hash = sha256(coalesce(lag(hash) over (order by seq), '')"
        " || convert_to(copq.audit_record(a), 'UTF8')) as ok from copq.audit a"
    )] == [True] * len(trail)  # fmt: skip


async def test_nobody_changes_removes_or_empties(conn: asyncpg.Connection) -> None:
    await _grant(conn, "press")
    for sql in (
        "update copq.audit set who = 'bert'", "delete from copq.audit", "truncate copq.audit",
        "truncate copq.token", "truncate copq.target", "delete from copq.token",
    ):  # fmt: skip
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute(sql)


TAMPERINGS = [
    ("update copq.audit set who = 'bert' where seq = 2", [2]),
    ("update copq.audit set new = new || '{\"role\": \"admin\"}' where seq = 3", [3]),
    ("update copq.audit set at = at + interval '1 microsecond' where seq = 1", [1]),
    ("update copq.audit set why = '' where seq = 4", [4]),
    ("delete from copq.audit where seq = 2", [2]),
    ("delete from copq.audit where seq between 2 and 3", [2]),
    ("delete from copq.audit where seq = 1", [1]),
    ("update copq.audit set seq = 9 where seq = 5", [5]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "seqs"), TAMPERINGS)
async def test_a_tampering_shows(conn: asyncpg.Connection, sql: str, seqs: list[int]) -> None:
    for name in "abcde":
        await _grant(conn, name)
    assert prove(await _trail(conn)) == []
    async with tampering(conn):
        await conn.execute(sql)
    assert [fault.seq for fault in prove(await _trail(conn))] == seqs


async def test_a_row_sealed_anew_breaks_the_next(conn: asyncpg.Connection) -> None:
    for name in "abc":
        await _grant(conn, name)
    first, second, _ = await _trail(conn)
    forged = second._replace(who="x")
    async with tampering(conn):
        await conn.execute(
            "update copq.audit set who = 'x', hash = $1 where seq = 2",
            seal(first.hash, record(forged)),
        )
    assert [fault.seq for fault in prove(await _trail(conn))] == [3]


async def test_an_end_cut_off_or_a_trail_written_anew_shows_by_the_head_that_was_kept(
    conn: asyncpg.Connection,
) -> None:
    for name in "abc":
        await _grant(conn, name)
    kept = Head(3, (await _trail(conn))[-1].hash)
    assert prove(await _trail(conn), kept) == []
    async with tampering(conn):
        await conn.execute("delete from copq.audit where seq = 3")
    assert prove(await _trail(conn)) == []
    assert [fault.seq for fault in prove(await _trail(conn), kept)] == [2]
    await _grant(conn, "d")
    assert [fault.seq for fault in prove(await _trail(conn), kept)] == [3]


async def test_an_export_is_proved_without_the_database(conn: asyncpg.Connection) -> None:
    for text in HOSTILE:
        await _grant(conn, "press" + str(len(text)) + text[0], text)
    trail = await _trail(conn)
    lines = [line_of(row).encode() for row in trail]
    assert [json.loads(line)["record"]["why"] for line in lines] == HOSTILE
    assert list(links_in(lines)) == list(map(link_of, trail))
    chain = Chain()
    assert [f for link in links_in(lines) for f in chain.take(link)] == []
    chain = Chain()
    del lines[2]
    lines[3] = lines[3].replace(b"anna", b"bert")
    assert [f.seq for link in links_in(lines) for f in chain.take(link)] == [3, 5]


async def test_decisions_of_two_at_once_are_one_chain(
    database: str, conn: asyncpg.Connection
) -> None:
    other = await asyncpg.connect(database)
    first = conn.transaction()
    await first.start()
    await add_token(conn, Grant("a", Role.OPERATOR), new_token(), "anna")
    waiting = asyncio.create_task(add_token(other, Grant("b", Role.OPERATOR), new_token(), "bert"))
    pid = other.get_server_pid()
    while not await conn.fetchval("select cardinality(pg_blocking_pids($1)) > 0", pid):
        await asyncio.sleep(0.01)
    await first.commit()
    await waiting
    await other.close()
    trail = await _trail(conn)
    assert [row.seq for row in trail] == [1, 2] and prove(trail) == []


async def test_it_is_found_by_table_person_and_time(conn: asyncpg.Connection) -> None:
    await _grant(conn, "a")
    await import_rates(conn, rates(), "rates.yaml", "anna")
    await _grant(conn, "b")
    found: Any = await newest_rows(conn, subject="copq.token", who="anna")
    assert [json.loads(row.new)["name"] for row in found] == ["b", "a"]
    assert await newest_rows(conn, subject="copq.token", since=found[0].at) == found[:1]
    assert await newest_rows(conn, limit=1) == found[:1]
