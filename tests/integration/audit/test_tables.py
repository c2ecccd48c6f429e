"""Tables under audit that somebody changed behind the trail's back."""

import asyncpg
import pytest

from copq.access.authority import Actor
from copq.access.door import Role
from copq.access.granting import grant_access, withdraw_access
from copq.access.store import Grant
from copq.access.token import new_token
from copq.figures.verify import verify
from copq.rates.store import import_rates
from tests.support.building import rates
from tests.support.tampering import tampering

TOKEN = "insert into copq.token (name, token_id, hash, role, created_by) select 'mallory', 'x', sha256('x'), 'finance', 'carla'"  # noqa: E501
TAMPERED = [
    (TOKEN, "token", 1),
    ("update copq.token set role = 'finance' where name = 'press'", "token", 2),
    ("delete from copq.token where name = 'press'", "token", 1),
    (
        "update copq.rate_item set content = jsonb_set(content, '{stages,0,raw_material}', "
        "'\"3.99\"') where kind = 'cost_table'", "rate_item", 2,
    ),
    ("insert into copq.target (plant, effective_from, ratio, set_by, source) "
     "values ('north', now(), 0.5, 'carla', 'x')", "target", 1),
    ("insert into copq.base_amount (plant, month, base, amount, currency, set_by, source) "
     "values ('north', '2026-03-01', 'revenue', 1, 'EUR', 'carla', 'x')", "base_amount", 1),
    ("insert into copq.group_member "
     "(plant, grouping, product, product_group, effective_from, set_by, source) "
     "values ('north', 'family', 'TR29', 'valves', now(), 'carla', 'x')", "group_member", 1),
    ("update copq.rate_revision set imported_by = 'carla'", "rate_revision", 2),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "table", "differences"), TAMPERED)
async def test_a_row_that_no_decision_brought_is_found(
    conn: asyncpg.Connection, sql: str, table: str, differences: int
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "finance")
    anna = Actor("anna")
    for name in ("press", "gone"):
        await grant_access(conn, anna, Grant(name, Role.OPERATOR), new_token(), "")
    await withdraw_access(conn, anna, "gone", "lost")
    assert await verify(conn) == []
    async with tampering(conn):
        await conn.execute(sql)
    found = await verify(conn)
    assert {(one.check, one.subject["table"]) for one in found} == {("audit_trail", table)}
    assert len(found) == differences
