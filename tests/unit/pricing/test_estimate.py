"""What an event without a price is worth by the nearest known rate."""

from datetime import datetime
from decimal import Decimal as D
from typing import Any

import pytest

from copq.pricing.estimate import Estimator
from copq.rates.book import RateBook
from copq.rates.file import parse_rates
from copq.rates.store import book_of, book_with
from copq.schemas.priced import Outcome
from tests.support.costing.rows import event, priced

RATES = """
time_zone: UTC
plants:
  - {plant: hamburg, time_zone: UTC, day_start: "00:00", currency: EUR, lines: [filling]}
cost_tables:
  - {product: cup, effective_from: 2026-03-01, effective_to: 2026-04-01, currency: EUR,
     allowed_rejection: 0.1, recovery_rate: 0.5, recovery_overhead_per_day: 99,
     stages: [{stage: pressed, raw_material: 2}, {stage: glazed, raw_material: 10}]}
  - {product: cup, effective_from: 2026-06-01, effective_to: 2026-07-01, currency: EUR,
     rework_in_house: {labour: 7}, stages: [{stage: pressed, raw_material: 20}]}
  - {product: dear, effective_from: 2026-01-01, currency: USD,
     stages: [{stage: s, raw_material: 1}]}
line_rates:
  - {plant: hamburg, line: filling, effective_from: 2026-03-01, rate_per_minute: 3,
     planned_rate_per_minute: 1}
labour_rates:
  - {plant: hamburg, effective_from: 2026-03-01, effective_to: 2026-04-01, rate_per_minute: 0.5}
"""
BOOK = book_of(parse_rates(RATES))
CUP = {"product": "cup", "quantity": 2}


def at(day: str) -> str:
    return f"2026-{day}T12:00:00Z"


ROWS: tuple[tuple[str, dict[str, Any], tuple[str, str, str] | None], ...] = (
    # before the first, in a gap (nearer to its one end or the other), and after the last
    ("production", {**CUP, "occurred_at": at("01-05")}, ("0", "20", "03-01")),
    ("production", {**CUP, "occurred_at": at("04-02")}, ("0", "20", "03-01")),
    ("production", {**CUP, "occurred_at": at("05-30")}, ("0", "40", "06-01")),
    ("production", {**CUP, "occurred_at": at("12-31")}, ("0", "40", "06-01")),
    # as it would be priced: recovered and allowed are off, the day's dispatch is in no estimate
    ("scrap", {**CUP, "stage": "glazed", "occurred_at": at("02-28")}, ("16.2", "0", "03-01")),
    # a stage that the table in force has not: the nearest that has it
    ("scrap", {**CUP, "stage": "glazed", "occurred_at": at("06-15")}, ("16.2", "0", "03-01")),
    # what a table in force lacks
    ("rework", {**CUP, "occurred_at": at("03-15")}, ("14", "0", "06-01")),
    # a line that the plant does not know does not change what a cup costs
    ("scrap", {**CUP, "line": "x", "occurred_at": at("06-15")}, ("40", "0", "06-01")),
    # minutes, of labour and of a stop; planned or not
    ("inspection", {"minutes": 4, "occurred_at": at("08-01")}, ("2.0", "0", "03-01")),
    ("downtime", {"started_at": at("02-01"), "ended_at": "2026-02-01T12:01:40Z"},
     ("5", "0", "03-01")),
    ("downtime", {"started_at": at("02-01"), "ended_at": "2026-02-01T12:02:00Z", "planned": True},
     ("2", "0", "03-01")),
    # what no rate is near to is unknown
    ("scrap", {**CUP, "product": "saucer"}, None),
    ("scrap", {**CUP, "stage": "painted", "occurred_at": at("03-15")}, None),
    ("scrap", {**CUP, "product": "dear"}, None),
    ("scrap", {**CUP, "plant": "bremen"}, None),
    ("downgrade", {**CUP, "occurred_at": at("03-15")}, None),
    ("inspection", {"minutes": 4, "labour_grade": "master"}, None),
    ("downtime", {"started_at": at("02-01"), "line": "x"}, None),
)  # fmt: skip


@pytest.mark.parametrize(("event_type", "said", "expected"), ROWS)
def test_the_nearest_rate_in_time_stands_in(
    event_type: str, said: dict[str, Any], expected: tuple[str, str, str] | None
) -> None:
    assert priced(event_type, BOOK, **said).outcome == Outcome.UNPRICED
    found = Estimator(BOOK).estimate(event(event_type, **said))
    if expected is None or found is None:
        assert found is expected
        return
    net, base, start = expected
    assert (found.net, found.base, found.currency, found.version) == (D(net), D(base), "EUR", 1)
    assert found.effective_from == datetime.fromisoformat(f"2026-{start}T00:00:00+00:00")


def test_an_open_stop_is_worth_so_much_a_minute() -> None:
    found = Estimator(BOOK).estimate(event("downtime", started_at=at("02-01")))
    assert found is not None
    assert (found.net, found.per_hour) == (0, 180)


def test_what_needs_no_rate_is_known_to_the_cent() -> None:
    found = Estimator(BOOK).estimate(event("warranty", line="x", out_of_pocket=12.5))
    assert found is not None
    assert (found.net, found.effective_from) == (D("12.5"), None)


def test_an_empty_book_knows_nothing() -> None:
    assert Estimator(RateBook()).estimate(event("scrap", **CUP)) is None


def test_the_estimate_of_one_event_leaves_no_trace_in_that_of_another() -> None:
    estimator = Estimator(BOOK)
    cup = event("scrap", **{**CUP, "stage": "glazed", "occurred_at": at("02-28")})
    alone = estimator.estimate(cup)
    estimator.estimate(event("inspection", minutes=4, occurred_at=at("08-01")))
    estimator.estimate(event("scrap", product="saucer", quantity=1))
    assert estimator.estimate(cup) == alone


def test_the_revision_named_is_that_of_the_rate_that_stands_in() -> None:
    newer = book_with(BOOK, parse_rates(RATES.replace("raw_material: 20", "raw_material: 30")))
    found = Estimator(newer).estimate(event("scrap", **{**CUP, "occurred_at": at("12-31")}))
    assert found is not None
    assert (found.version, found.net) == (2, D(60))
