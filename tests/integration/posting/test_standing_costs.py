"""Standing costs in the ledger: each day once, restated where they change, proved by verify."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from copq.figures.verify import verify
from copq.posting.post import prepare
from copq.posting.standing_costs import post_standing_costs
from copq.rates.store import import_rates, load
from copq.schemas.rates import PlantCurrency, RateFile
from tests.support.building import defect, plant, post_events, rates
from tests.support.periods.building import shut
from tests.support.standing_costs import cost, cost_by_day, post_costs, set_costs
from tests.support.tampering import tampering

BEFORE, BEGUN = "2026-03-01T05:59:59+01:00", "2026-03-01T06:00:00+01:00"
THIRD = "2026-03-03T12:00:00+01:00"
APRIL = "2026-05-01T05:00:00+02:00"


@pytest.fixture
async def rated(conn: Any) -> Any:
    await import_rates(conn, rates(plant()), "rates.yaml", "test")
    return conn


async def is_proved(conn: Any) -> None:
    assert await verify(conn) == []


async def test_a_day_is_booked_once_when_it_begins(rated: Any) -> None:
    await set_costs(rated, cost())
    assert await post_costs(rated, BEFORE) == 0
    assert await cost_by_day(rated) == {}
    assert [await post_costs(rated, BEGUN) for _ in range(3)] == [1, 0, 0]
    assert await cost_by_day(rated) == {"2026-03-01 appraisal": 100}
    [entry] = await rated.fetch("select * from copq.ledger")
    assert entry["occurred_at"] == entry["hour"] == datetime.fromisoformat(BEGUN)
    assert (entry["line"], entry["product"], entry["category"]) == ("", None, "appraisal")
    await is_proved(rated)


async def test_days_that_the_service_missed_follow_and_add_up_to_the_month(rated: Any) -> None:
    await set_costs(
        rated, cost("1000.01"), cost("7", name="lab", category="prevention", line="L1"),
        cost("500", name="audit", first_day="2026-03-20", last_day="2026-04-10"),
    )  # fmt: skip
    await post_costs(rated, THIRD)
    assert await post_costs(rated, APRIL) == 58 + 58 + 22
    months = await cost_by_day(rated, "month")
    assert months["2026-03-01 L1 prevention"] == months["2026-04-01 L1 prevention"] == 7
    assert months["2026-03-01 appraisal"] == Decimal("1000.01") + Decimal("193.55")
    assert months["2026-04-01 appraisal"] == Decimal("1000.01") + Decimal("166.67")
    hours = await cost_by_day(rated, "hour")
    assert (hours["2026-03-29 appraisal"], len(hours)) == (Decimal("48.39"), 61 * 2)
    await is_proved(rated)


async def test_two_posters_at_once_book_each_day_once(rated: Any, database: str) -> None:
    await set_costs(rated, cost(), cost(name="lab"), cost(name="audit"))
    book = await load(rated)
    others = [await asyncpg.connect(database) for _ in range(3)]
    for other in others:
        await prepare(other)
    now = datetime.fromisoformat(THIRD)
    posted = await asyncio.gather(*(post_standing_costs(o, book, now) for o in (rated, *others)))
    assert sorted(one.rows for [one] in posted) == [0, 0, 0, 9]
    assert await cost_by_day(rated) == {f"2026-03-0{n} appraisal": 300 for n in (1, 2, 3)}
    await is_proved(rated)
    for other in others:
        await other.close()


async def test_a_poster_that_dies_leaves_nothing_behind(rated: Any, database: str) -> None:
    await set_costs(rated, cost())
    dying = await asyncpg.connect(database)
    await prepare(dying)
    book, now = await load(dying), datetime.fromisoformat(THIRD)
    await dying.transaction().start()
    [posted] = await post_standing_costs(dying, book, now)
    waiting = asyncio.create_task(post_costs(rated, THIRD))
    await asyncio.sleep(0.05)
    assert posted.rows == 3 and not waiting.done()
    dying.terminate()
    assert await waiting == 3
    await is_proved(rated)


async def test_a_changed_amount_restates_the_days_that_are_booked(rated: Any) -> None:
    await set_costs(rated, cost())
    await post_costs(rated, THIRD)
    await set_costs(rated, cost("6200"), why="new contract")
    assert await post_costs(rated, THIRD) == 6
    assert await cost_by_day(rated) == {f"2026-03-0{n} appraisal": 200 for n in (1, 2, 3)}
    reasons = await rated.fetch("select distinct reason, booked_by from copq.ledger order by 1")
    assert [tuple(row) for row in reasons] == [
        ("standing cost restated by number 2", "carla"), (None, None)
    ]  # fmt: skip
    assert await set_costs(rated, cost("6200")) is not None
    assert await post_costs(rated, THIRD) == 0
    await is_proved(rated)


async def test_only_what_differs_is_restated(rated: Any) -> None:
    """A note, an end in the future and an end in the past; a change from a day on; a removal."""
    await set_costs(rated, cost(), cost(name="lab"))
    await post_costs(rated, THIRD)
    await set_costs(rated, cost(note="as agreed", last_day="2026-06-30"))
    assert await post_costs(rated, THIRD) == 0
    await set_costs(rated, cost(last_day="2026-03-02"), cost("6200", first_day="2026-03-03"))
    assert await post_costs(rated, THIRD) == 2
    await set_costs(rated, cost(None, name="lab"))
    assert await post_costs(rated, THIRD) == 3
    await is_proved(rated)
    await set_costs(rated, cost(category="prevention", last_day="2026-03-02"))
    assert await post_costs(rated, THIRD) == 4
    assert await cost_by_day(rated) == {
        "2026-03-01 prevention": 100, "2026-03-02 prevention": 100, "2026-03-03 appraisal": 200
    }  # fmt: skip
    await is_proved(rated)


async def test_a_closed_month_is_restated_in_the_open_one(rated: Any) -> None:
    await set_costs(rated, cost(first_day="2026-01-01", last_day="2026-02-28"))
    await post_costs(rated, THIRD)
    await shut(rated, "2026-01")
    await set_costs(rated, cost("6200", first_day="2026-01-01", last_day="2026-02-28"))
    await post_costs(rated, THIRD)
    rows = await rated.fetch(
        "select to_char(period, 'MM') as period, sum(net)::int as net from copq.ledger "
        "where day < '2026-02-01' group by 1 order by 1"
    )
    assert [tuple(row) for row in rows] == [("01", 3100), ("02", 3100)]
    assert (await cost_by_day(rated, "month")) == {
        "2026-01-01 appraisal": 6200, "2026-02-01 appraisal": 6200
    }  # fmt: skip
    await is_proved(rated)


async def test_a_day_bears_a_cost_in_its_own_currency_alone(rated: Any) -> None:
    """The plant's currency changes for the past, and back: the days are booked again."""
    await set_costs(rated, cost())
    await post_costs(rated, THIRD)
    known = {"plant": "north", "effective_from": "2026-03-02T00:00:00+01:00"}
    for currency, days in (("SEK", 1), ("EUR", 3)):
        change = PlantCurrency.model_validate({**known, "currency": currency})
        await import_rates(rated, RateFile(plant_currencies=(change,)), "rates.yaml", "test")
        assert await post_costs(rated, THIRD) == 2
        assert await cost_by_day(rated) == {
            f"2026-03-0{n} appraisal": 100 for n in range(1, days + 1)
        }
        await is_proved(rated)
    rows = await rated.fetch("select reason from copq.ledger where reverses is not null")
    assert {row["reason"] for row in rows} == {"plant changed by revision 2 of the rate book"}
    assert await rated.fetchval("select max(entry_no) from copq.ledger") == 3


TAMPERED = [
    "update copq.ledger set net = net + 1, gross = gross + 1 where day = '2026-03-02'",
    "delete from copq.ledger where day = '2026-03-03'",
    "update copq.standing_posted set day = '2026-03-04'",
    "update copq.ledger set day = '2026-03-05' where day = '2026-03-02'",
]


@pytest.mark.parametrize("sql", TAMPERED)
async def test_a_day_that_is_not_as_due_is_found(rated: Any, sql: str) -> None:
    await set_costs(rated, cost())
    await post_events(rated, await load(rated), [defect("d", THIRD)])
    await post_costs(rated, THIRD)
    async with tampering(rated):
        await rated.execute(sql)
    assert "standing_cost" in {one.check for one in await verify(rated)}
