"""Money in Grafana: the digits of its currency, a half away from zero, as in every other answer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale

from copq.ledger.money import digits, rounded
from copq.rates.store import import_rates, load
from deploy.grafana.looks import MOST_DECIMALS
from tests.support.building import event, plant, post_events, rates, stop
from tests.support.grafana.filling import Chosen, panels

HALVES = ("0.125", "2.665", "-2.665", "0.0035", "0.0005", "0.5", "-0.5", "-0.004", "1234567.895")
COLUMNS = {"below", "sum", "more", "less", "internal failure", "appraisal"}
"""Of charts, whose unit is set for all columns together."""


async def test_postgres_knows_the_digits_of_every_currency(conn: Any) -> None:
    known = sorted(Locale("en").currencies)
    rows = await conn.fetch("select of, copq.digits(of) from unnest($1::text[]) as of", known)
    assert dict(map(tuple, rows)) == {currency: digits(currency) for currency in known}


async def test_postgres_rounds_as_the_commands_do(conn: Any) -> None:
    for currency in ("EUR", "JPY", "KWD", "CLF"):
        for amount in map(Decimal, HALVES):
            found = await conn.fetchval("select copq.rounded($1, $2)", amount, currency)
            assert found == rounded(amount, currency), (amount, currency)


def ago(**length: int) -> str:
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


async def small_amounts(conn: Any, currency: str) -> None:
    """A warranty claim of 0.0035, an inspection, two stops, and an event without a price."""
    await import_rates(conn, rates(plant(currency=currency)), "rates.yaml", "finance")
    claim = event("warranty", "w", occurred_at=ago(minutes=9), out_of_pocket="0.0035")
    unknown = {"product": "unknown", "stage": "S2", "quantity": 1}
    await post_events(conn, await load(conn), [
        claim,
        event("inspection", "i", occurred_at=ago(minutes=9), minutes="0.123456"),
        stop("s", ago(seconds=47), ago(seconds=40), product="widget"),
        event("defect", "u", occurred_at=ago(minutes=5), **unknown),
    ])  # fmt: skip


def money_columns(panel: dict[str, Any]) -> set[str]:
    if panel["type"] != "table":
        return COLUMNS
    return {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if {"id": "decimals", "value": MOST_DECIMALS} in override["properties"]
    }


def statements() -> Iterator[tuple[str, str, set[str]]]:
    """Every panel that shows money of the ledger, with its columns of money."""
    for name, panel in panels():
        for target in panel["targets"]:
            if "rawSql" in target:
                yield name, target["rawSql"], money_columns(panel)


@pytest.mark.parametrize(("currency", "claim"), [("KWD", "0.004"), ("EUR", "0"), ("JPY", "0")])
async def test_columns_of_the_ledger_have_the_digits_of_their_currency(
    conn: Any, currency: str, claim: str
) -> None:
    await small_amounts(conn, currency)
    month = await conn.fetchval("select to_char(max(day), 'YYYY-MM') from copq.rollup")
    chosen = Chosen(currency=currency, window="30d", month=month)
    claims = []
    for name, sql, columns in statements():
        for row in await conn.fetch(chosen.sql(sql)):
            for column in columns & set(row.keys()):
                value = row[column]
                assert value is None or value == rounded(value, currency), (name, column)
            if row.get("event_id") == "w":
                claims.append(row["net"])
    assert claims == [Decimal(claim)] * 2


def test_every_figure_of_money_is_rounded_by_its_currency() -> None:
    """By Prometheus or by Postgres; Grafana shows what they give, with no digits of its own."""
    for name, panel in panels():
        defaults = panel["fieldConfig"]["defaults"]
        chart = defaults.get("unit") == "locale" and defaults.get("decimals") == MOST_DECIMALS
        asked = [target.get("rawSql") or target["expr"] for target in panel["targets"]]
        if chart:
            assert all("copq.rounded(" in one or "round(abs(" in one for one in asked), name
        elif panel["type"] == "table" and "expr" in panel["targets"][0]:
            assert sum("round(abs(" in one for one in asked) == len(money_columns(panel)), name
