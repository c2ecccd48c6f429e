"""However many names there are: the largest have their own, all others are one, sums are whole."""

from typing import Any

import pytest

from services.figures import folding as of
from services.figures.folding import ALL, FoldingRule
from services.ledger.figures import OTHER
from services.reporting.exporter.collector import page_of
from services.reporting.exporter.reading import read
from tests.building import book, defect, post_events, production
from tests.exporter.test_figures import NOW, at


def test_all_are_shown_while_they_are_few() -> None:
    assert ALL.place("north", "L1", "widget") == ("L1", "widget")


def test_a_line_or_product_that_is_not_shown_is_one_of_the_others() -> None:
    some = FoldingRule(frozenset({("north", "L1")}), frozenset({("north", "L1", "widget")}))
    assert some.place("north", "L1", "widget") == ("L1", "widget")
    assert some.place("north", "L1", "gadget") == ("L1", OTHER)
    assert some.place("north", "L2", "widget") == (OTHER, OTHER)
    assert some.place("north", "L2", "") == (OTHER, "")
    assert some.place("south", "L1", "widget") == (OTHER, OTHER)


async def test_sums_are_whole_and_series_bounded(
    conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = book()
    events = [production(f"p{n}", at("10:30:00"), 10 + n, line=f"L{n:02}") for n in range(12)]
    events += [defect(f"d{n}", at("10:31:00"), 1, line=f"L{n:02}") for n in range(12)]
    await post_events(conn, rates, events)
    whole = page_of(await read(conn, rates, NOW), 100_000)
    monkeypatch.setattr(of, "MOST_LINES", 4)
    part = page_of(await read(conn, rates, NOW), 100_000)

    def total(page: Any, name: str) -> float:
        return sum(s.value for s in page.samples if s.figure.name == name)

    for name in ("copq_cost", "copq_base", "copq_units", "copq_scrapped_units"):
        assert total(part, name) == pytest.approx(total(whole, name)) and total(part, name) > 0
    lines = {s.labels[1] for s in part.samples if s.figure.name == "copq_cost"}
    assert lines == {"L08", "L09", "L10", "L11", OTHER}, "the largest by what they made"
    heard = {s.labels[1] for s in part.samples if s.figure.name.startswith("copq_newest")}
    assert len(heard) == 4
    assert len(part.samples) < len(whole.samples) / 2
