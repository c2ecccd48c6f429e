"""Archives that somebody prepared: nothing of them is executed, the database stays as it was."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from copq.access.authority import Actor
from copq.audit.anchoring import make_anchor
from copq.backup.archive import Archive, _rows
from copq.backup.contents import Item, foreign_items, items_of
from copq.backup.digest import write_digest
from copq.backup.programs import BackupError, dump
from copq.backup.restoring import restore
from copq.command_line.exits import Exit
from copq.database.connections import DatabaseRole
from copq.figures.verify import verify
from copq.rates.store import import_rates, load
from tests.support.building import defect, post_events, rates
from tests.support.database.shared_server import named
from tests.support.faults.processes import copq

AT = "2026-03-02T10:00:00+01:00"
PUBLIC = "create table public.ran (by text)"
EVIL = (
    "create function copq.evil() returns trigger security definer language plpgsql as "
    "$$ begin insert into public.ran values ('trigger'); return new; end $$"
)
HOSTILE = {
    "a function and a trigger": (
        f"{EVIL}; create trigger evil before insert on copq.ledger for each row "
        "execute function copq.evil()", "FUNCTION copq evil()",
    ),
    "a trigger of a function that copq has": (
        "create trigger evil before insert on copq.stop for each row "
        "execute function copq.refuse_change()", "TRIGGER copq stop evil",
    ),
    "a view": ("create view copq.evil as select * from copq.token", "VIEW copq evil"),
    "an event trigger": (
        "create function public.evil() returns event_trigger language plpgsql as "
        "$$ begin perform 1; end $$; "
        "create event trigger evil on ddl_command_end execute function public.evil()",
        "FUNCTION public evil()",
    ),
    "a table": ("create table copq.extra (a int); insert into copq.extra values (1)",
                "TABLE copq extra"),
    "a table in another schema": ("create table public.extra (a int)", "TABLE public extra"),
    "a type": ("create type copq.evil as (a int)", "TYPE copq evil"),
    "a policy": ("create policy evil on copq.token using (true)", "POLICY copq token evil"),
    "a rule": (
        "create rule evil as on insert to copq.stop do also select 1", "RULE copq stop evil",
    ),
}  # fmt: skip


@pytest.fixture
async def empty(postgres: str) -> AsyncIterator[str]:
    """The address of a database without a schema."""
    server = await asyncpg.connect(postgres)
    await server.execute("drop database if exists emptied with (force)")
    await server.execute("create database emptied")
    yield named(postgres, "emptied")
    await server.execute("drop database emptied with (force)")
    await server.close()


@pytest.fixture
async def filled(conn: asyncpg.Connection) -> asyncpg.Connection:
    """A database with an entry, an anchor and decisions."""
    await import_rates(conn, rates(), "rates.yaml", "finance")
    await post_events(conn, await load(conn), [defect("a", AT, 5)])
    await make_anchor(conn, Actor("anna"), "")
    return conn


async def dumped(database: str, folder: Path) -> Path:
    file = folder / "a.dump"
    await asyncio.to_thread(dump, database, file)
    return file


async def refused(dsn: str, file: Path, **how: Any) -> str:
    """Why it is refused; the database is then as it was."""
    conn = await asyncpg.connect(dsn)
    try:
        with Archive(file) as archive, pytest.raises(BackupError) as why:
            await restore(conn, archive, **how)
        left = "select count(*) from pg_namespace where nspname = 'copq'"
        assert await conn.fetchval(left) == 0
        assert await conn.fetchval("select to_regclass('alembic_version')") is None
    finally:
        await conn.close()
    return str(why.value)


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_copq_does_not_make_is_refused_by_name(
    filled: asyncpg.Connection, database: str, empty: str, tmp_path: Path, what: str
) -> None:
    sql, name = HOSTILE[what]
    await filled.execute(sql)
    said = await refused(empty, await dumped(database, tmp_path))
    assert "the file holds what copq does not make" in said and name in said


async def test_nothing_but_rows_is_taken_where_the_rest_is_left_out(
    filled: asyncpg.Connection, database: str, empty: str, tmp_path: Path
) -> None:
    for what in ("a function and a trigger", "a view", "a table", "a rule"):
        await filled.execute(HOSTILE[what][0])
    await filled.execute(
        f"{PUBLIC}; alter table copq.event alter received_at set default now() + interval '1 y'; "
        "alter table copq.rollup alter ungraded set default 77; "
        "create or replace function copq.refuse_change() returns trigger language plpgsql as "
        "$$ begin return new; end $$"
    )
    file = await dumped(database, tmp_path)
    conn = await asyncpg.connect(empty)
    with Archive(file) as archive:
        await restore(conn, archive, without_others=True)
    assert await conn.fetchval("select to_regclass('public.ran')") is None
    assert await conn.fetchval("select to_regclass('copq.extra')") is None
    defaults = "select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = $1::regclass"
    assert "77" not in {row[0] for row in await conn.fetch(defaults, "copq.rollup")}
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("delete from copq.ledger")
    assert await verify(conn) == []
    await conn.close()


async def test_a_restored_database_is_the_one_that_was_backed_up(
    filled: asyncpg.Connection, database: str, empty: str, tmp_path: Path
) -> None:
    said = await asyncio.to_thread(copq, "backup", str(tmp_path / "a.dump"), "--database", database)
    digest = hashlib.sha256((tmp_path / "a.dump").read_bytes()).hexdigest()
    assert f"SHA-256, to keep elsewhere: {digest}" in said
    assert (tmp_path / "a.dump.sha256").read_text() == f"{digest}  a.dump\n"
    words = ("restore", str(tmp_path / "a.dump"), "--expect", digest.upper(), "--database", empty)
    assert "0 differences" in await asyncio.to_thread(copq, *words)
    conn = await asyncpg.connect(empty)
    for asked in (
        "select seq, hash from copq.audit order by seq", "select * from copq.ledger",
        "select * from copq.event", "select * from copq.anchor_day",
        "select grantee::text, table_name::text, privilege_type::text "
        "from information_schema.role_table_grants where table_schema = 'copq' order by 1, 2, 3",
        "select tgrelid::regclass::text, tgname::text, tgenabled from pg_trigger "
        "where not tgisinternal and tgrelid::regclass::text !~ '_20' order by 1, 2",
        "select sequencename::text, last_value from pg_sequences order by 1",
    ):  # fmt: skip
        assert await conn.fetch(asked) == await filled.fetch(asked), asked
    await conn.close()


async def test_a_restore_needs_no_superuser(
    filled: asyncpg.Connection, database: str, empty: str, tmp_path: Path
) -> None:
    """An owner of the database who may make roles, as `copq migrate` asks."""
    file = await dumped(database, tmp_path)
    roles = ", ".join(role for role in DatabaseRole)
    await filled.execute(
        f"create role restorer login createrole; grant {roles} to restorer with admin option; "
        "alter database emptied owner to restorer"
    )
    conn = await asyncpg.connect(empty, user="restorer")
    with Archive(file) as archive:
        await restore(conn, archive)
    assert await conn.fetchval("select not rolsuper from pg_roles where rolname = current_user")
    assert await conn.fetch("select * from copq.audit") == await filled.fetch(
        "select * from copq.audit"
    )
    assert await verify(conn) == []
    await conn.close()


async def test_a_file_without_the_right_digest_is_left_alone(
    filled: asyncpg.Connection, database: str, empty: str, tmp_path: Path
) -> None:
    file = await dumped(database, tmp_path)
    write_digest(file)
    file.write_bytes(file.read_bytes() + b" ")
    for words in ([], ["--expect", "0" * 64]):
        said = await asyncio.to_thread(
            copq, "restore", str(file), *words, "--database", empty, code=Exit.NO
        )
        assert "is not the file that was backed up" in said
    conn = await asyncpg.connect(empty)
    assert await conn.fetchval("select to_regclass('alembic_version')") is None
    await conn.close()


async def test_a_file_that_was_cut_off_restores_nothing(
    filled: asyncpg.Connection, database: str, empty: str, tmp_path: Path
) -> None:
    file = await dumped(database, tmp_path)
    whole = file.read_bytes()
    for length in (len(whole) - 200, len(whole) // 2, 100, 0):
        file.write_bytes(whole[:length])
        assert "the file" in await refused(empty, file)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"COPY copq.event_other (", b"COPY copq.event_other FROM PROGRAM 'touch /tmp/ran';--"),
        (b"COPY copq.stop (", b"COPY pg_authid ("),
        (b"COPY copq.stop (", b"COPY copq.token("),
        (b"SELECT pg_catalog.setval('copq.target_", b"SELECT lo_import('/etc/passwd');--"),
    ],
)  # fmt: skip
async def test_statements_of_the_archive_are_never_executed(
    filled: asyncpg.Connection, database: str, empty: str, tmp_path: Path, was: bytes,
    becomes: bytes,
) -> None:  # fmt: skip
    """The table of contents holds each statement as text of a length that is given before it."""
    file = await dumped(database, tmp_path)
    whole = file.read_bytes()
    begin = whole.index(was)
    end = whole.index(b"\n" if was.startswith(b"COPY") else b";", begin)
    text = whole[begin:end]
    forged = becomes[: len(text)].ljust(len(text))
    file.write_bytes(whole[:begin] + forged + whole[end:])
    said = await refused(empty, file)
    assert "form of pg_dump's" in said or "COPY" in said or "of another table" in said
    assert not Path("/tmp/ran").exists()


def test_a_list_of_contents_is_read_and_what_is_foreign_is_named() -> None:
    listing = """;
