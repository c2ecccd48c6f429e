"""What an approver is shown before rates come into force."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from copq.rates.book import RateBook
from copq.rates.documents import JUMP
from copq.rates.file import parse_rates
from copq.rates.review import Past, review
from copq.rates.store import book_of, book_with, file_of
from tests.support.costing.rows import BOOK, RATES

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BOOK_RATES = """
time_zone: UTC
plants: [{plant: p, time_zone: UTC, day_start: "00:00", currency: EUR}]
cost_tables:
  - {product: cup, effective_from: 2026-01-01, currency: EUR, recovery_rate: 0.5, price: 20,
     stages: [{stage: pressed, raw_material: 4}, {stage: glazed, raw_material: 4,
     labour_overhead: 6}]}
line_rates: [{plant: p, line: kiln, effective_from: 2026-01-01, rate_per_minute: 2}]
labour_rates:
  - {plant: p, effective_from: 2026-01-01, effective_to: 2026-09-01, rate_per_minute: 1}
"""
THEN = book_of(parse_rates(BOOK_RATES))
CUP = "cost_tables: [{product: cup, currency: EUR, recovery_rate: 0.5, price: 20, %s}]"
STAGES = "stages: [{stage: pressed, raw_material: 4}, {stage: glazed, raw_material: %s}]"
LABOUR = "labour_rates: [{plant: p, rate_per_minute: %s, %s}]"
KILN = "line_rates: [{plant: p, line: kiln, %s}]"
OF_CUP, OF_P = 'cost table "cup" of all plants', 'labour rate "standard" of plant "p"'

ROWS: tuple[tuple[str, list[str]], ...] = (
    # a stage that costs less than the one before it: cost is cumulated
    (CUP % f"effective_from: 2026-07-01, {STAGES % 3}",
     [f"cheaper stage: {OF_CUP}: from 2026-07-01 00:00 UTC: stage glazed costs 3, less than "
      "pressed before it (4)",
      f"jump: {OF_CUP}: from 2026-07-01 00:00 UTC: stages.glazed.labour_overhead 6 → 0 (-100%)"]),
    # a jump of more than the share, up and down, and from nothing; one just within it is none
    (KILN % "rate_per_minute: 2.5, effective_from: 2026-07-01", []),
    (KILN % "rate_per_minute: 2.51, effective_from: 2026-07-01",
     ['jump: line rate "kiln" of plant "p": from 2026-07-01 00:00 UTC: rate_per_minute 2 → 2.51 '
      "(+26%)"]),
    (KILN % "rate_per_minute: 2, contribution_per_minute: 9, effective_from: 2026-07-01",
     ['jump: line rate "kiln" of plant "p": from 2026-07-01 00:00 UTC: contribution_per_minute '
      "0 → 9 (from nothing)"]),
    # a correction of the past is compared with what it takes the place of
    (KILN % "rate_per_minute: 1, effective_from: 2026-01-01",
     ['jump: line rate "kiln" of plant "p": from 2026-01-01 00:00 UTC: rate_per_minute 2 → 1 '
      "(-50%)"]),
    # and what comes before a version with that version
    (KILN % "rate_per_minute: 1, effective_from: 2025-01-01",
     ['jump: line rate "kiln" of plant "p": from 2026-01-01 00:00 UTC: rate_per_minute 1 → 2 '
      "(+100%)"]),
    # gaps: between two versions, and after the last
    (LABOUR % ("1", "effective_from: 2026-10-01"),
     [f"gap: {OF_P}: nothing is in force from 2026-09-01 00:00 UTC to 2026-10-01 00:00 UTC"]),
    (LABOUR % ("1", "effective_from: 2026-09-01, effective_to: 2027-01-01"),
     [f"gap: {OF_P}: nothing is in force from 2027-01-01 00:00 UTC on"]),
    (LABOUR % ("1", "effective_from: 2026-09-01"), []),
    # an overlap: two versions claim the same time
    (LABOUR % ("1", "effective_from: 2026-08-01"),
     [f"overlap: {OF_P}: the version from 2026-01-01 00:00 UTC says that it holds to 2026-09-01 "
      "00:00 UTC, but the next begins 2026-08-01 00:00 UTC and is in force from then"]),
    # what is gone makes events unpriced
    ("cost_tables: [{product: cup, currency: EUR, recovery_rate: 0.5, effective_from: 2026-07-01,"
     " stages: [{stage: pressed, raw_material: 4}]}]",
     [f"lost: {OF_CUP}: from 2026-07-01 00:00 UTC: price was 20, and is gone",
      f"lost: {OF_CUP}: from 2026-07-01 00:00 UTC: stage glazed is gone"]),
    # a currency that the plant has not
    ("cost_tables: [{product: cup, plant: p, currency: USD, effective_from: 2026-07-01,"
     " stages: [{stage: pressed, raw_material: 4}]}]",
     ['currency: cost table "cup" of plant "p": is in USD, the plant in EUR: it prices nothing '
      "there"]),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_what_is_surprising_is_said(text: str, expected: list[str]) -> None:
    found = review(THEN, parse_rates("time_zone: UTC\n" + text), JUMP, NOW)
    assert [str(concern) for concern in found.concerns] == expected


def test_the_share_that_surprises_is_the_approver_s() -> None:
    rates = parse_rates(
        "time_zone: UTC\n" + KILN % "rate_per_minute: 2.2, effective_from: 2026-07-01"
    )
    assert review(THEN, rates, Decimal("0.25"), NOW).concerns == []
    assert len(review(THEN, rates, Decimal("0.05"), NOW).concerns) == 1


def test_what_was_surprising_long_ago_is_not_said_again() -> None:
    odd = parse_rates(
        BOOK_RATES.replace("labour_overhead: 6", "labour_overhead: 6, fixed_overhead: 0")
    )
    found = review(THEN, odd, JUMP, NOW)
    assert (found.changes, found.concerns, found.past) == ([], [], None)


def test_a_new_version_is_compared_with_the_one_before_it_in_time() -> None:
    text = "time_zone: UTC\n" + CUP % f"effective_from: 2026-07-01, {STAGES % 5}"
    [change] = review(THEN, parse_rates(text), JUMP, NOW).changes
    assert change.what == "new version"
    assert [(f.field, f.before, f.after) for f in change.fields] == [
        ("stages.glazed.raw_material", 4, 5), ("stages.glazed.labour_overhead", 6, 0),
    ]  # fmt: skip


def test_what_a_file_changes_of_the_past_is_said() -> None:
    text = "time_zone: UTC\n" + KILN % "rate_per_minute: 2.1, effective_from: 2026-03-01"
    assert review(THEN, parse_rates(text), JUMP, NOW).past == Past(
        1, datetime(2026, 3, 1, tzinfo=UTC)
    )
    later = text.replace("2026-03-01", "2026-07-01")
    assert review(THEN, parse_rates(later), JUMP, NOW).past is None
    assert review(RateBook(), parse_rates(BOOK_RATES), JUMP, NOW).past is None


def test_a_book_with_a_file_is_the_book_that_approval_makes() -> None:
    rates = parse_rates(RATES)
    assert file_of(book_with(RateBook(), rates)) == file_of(BOOK)
    text = "time_zone: UTC\n" + LABOUR % ("7", "effective_from: 2026-01-01")
    after = book_with(THEN, parse_rates(text))
    found = after.labour_rate("p", "standard", NOW)
    assert found is not None
    assert (found.version, found.item.rate_per_minute) == (2, 7)
    kiln = after.line_rate("p", "kiln", NOW)
    assert kiln is not None and kiln.version == 1
