"""A missing price is not zero: the reason says what to import."""

from typing import Any

import pytest

from copq.rates.book import RateBook
from copq.schemas.priced import Outcome
from tests.support.costing.rows import priced

BOTTLE = {"product": "bottle", "quantity": 1}
STOP = {"started_at": "2026-01-31T14:05:00+01:00"}
ROWS: tuple[tuple[str, dict[str, Any], str], ...] = (
    # plants and lines that finance does not know
    ("scrap", {**BOTTLE, "plant": "bremen"},
     'plant "bremen" is not in the rate book; its plants: hamburg, lyon, ohio. '
     "Add it with: copq rates import FILE"),
    ("scrap", {**BOTTLE, "line": "fillling"},
     'line "fillling" is not in plant "hamburg"; its lines are filling, packing, idle. '
     "Add it with: copq rates import FILE"),
    # products and stages
    ("scrap", {**BOTTLE, "product": "jar"},
     'product "jar" has no cost table; products of plant "hamburg" that have one: bottle, cap, '
     'label. '
     "Add it with: copq rates import FILE"),
    ("defect", {**BOTTLE, "stage": "cut"},
     'stage "cut" is not in the cost table of "bottle"; its stages are blown, filled. '
     "Add it with: copq rates import FILE"),
    ("production", {**BOTTLE, "stage": "cut"},
     'stage "cut" is not in the cost table of "bottle"; its stages are blown, filled. '
     "Add it with: copq rates import FILE"),
    # before the first table, and after one that ended
    ("scrap", {**BOTTLE, "occurred_at": "2025-12-31T23:59:59+01:00"},
     'product "bottle" has no cost table in force then; its tables are in force '
     'from 2026-01-01 00:00. '
     "Add it with: copq rates import FILE"),
    ("scrap", {"product": "label", "quantity": 1, "occurred_at": "2026-02-01T00:00:00+01:00"},
     'product "label" has no cost table in force then; its tables are in force '
     'from 2026-01-01 00:00 to 2026-02-01 00:00. '
     "Add it with: copq rates import FILE"),
    # a table that lacks what the event needs
    ("rework", {"product": "cap", "quantity": 1},
     'the cost table of "cap" has no rework_in_house'
     '. Add it with: copq rates import FILE'),
    ("return", {"product": "cap", "quantity": 1, "on_site": True},
     'the cost table of "cap" has no rework_on_site'
     '. Add it with: copq rates import FILE'),
    ("return", {"product": "cap", "quantity": 1, "scrapped": 1},
     'the cost table of "cap" has no return_scrap'
     '. Add it with: copq rates import FILE'),
    ("downgrade", {"product": "cap", "quantity": 1},
     'the cost table of "cap" has no price'
     '. Add it with: copq rates import FILE'),
    # labour and lines
    ("complaint", {"minutes": 1, "labour_grade": "master"},
     'plant "hamburg" has no labour rate of grade "master" in force then; grades that have one: '
     'skilled, standard. '
     "Add it with: copq rates import FILE"),
    ("downtime", {**STOP, "line": "idle"},
     'line "idle" of plant "hamburg" has no line rate in force then. '
     "Add it with: copq rates import FILE"),
    # two currencies are never added
    ("scrap", {"product": "cap", "quantity": 1, "plant": "ohio", "line": "any"},
     'the cost table of "cap" is in EUR, plant "ohio" in USD. Add a table in USD for the plant: '
     'copq rates import FILE'),
)  # fmt: skip


@pytest.mark.parametrize(("event_type", "said", "reason"), ROWS)
def test_without_a_rate_the_reason_is_said(
    event_type: str, said: dict[str, Any], reason: str
) -> None:
    pricing = priced(event_type, **said)
    assert (pricing.outcome, pricing.reason) == (Outcome.UNPRICED, reason)
    assert (pricing.entries, pricing.stop) == ([], None)


def test_an_empty_book_says_that_it_is_empty() -> None:
    pricing = priced("scrap", RateBook(), **BOTTLE)
    assert pricing.reason == (
        'plant "hamburg" is not in the rate book; its plants: none yet. '
        "Add it with: copq rates import FILE"
    )


FREE: tuple[tuple[str, dict[str, Any]], ...] = (
    # what needs no rate needs none
    ("complaint", {"out_of_pocket": 1, "labour_grade": "master"}),
    ("warranty", {"out_of_pocket": 1, "product": "jar"}),
    ("recovery", {"credit": 1, "product": "jar"}),
)


@pytest.mark.parametrize(("event_type", "said"), FREE)
def test_money_that_was_paid_needs_no_table(event_type: str, said: dict[str, Any]) -> None:
    assert priced(event_type, **said).outcome == Outcome.PRICED