; Archive created at 2026-03-02
215; 1259 16385 TABLE copq ledger_2026_03 postgres
216; 1259 16385 TABLE copq ledger_2026_13 postgres
217; 0 16385 TABLE DATA copq ledger_2026_03 postgres
218; 0 16385 TABLE DATA copq ledger_2026_03 postgres
219; 2620 16400 TRIGGER copq ledger append_only postgres
220; 2620 16400 TRIGGER copq ledger append_only2 postgres
221; 1255 16400 FUNCTION copq make(first date, last date) postgres
222; 3466 16400 EVENT TRIGGER - evil postgres
223; 2615 16384 SCHEMA - copq postgres
224; 2615 16384 SCHEMA - evil postgres
225; 0 0 DEFAULT ACL copq DEFAULT PRIVILEGES FOR TABLES postgres
226; 0 0 ACL copq TABLE ledger postgres
"""
    known = {("TABLE", "ledger_other"), ("TRIGGER", "ledger append_only"), ("FUNCTION", "make"),
             ("SCHEMA", "copq")}  # fmt: skip
    found = [item.number for item in foreign_items(items_of(listing), known)]
    assert found == [216, 218, 220, 222, 224, 225]


ITEM = Item(1, "TABLE DATA", "copq", "stop", "TABLE DATA copq stop")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("rows", [b"", b"a\tb\n", b"a\n\\.b\nc\\.\n" * 3])
async def test_rows_end_where_their_end_is_however_they_are_read(rows: bytes, size: int) -> None:
    text = rows + b"\\.\n\n\nSELECT evil();\n"

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    assert b"".join([piece async for piece in _rows(ITEM, b"", pieces())]) == rows
    text = rows
    with pytest.raises(BackupError, match="no end"):
        [piece async for piece in _rows(ITEM, b"", pieces())]
