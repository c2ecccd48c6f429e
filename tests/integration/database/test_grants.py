"""What each database role is refused, by trying; and what it needs, by doing it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from copq.database.connections import DatabaseRole, act_as
from copq.database.queries import Queries
from copq.figures.verify import verify
from copq.ingest import fate
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.rates.store import import_rates, load, load_names
from copq.standalone.intake import pool_of
from tests.support.building import defect, event, post_events, production, rates, stop
from tests.support.database.shared_server import SharedServer

FATE = Queries.of(fate.__file__).fate
AT = "2026-03-02T10:00:00+01:00"
EVERYBODY = tuple(DatabaseRole)


@pytest.fixture(scope="module")
def filled(shared: SharedServer) -> Iterator[str]:
    """A database for all tests that are refused: what is refused changes nothing."""
    with shared.database() as dsn:
        asyncio.run(_fill(dsn))
        yield dsn


@pytest.fixture
async def posted(filled: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own, which takes a role."""
    conn = await asyncpg.connect(filled)
    yield conn
    await conn.close()


async def _fill(dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    await prepare(conn)
    await _post(conn)
    await conn.close()


async def _post(conn: asyncpg.Connection) -> None:
    """An entry, an event without a price, a stop, a correction, a target, a budget, an amount of a
    base, a product group."""
    await conn.execute("select copq.make_partitions('2026-01-01', '2026-04-01')")
    await import_rates(conn, rates(), "rates.yaml", "anna")
    void = event("correction", "c", occurred_at=AT, corrects="d2", reason="typed twice")
    raws = [
        production("p", AT, 100), defect("d", AT, 5, function="sales"), defect("d2", AT, 5), void,
        defect("u", AT, product="gadget"), stop("s", AT, "2026-03-02T12:00:00+01:00"),
    ]  # fmt: skip
    await post_events(conn, await load(conn), raws)
    await conn.execute(
        "insert into copq.target (effective_from, ratio, set_by, source) "
        "values (now(), 0.03, 'anna', 'test')"
    )
    await conn.execute(
        "insert into copq.budget (plant, effective_from, set_by, source) "
        "values ('north', now(), 'anna', 'test')"
    )
    await conn.execute(
        "insert into copq.base_amount (plant, month, base, amount, currency, set_by, source) "
        "values ('north', '2026-03-01', 'revenue', 1, 'EUR', 'anna', 'test')"
    )
    await conn.execute(
        "insert into copq.group_member "
        "(plant, grouping, product, product_group, effective_from, set_by, source) "
        "values ('north', 'family', 'TR29', 'valves', '2026-03-01', 'anna', 'test')"
    )


TABLES = (
    "ledger", "event", "event_problem", "event_key", "rate_item", "rate_revision", "audit",
    "target", "budget", "base_amount", "group_member",
)  # fmt: skip
PARTITIONS = ("ledger_2026_03", "ledger_other", "event_2026_03", "event_other")
CHANGES = (
    "update copq.{} set {column} = {column}", "delete from copq.{}", "truncate copq.{} cascade",
)  # fmt: skip


def _column(table: str) -> str:
    names = {"rate_item": "kind", "rate_revision": "source", "audit": "who", "target": "plant",
             "budget": "plant", "base_amount": "plant", "group_member": "plant"}  # fmt: skip
    return names.get(table, "occurred_at")


@pytest.mark.parametrize("table", [*TABLES, *PARTITIONS])
@pytest.mark.parametrize("change", CHANGES)
async def test_nobody_changes_what_is_append_only_not_even_a_superuser(
    posted: asyncpg.Connection, table: str, change: str
) -> None:
    sql = change.format(table, column=_column(table))
    if table.endswith("_other") and "truncate" not in sql:
        sql = sql.replace("_other", "")
    assert await posted.fetchval("select rolsuper from pg_roles where rolname = current_user")
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await posted.execute(sql)
    for role in EVERYBODY:
        async with posted.transaction():
            await posted.execute(f"set local role {role}")
            with pytest.raises(
                (asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)
            ):
                async with posted.transaction():
                    await posted.execute(sql)


async def test_an_event_loses_its_bytes_to_retention_alone(conn: asyncpg.Connection) -> None:
    await _post(conn)
    drop = (
        "update copq.event set payload = null, dropped_by = 1, "
        "payload_sha256 = sha256(convert_to(payload, 'UTF8')) where event_id = 'd'"
    )
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute(drop)
    await conn.execute("set copq.dropping = 'payloads'")
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("update copq.event set payload = null, dropped_by = 1, plant = 'x'")
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("update copq.event set payload = '{}'")
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("delete from copq.event")
    assert await conn.execute(drop) == "UPDATE 1"


MONEY = (
    "select net from copq.ledger", "select net from copq.rollup", "select * from copq.rate_item",
    "select content from copq.rate_item", "select per_hour from copq.stop",
    "select payload from copq.event", "select amount from copq.budget",
    "select ratio from copq.target", "select * from copq.ledger_2026_03",
    "select * from copq.event_2026_03", "select * from copq.audit",
)  # fmt: skip


@pytest.mark.parametrize("sql", MONEY)
@pytest.mark.parametrize("role", [DatabaseRole.INGEST, DatabaseRole.ADMIN, DatabaseRole.DOOR])
async def test_who_enters_or_grants_reads_no_money(
    posted: asyncpg.Connection, role: DatabaseRole, sql: str
) -> None:
    await act_as(posted, role)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await posted.fetch(sql)


async def test_of_the_rate_book_ingest_sees_names_and_no_figure(posted: asyncpg.Connection) -> None:
    whole = await load(posted)
    await act_as(posted, DatabaseRole.INGEST)
    names = await load_names(posted)
    assert names.sites.keys() == whole.sites.keys() and names.revision == whole.revision
    [table] = [v.item for kind, _, v in names.named_items() if kind == "cost table"]
    assert [stage.stage for stage in table.stages] == ["S1", "S2"]
    assert {stage.cost for stage in table.stages} == {0} and table.price is None
    content = await posted.fetch("select content::text as text from copq.rate_name")
    told = " ".join(row["text"] for row in content)
    assert 'raw_material": "0"' in told and "recovery" not in told and '"4"' not in told


READING = [role for role in EVERYBODY if role is not DatabaseRole.AGGREGATOR]


@pytest.mark.parametrize("role", READING)
async def test_none_but_the_aggregator_writes_to_the_ledger(
    posted: asyncpg.Connection, role: DatabaseRole
) -> None:
    tables = ("ledger", "event", "event_key", "rollup", "fence", "unpriced", "stop", "correction",
              "claim", "withdrawn", "line_heard", "rejected", "audit")  # fmt: skip
    writes = await posted.fetch(
        "select t, p from unnest($2::text[]) as t, "
        "unnest('{insert, update, delete, truncate, trigger}'::text[]) as p "
        "where has_table_privilege($1, 'copq.' || t, p) "
        "or (p in ('insert', 'update') and has_any_column_privilege($1, 'copq.' || t, p))",
        str(role), list(tables),
    )  # fmt: skip
    assert writes == []


async def test_reporting_writes_nothing_at_all(posted: asyncpg.Connection) -> None:
    writable = await posted.fetch(
        "select c.relname, p from pg_class c join pg_namespace n on n.oid = c.relnamespace, "
        "unnest('{insert, update, delete, truncate, references, trigger}'::text[]) as p "
        "where n.nspname = 'copq' and c.relkind in ('r', 'p', 'v') "
        "and (has_table_privilege('copq_reporting', c.oid, p) or (p in ('insert', 'update') "
        "and has_any_column_privilege('copq_reporting', c.oid, p)))"
    )
    assert writable == []
    assert not await posted.fetchval(
        "select has_schema_privilege('copq_reporting', 'copq', 'create')"
    )


REFUSED: list[tuple[DatabaseRole, str]] = [
    (DatabaseRole.ADMIN, "update copq.token set role = 'admin'"),
    (DatabaseRole.ADMIN, "delete from copq.token"),
    (DatabaseRole.ADMIN, "insert into copq.rate_revision (imported_by, source) values ('x', 'x')"),
    (DatabaseRole.FINANCE, "insert into copq.token (name, token_id, hash, role, created_by) "
     "values ('x', 'x', sha256('x'), 'admin', 'x')"),
    (DatabaseRole.FINANCE, "insert into copq.ledger select * from copq.ledger"),
    (DatabaseRole.FINANCE, "update copq.rollup set net = 0"),
    (DatabaseRole.COSTING, "select net from copq.ledger"),
    (DatabaseRole.COSTING, "insert into copq.rate_revision (imported_by, source) "
     "values ('x', 'x')"),
    (DatabaseRole.AGGREGATOR, "insert into copq.rate_revision (imported_by, source) "
     "values ('x', 'x')"),
    (DatabaseRole.AGGREGATOR, "select hash from copq.token"),
    (DatabaseRole.AGGREGATOR, "alter table copq.ledger disable trigger append_only"),
    (DatabaseRole.AGGREGATOR, "drop table copq.ledger_2026_03"),
    (DatabaseRole.AGGREGATOR, "alter table copq.ledger detach partition copq.ledger_2026_03"),
    (DatabaseRole.AGGREGATOR, "set session_replication_role = replica"),
    (DatabaseRole.REPORTING, "update copq.token set last_used_at = now()"),
    (DatabaseRole.REPORTING, "select content from copq.rate_document"),
    (DatabaseRole.REPORTING, "select original from copq.rate_document"),
    (DatabaseRole.REPORTING, "select concerns from copq.rate_decision"),
    (DatabaseRole.ADMIN, "select why from copq.rate_document"),
    (DatabaseRole.REPORTING, "select copq.make_partitions('2026-01-01', '2026-02-01')"),
    (DatabaseRole.INGEST, "select copq.make_partitions('2026-01-01', '2026-02-01')"),
    (DatabaseRole.FINANCE, "select copq.mark_used('{x}')"),
    (DatabaseRole.AGGREGATOR, "create function pg_temp.f() returns void language sql as "
     "'delete from copq.ledger'; select pg_temp.f()"),
    (DatabaseRole.AGGREGATOR, "create temp table own (plant text); "
     "create trigger forged after insert on own for each row execute function copq.audited()"),
]  # fmt: skip


@pytest.mark.parametrize(("role", "sql"), REFUSED)
async def test_an_attempt_is_refused(
    posted: asyncpg.Connection, role: DatabaseRole, sql: str
) -> None:
    await act_as(posted, role)
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)):
        await posted.execute(sql)


