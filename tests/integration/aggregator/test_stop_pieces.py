"""Stops reported in pieces are the stops that they were, on the real database."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.database.queries import Queries
from copq.figures.drivers import Days, drivers
from copq.figures.verify import verify
from copq.posting.post import prepare
from copq.rates.book import RateBook
from copq.rates.file import read_rate_file
from copq.rates.store import book_of, import_rates, load
from copq.reporting.exporter import reading
from copq.schemas.rates import LineRate
from tests.support.building import event, post_events, rates
from tests.support.searching import examples
from tests.support.tampering import empty

CASES = Path(__file__).parents[2] / "cases" / "stop_pieces"
REPAIRS = Queries.of(reading.__file__).repairs
FROM, UNTIL = datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
DAYS = date(2025, 12, 1), date(2026, 3, 1)


async def pareto(conn: Any, book: RateBook, plant: str, line: str) -> list[tuple[Any, ...]]:
    found = (await drivers(conn, book, Days(*DAYS, plant, line), UNTIL, 100)).drivers
    return [(d.element, d.defect_code, d.work_unit, d.net, d.hours) for d in found]


async def repairs(conn: Any, plant: str) -> dict[str, tuple[int, float]]:
    rows = await conn.fetch(
        *REPAIRS(start=FROM, end=UNTIL, plants=[plant], own_plants=None, own_lines=None)
    )
    return {row["line"]: (row["stops"], row["seconds"]) for row in rows}


RIGHT = {
    "whole": [("downtime", "B", "B", 240), ("downtime", "A", "A", 60)],
    "cut": [("downtime", "B", "B", 240), ("downtime", "A", "A", 60)],
    "bits": [("downtime", f"m{n}", f"m{n}", 60) for n in (0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9)],
    "weekend": [("downtime", None, None, 1440)],
}


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("step", [1, -1])
async def test_stops_cut_where_daily_files_are_cut_cost_what_they_cost_uncut(
    conn: Any, size: int, step: int
) -> None:
    await import_rates(conn, read_rate_file(CASES / "rates.yaml"), "rates", "finance")
    raws = (CASES / "events.ndjson").read_bytes().splitlines()[::step]
    for start in range(0, len(raws), size):
        await post_events(conn, await load(conn), raws[start : start + size])
    for line, right in RIGHT.items():
        assert [one[:4] for one in await pareto(conn, await load(conn), "p", line)] == right, line
    found = await repairs(conn, "p")
    assert found["whole"] == found["cut"] == (2, 2400)
    assert found["bits"] == (12, 3600)
    lost = "select sum(seconds) from copq.rollup where grain = 'day' and line = 'bits'"
    assert await conn.fetchval(lost) == 3600
    assert await verify(conn) == []


START = datetime(2026, 1, 31, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    """Stops of line L1, and the same cut into pieces as line L2's; both in the order of sending.

    Pieces come in any order, and some are voided or made longer by a correction afterwards. No two
    of a line begin together: those of one machine would be reports of one stop.
    """
    whole: list[bytes] = []
    pieces: list[bytes] = []
    for n in range(draw(st.integers(1, 4))):
        first, lasts = 8 * draw(st.integers(0, 50)) + n, draw(st.integers(2, 200))
        facts = {
            "work_unit": draw(st.sampled_from(["M1", "M2", None])),
            "defect_code": draw(st.sampled_from(["jam", None])),
            "planned": draw(st.integers(0, 3)) == 0,
        }
        whole.append(_stop(f"w{n}", "L1", first, first + lasts, facts))
        inner = st.sampled_from(range(first + 4, first + 4 + 8 * 26, 8))
        cuts = {cut for cut in draw(st.lists(inner, max_size=3)) if cut < first + lasts}
        edges = sorted({first, first + lasts, *cuts})
        for m in range(len(edges) - 1):
            pieces += _reported(draw, f"p{n}.{m}", edges[m], edges[m + 1], facts)
    return [*whole, *draw(st.permutations(pieces))]


def _stop(name: str, line: str, first: int, last: int, facts: dict[str, Any]) -> bytes:
    between = {"started_at": START + first * MINUTE, "ended_at": START + last * MINUTE}
    times = {key: at.isoformat() for key, at in between.items()}
    return event("downtime", name, line=line, **times, **facts)


def _reported(
    draw: st.DrawFn, name: str, first: int, last: int, facts: dict[str, Any]
) -> list[bytes]:
    """As it was, or wrong at first: too long and replaced, or a stop that never was and voided."""
    said = _stop(name, "L2", first, last, facts)
    how = draw(st.sampled_from(["right", "right", "replaced", "voided"]))
    if how == "right":
        return [said]
    wrong = _stop(f"{name}!", "L2", first, last + 30, {**facts, "defect_code": "wrong"})
    more = {"replacement": json.loads(said)} if how == "replaced" else {}
    undone = event(
        "correction", f"{name}?", line="L2", corrects=f"{name}!", reason="wrong",
        occurred_at=UNTIL.isoformat(), **more,
    )  # fmt: skip
    return [wrong, undone] if how == "replaced" else [wrong, undone, said]


def dated() -> RateBook:
    """Both lines cost 2 a minute, and 5 from the middle of the stops on."""
    later = [
        LineRate(plant="north", line=line, effective_from=at, rate_per_minute=Decimal(rate),
                 planned_rate_per_minute=Decimal(1))
        for line in ("L1", "L2")
        for at, rate in ((FROM, 2), (START + 250 * MINUTE, 5))
    ]  # fmt: skip
    return book_of(rates().model_copy(update={"line_rates": tuple(later)}))


@examples(0.08)
@given(sent=histories(), size=st.integers(1, 6))
def test_figures_do_not_depend_on_how_a_stop_is_cut(
    database: str, sent: list[bytes], size: int
) -> None:
    async def run() -> None:
        conn = await asyncpg.connect(database)
        try:
            await prepare(conn)
            await empty(conn)
            for start in range(0, len(sent), size):
                await post_events(conn, dated(), sent[start : start + size])
            whole, pieces = [await pareto(conn, dated(), "north", line) for line in ("L1", "L2")]
            assert pieces == whole
            found = await repairs(conn, "north")
            assert found.get("L1") == found.get("L2")
        finally:
            await conn.close()

    asyncio.run(run())
