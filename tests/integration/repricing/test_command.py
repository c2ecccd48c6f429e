"""What `copq reprice` says to people."""

import asyncio
import json
from decimal import Decimal

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.command_line.command import app
from copq.rates.store import import_rates, load
from copq.schemas.rates import RateFile
from tests.support.building import defect, event, post_events, rates

AT = "2026-03-02T10:00:00+01:00"
ROUNDED = "Each amount is rounded by itself: --json has all digits."


@pytest.mark.parametrize(("recovered", "told"), [("0.5", False), ("0.3333", True)])
async def test_amounts_that_are_rounded_are_said_to_be(
    conn: asyncpg.Connection, database: str, recovered: str, told: bool
) -> None:
    await import_rates(conn, rates(), "old.yaml", "anna")
    await post_events(conn, await load(conn), [defect("d", AT, 3)])
    await import_rates(conn, rates(recovery_rate=recovered), "new.yaml", "anna")
    words = ["reprice", "--plan", "--database", database]
    done = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert done.exit_code == 0, done.output
    assert "30.00" in done.output and (ROUNDED in done.output) is told


async def test_failure_stays_apart_from_appraisal_and_prevention(
    conn: asyncpg.Connection, database: str
) -> None:
    await import_rates(conn, rates(), "old.yaml", "anna")
    raws = [event(k, k, occurred_at=AT, minutes=30) for k in ("inspection", "complaint")]
    await post_events(conn, await load(conn), raws)
    labour = rates().labour_rates[0].model_copy(update={"rate_per_minute": Decimal(2)})
    await import_rates(conn, RateFile(labour_rates=(labour,)), "new.yaml", "anna")
    words = ["reprice", "--plan", "--json", "--database", database]
    done = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert done.exit_code == 0, done.output
    found = {c["cost"]: c["difference"] for c in json.loads(done.output)["changes"]}
    assert found == {"copq": "30", "other CoQ": "30"}
