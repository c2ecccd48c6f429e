"""However many names there are: the largest have their own, all others are one, sums are whole."""

from typing import Any

import pytest

from copq.figures import folding as of
from copq.figures.folding import ALL, FoldingRule
from copq.ledger.figures import OTHER
from copq.reporting.exporter import state
from copq.reporting.exporter.collector import page_of
from copq.reporting.exporter.reading import read
from tests.integration.reporting.exporter.test_figures import NOW, at
from tests.support.building import book, defect, plant, post_events, production, stop


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
        return float(sum(s.value for s in page.samples if s.figure.name == name))

    for name in ("copq_cost", "copq_base", "copq_units", "copq_scrapped_units"):
        assert total(part, name) == pytest.approx(total(whole, name)) and total(part, name) > 0
    lines = {s.labels[1] for s in part.samples if s.figure.name == "copq_cost"}
    assert lines == {"L08", "L09", "L10", "L11", OTHER}, "the largest by what they made"
    heard = {s.labels[1] for s in part.samples if s.figure.name.startswith("copq_newest")}
    assert len(heard) == 4
    assert len(part.samples) < len(whole.samples) / 2


async def test_what_waits_and_stands_still_is_bounded_and_whole(
    conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = book(plant(), plant("south"))
    events = []
    for n in range(8):
        where = {"line": "L1", "plant": ("north", "south")[n % 2], "work_unit": f"M{n}"}
        events += [stop(f"e{n}", at("10:20:00"), at("10:25:00"), **where),
                   stop(f"o{n}", at("10:30:00"), **where | {"line": "L2"})]  # fmt: skip
        events += [defect(f"u{n}", at("10:31:00"), 1, product="new", line=f"L{n}")]
    await post_events(conn, rates, events)
    whole = page_of(await read(conn, rates, NOW), 100_000)
    monkeypatch.setattr(of, "MOST_LINES", 1)
    monkeypatch.setattr(state, "MOST_STOPS", 3)
    part = page_of(await read(conn, rates, NOW), 100_000)

    def values(page: Any, name: str) -> list[float]:
        return [s.value for s in page.samples if s.figure.name == name]

    for name in ("copq_unpriced_events", "copq_open_stops", "copq_open_stop_cost"):
        assert sum(values(part, name)) == pytest.approx(sum(values(whole, name)))
    assert (
        len(values(part, "copq_unpriced_events")) == 2 < len(values(whole, "copq_unpriced_events"))
    )
    assert len(values(part, "copq_open_stop_cost")) <= 3 + 2 < 8
    repaired = values(part, "copq_mean_time_to_repair_seconds")
    assert repaired and set(repaired) == set(values(whole, "copq_mean_time_to_repair_seconds"))