async def test_the_aggregator_books_as_its_role(database: str, conn: asyncpg.Connection) -> None:
    """All kinds of events, corrections before and after theirs, and what is priced late."""
    await import_rates(conn, rates(recovery_rate="0.5", recovery_overhead_per_day="9"), "t", "t")
    old = await load(conn)
    why: dict[str, Any] = {"reason": "typed twice", "occurred_at": AT}
    async with await pool_of(database, size=1) as pool, pool.acquire() as own:
        await post_events(own, old, [event("correction", "c1", corrects="d2", **why)])
        await post_events(own, old, [production("p", AT, 9), defect("d1", AT), defect("d2", AT)])
        await post_events(own, old, [event("correction", "c2", corrects="d1", **why)])
        await post_events(own, old, [stop("s", AT, "2026-03-02T12:00:00+01:00")])
        await post_events(own, old, [event("correction", "c3", corrects="s", **why)])
        brought = event("defect", "d3", occurred_at=AT, product="gadget", stage="S2", quantity=1)
        brings = {"corrects": "c1", "replacement": json.loads(brought)}
        await post_events(own, old, [event("correction", "c4", **why, **brings)])
        await post_events(own, old, [defect("u", AT, product="gadget")])
        await import_rates(conn, rates(recovery_rate="0.6"), "t", "t")
        assert await settle(own, await load(own)) >= 1
        assert await own.fetchval("select copq.make_partitions('2027-01-01', '2027-03-01')") == 6
    assert await verify(conn) == []
    assert await conn.fetchval("select count(*) from copq.ledger") > 6


async def test_what_became_of_an_event_is_told_by_ingest(posted: asyncpg.Connection) -> None:
    await act_as(posted, DatabaseRole.INGEST)
    states = [
        (await posted.fetchrow(*FATE(event_id=name, sender=None, as_asked=name)))["state"]
        for name in ("d", "d2", "u")
    ]
    assert states == ["accepted", "withdrawn", "unpriced"]
