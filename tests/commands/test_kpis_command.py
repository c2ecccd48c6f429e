"""`copq kpis` against a database."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.command import app
from services.aggregator.post import prepare
from services.rates.store import import_rates, load
from tests.building import defect, post_events, production, rates, stop

SHIFT = ("--plant", "north", "--from", "2026-03-02T06:00", "--to", "2026-03-02T14:00")


def at(time: str) -> str:
    return f"2026-03-02T{time}:00+01:00"


async def _fill(database: str) -> None:
    conn = await asyncpg.connect(database)
    await prepare(conn)
    await import_rates(conn, rates(ideal_rate=1), "rates.yaml", "test")
    events = [
        production("p", at("09:00"), 210, good=189), defect("d", at("10:00"), 21),
        stop("s", at("08:00"), at("09:00")), production("late", at("14:00"), 500),
    ]  # fmt: skip
    await post_events(conn, await load(conn), events)
    await conn.close()


@pytest.fixture
def filled(database: str) -> str:
    """A shift of 480 minutes, 60 of them stopped: 210 units at an ideal unit a minute, 189 good."""
    asyncio.run(_fill(database))
    return database


def kpis(database: str, *words: str) -> Any:
    env = {"COLUMNS": "200"}
    return CliRunner().invoke(app, ["kpis", *words, "--database", database], env=env)


def test_a_shift_has_its_key_figures(filled: str) -> None:
    answer = json.loads(kpis(filled, *SHIFT, "--json").output)
    [row] = answer["rows"]
    expected = {"availability": 0.875, "effectiveness": 0.5, "quality": 0.9, "oee": 0.39375,
                "scrap_ratio": 0.1, "mean_time_to_repair": 3600}  # fmt: skip
    assert {name: float(row[name]) for name in expected} == expected
    shown = kpis(filled, *SHIFT)
    assert shown.exit_code == 0
    for figure in ("north", "L1", "87.5 %", "50.0 %", "90.0 %", "39.4 %", "60.0"):
        assert figure in shown.output, f"{figure}: {shown.output}"


def test_a_time_without_units_or_stops_says_so(filled: str) -> None:
    shown = kpis(filled, "--from", "2026-02-01", "--to", "2026-02-02")
    assert shown.exit_code == 0 and "No unit was made and no line stopped" in shown.output


WRONG = (
    (("--plant", "nroth"), "north"),
    (("--by", "colour"), "colour"),
    (("--from", "soon"), "soon"),
    (("--from", "2026-03-03", "--to", "2026-03-02"), "2026-03-02"),
)


@pytest.mark.parametrize(("words", "named"), WRONG)
def test_what_cannot_be_answered_is_refused(
    filled: str, words: tuple[str, ...], named: str
) -> None:
    refused = kpis(filled, *words)
    assert refused.exit_code == 2 and named in refused.output, refused.output
