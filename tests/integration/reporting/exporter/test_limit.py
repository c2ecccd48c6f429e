"""Bounded series: what is left out first, that sums stay right, and that they do not flap."""

from decimal import Decimal
from typing import Any

import pytest

from copq.figures.sums import Key, Sums
from copq.rates.book import RateBook
from copq.reporting.exporter.collector import page_of
from copq.reporting.exporter.limit import limited
from copq.reporting.exporter.reading import read
from copq.reporting.exporter.samples import DETAILS, Sample, WindowSums, count, samples
from copq.targets.book import TargetBook
from tests.integration.reporting.exporter.test_figures import NOW, at
from tests.support.building import book, defect, post_events, production

LINES, PRODUCTS = 5, 20
ZERO = Decimal(0)


def window(products: int = PRODUCTS) -> WindowSums:
    fine: dict[Key, Sums] = {}
    for line in range(LINES):
        for product in range(products):
            sums = Sums(base=Decimal(100))
            sums.units.produced = Decimal(10)
            sums.cost = {("internal_failure", "defect"): Decimal(2),
                         ("internal_failure", "scrap"): Decimal(1)}  # fmt: skip
            fine["north", f"L{line}", f"P{product}", "EUR"] = sums
    return WindowSums("1h", fine, {"north": (NOW, NOW)}, {})


def of(detail: str, products: int = PRODUCTS) -> list[Sample]:
    return samples(window(products), detail, RateBook(), TargetBook())


JUST = (lambda _, detail: of(detail), lambda _, detail: len(of(detail)))


@pytest.mark.parametrize("detail", DETAILS)
def test_samples_are_counted_without_making_them(detail: str) -> None:
    ratios = {("north", "L1", "", ""): Decimal("0.1"), ("", "", "P3", ""): Decimal("0.2")}
    for targets in (TargetBook(), TargetBook(ratios)):
        some = window()
        some.fine["north", "L9", "", "EUR"] = Sums(cost={("internal_failure", "downtime"): ZERO})
        some.__post_init__()
        made = samples(some, detail, RateBook(), targets)
        assert count(some, detail, RateBook(), targets) == len(made)


@pytest.mark.parametrize("detail", DETAILS[:-1])
def test_the_sum_is_the_same_in_every_detail(detail: str) -> None:
    costs = [s.value for s in of(detail) if s.figure.name == "copq_cost"]
    assert sum(costs) == 3.0 * LINES * PRODUCTS
    assert sum(s.value for s in of(detail) if s.figure.name == "copq_base") == 10_000


def test_each_detail_has_fewer_series_than_the_finer_one() -> None:
    counts = [len(of(detail)) for detail in DETAILS]
    assert counts == sorted(counts, reverse=True) and len(set(counts)) == len(counts)
    assert counts[-1] == 0


def test_the_window_with_the_most_series_loses_its_detail_first() -> None:
    sizes = {"hour": 2, "month": PRODUCTS}
    found = limited(
        list(sizes), lambda w, d: of(d, sizes[w]), lambda w, d: len(of(d, sizes[w])), 400
    )
    assert found["hour"].detail == DETAILS[0]
    assert found["month"].detail == "line and element"
    assert found["hour"].dropped == 0
    assert found["month"].dropped == len(of(DETAILS[0])) - len(of("line and element"))


@pytest.mark.parametrize("most", [0, 1, 10, 50, 137, 500, 5_000])
def test_there_are_never_more_than_allowed(most: int) -> None:
    found = limited(["a", "b"], *JUST, most)
    assert sum(len(shown.samples) for shown in found.values()) <= most


def test_detail_comes_back_with_room_only() -> None:
    """At the edge of the limit a series would come and go with every product."""
    full = len(of(DETAILS[0]))
    before = {"1h": "line and element"}
    again = limited(["1h"], *JUST, full, before)
    assert again["1h"].detail != DETAILS[0]
    roomy = limited(["1h"], *JUST, full * 2, before)
    assert roomy["1h"].detail == DETAILS[0]
    assert limited(["1h"], *JUST, full)["1h"].detail == DETAILS[0]


async def test_a_page_says_what_it_leaves_out(conn: Any) -> None:
    rates = book()
    events = [production(f"p{n}", at("10:30:00"), 1, line=f"L{n}") for n in range(8)]
    events += [defect(f"d{n}", at("10:31:00"), 1, line=f"L{n}") for n in range(8)]
    await post_events(conn, rates, events)
    reading = await read(conn, rates, NOW)
    whole, part = page_of(reading, 10_000), page_of(reading, 300)
    told = {(s.figure.name, s.labels): s.value for s in part.samples}
    dropped = sum(n for (name, _), n in told.items() if name == "copq_exporter_series_dropped")
    shown = told["copq_exporter_series", ()]
    assert 0 < shown <= 300
    full = {(s.figure.name, s.labels): s.value for s in whole.samples}
    assert shown + dropped == full["copq_exporter_series", ()]
