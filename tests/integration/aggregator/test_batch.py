"""What is an event to the door is one to the batch as well, however oddly it is written."""

import json
from typing import Any

import asyncpg
import pytest

from copq.schemas.decode import decode
from copq.schemas.examples import EXAMPLES
from tests.support.building import book, post_events

DEFECT = {**EXAMPLES["defect"], "plant": "north", "line": "L1", "product": "widget", "stage": "S1"}


@pytest.mark.parametrize("first", ["{}", "[1]", "NaN", "1e999999999", "null"])
async def test_of_a_field_that_is_there_twice_the_last_one_counts(
    conn: asyncpg.Connection, first: str
) -> None:
    raw = json.dumps(DEFECT).encode().replace(b"{", b'{"product":%s,' % first.encode(), 1)
    assert decode(raw).product == "widget"
    assert (await post_events(conn, book(), [raw])).fresh == 1
    assert await conn.fetchval("select product from copq.ledger") == "widget"


@pytest.mark.parametrize("offset", ["+23:59", "-23:59", "+16:00"])
async def test_an_offset_that_postgres_does_not_know_is_the_same_instant(
    conn: asyncpg.Connection, offset: str
) -> None:
    event: dict[str, Any] = {**DEFECT, "occurred_at": f"2026-01-31T14:05:00{offset}"}
    raw = json.dumps(event).encode()
    assert (await post_events(conn, book(), [raw])).fresh == 1
    at = await conn.fetchval("select occurred_at from copq.event")
    assert at == decode(raw).occurred_at
