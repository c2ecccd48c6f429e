"""The samples of one window in a given detail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import NamedTuple

from copq.figures.sums import Key, Sums, by_line, by_plant, regroup_sums
from copq.ledger.arithmetic import MONEY, quotient
from copq.ledger.kpis import Busy, Repairs, Units, busy
from copq.rates.book import RateBook
from copq.reporting.exporter import figures as f
from copq.targets.book import TargetBook

DETAILS = ("product and element", "product", "line and element", "line", "plant", "nothing")
"""From the finest to the coarsest. Shown sums include what is left out."""

_MICROSECONDS = Decimal(1_000_000)
_A_MICROSECOND = timedelta(microseconds=1)


class Sample(NamedTuple):
    figure: f.Figure
    labels: tuple[str, ...]
    value: float


@dataclass(slots=True)
class WindowSums:
    """One window: its sums, its start and end by plant, and its repaired stops."""

    name: str
    fine: dict[Key, Sums]
    spans: dict[str, tuple[datetime, datetime]]
    repairs: dict[tuple[str, str], tuple[int, float]]
    products: dict[Key, Sums] = field(init=False)
    lines: dict[Key, Sums] = field(init=False)
    plants: dict[Key, Sums] = field(init=False)

    def __post_init__(self) -> None:
        self.products = {key: sums.graded() for key, sums in self.fine.items()}
        self.lines = regroup_sums(self.products, by_line)
        self.plants = regroup_sums(self.lines, by_plant)


def samples(window: WindowSums, detail: str, book: RateBook, targets: TargetBook) -> list[Sample]:
    """The window's figures in a detail of `DETAILS`."""
    if detail == "nothing":
        return []
    with localcontext(MONEY):
        return list(_all(window, detail, book, targets))


def count(window: WindowSums, detail: str, book: RateBook, targets: TargetBook) -> int:
    """The number of samples that `samples` gives; for products it is computed without them."""
    if not detail.startswith("product"):
        return len(samples(window, detail, book, targets))
    elements = detail.endswith("element")
    coarser = "line and element"
    shared = len(samples(window, coarser, book, targets)) - _series_count(window.lines, True)
    own = sum(
        (sums.base > 0) + (targets.target(key[0], key[1], key[2], window.name) is not None)
        for key, sums in window.products.items()
        if key[2]
    )
    return shared + _series_count(window.products, elements) + own


def _series_count(sums: dict[Key, Sums], elements: bool) -> int:
    """The number of samples that `_sums` gives."""
    return sum(
        (sum(map(bool, s.cost.values())) if elements else len({kind for kind, _ in s.cost}))
        + sum(map(bool, (s.base, s.units.produced, s.units.good, s.units.scrapped,
                         s.units.reworked)))
        for s in sums.values()
    )  # fmt: skip


def _all(window: WindowSums, detail: str, book: RateBook, targets: TargetBook) -> Iterator[Sample]:
    products = detail.startswith("product")
    lines = products or detail.startswith("line")
    shown = window.products if products else window.lines if lines else window.plants
    yield from _sums(shown, window.name, detail.endswith("element"))
    if products:
        yield from _shares("product", window.products, window.name, targets)
    if lines:
        yield from _shares("line", window.lines, window.name, targets)
        yield from _of_lines(window, book)
    yield from _shares("plant", window.plants, window.name, targets)
    yield from _of_plants(window, book)


def _sums(shown: dict[Key, Sums], window: str, elements: bool) -> Iterator[Sample]:
    for (plant, line, product, currency), sums in shown.items():
        where = (plant, line, product)
        for (category, element), net in _costs(sums, elements):
            labels = (*where, category, element, currency, window)
            yield Sample(f.COST, labels, float(net))
        if sums.base:
            yield Sample(f.BASE, (*where, currency, window), float(sums.base))
        units = sums.units
        for figure, value in (
            (f.UNITS, units.produced), (f.GOOD, units.good), (f.SCRAPPED, units.scrapped),
            (f.REWORKED, units.reworked),
        ):  # fmt: skip
            if value:
                yield Sample(figure, (*where, window), float(value))


def _costs(sums: Sums, elements: bool) -> Iterable[tuple[tuple[str, str], Decimal]]:
    if elements:
        return ((kind, net) for kind, net in sums.cost.items() if net)
    by_category: dict[tuple[str, str], Decimal] = {}
    for (category, _), net in sums.cost.items():
        by_category[category, ""] = by_category.get((category, ""), Decimal(0)) + net
    return by_category.items()


def _shares(
    scope: str, shown: dict[Key, Sums], window: str, targets: TargetBook
) -> Iterator[Sample]:
    """COPQ, its ratio and the target. A stop without a product has no row of a product."""
    for (plant, line, product, currency), sums in shown.items():
        if scope == "product" and not product:
            continue
        labels = (scope, plant, line, product)
        failure = sums.failure
        if scope != "product":
            yield Sample(f.FAILURE, (*labels, currency, window), float(failure))
        if sums.base > 0:
            share = quotient(failure, sums.base)
            yield Sample(f.RATIO, (*labels, currency, window), float(share))
        target = targets.target(plant, line, product, window)
        if target is not None:
            yield Sample(f.TARGET, (*labels, window), float(target))


def _of_lines(window: WindowSums, book: RateBook) -> Iterator[Sample]:
    for (plant, line), found in _busy_lines(window, book).items():
        yield from _performance(("line", plant, line, "", window.name), found)
    for (plant, line, _, _), sums in window.lines.items():
        yield from _yields(("line", plant, line, "", window.name), sums.units)
    for (plant, line), (stops, seconds) in window.repairs.items():
        mean = Repairs(stops, seconds).mean_time_to_repair
        yield from _known_sample((f.REPAIR, mean), ("line", plant, line, "", window.name))


def _of_plants(window: WindowSums, book: RateBook) -> Iterator[Sample]:
    times: dict[str, Busy] = {}
    for (plant, _), found in _busy_lines(window, book).items():
        times.setdefault(plant, Busy()).add(found)
    for plant, found in times.items():
        yield from _performance(("plant", plant, "", "", window.name), found)
    for (plant, _, _, _), sums in window.plants.items():
        yield from _yields(("plant", plant, "", "", window.name), sums.units)
    repairs: dict[str, Repairs] = {}
    for (plant, _), (stops, seconds) in window.repairs.items():
        repairs.setdefault(plant, Repairs()).add(stops, seconds)
    for plant, of in repairs.items():
        yield from _known_sample(
            (f.REPAIR, of.mean_time_to_repair), ("plant", plant, "", "", window.name)
        )


def _yields(labels: tuple[str, ...], units: Units) -> Iterator[Sample]:
    for known in (
        (f.SCRAP, units.scrap_ratio), (f.REWORK, units.rework_ratio),
        (f.FIRST_PASS, units.first_pass_yield), (f.QUALITY, units.quality),
    ):  # fmt: skip
        yield from _known_sample(known, labels)


def _performance(labels: tuple[str, ...], times: Busy) -> Iterator[Sample]:
    for known in (
        (f.AVAILABILITY, times.availability), (f.EFFECTIVENESS, times.effectiveness),
        (f.OEE, times.oee),
    ):  # fmt: skip
        yield from _known_sample(known, labels)


def _known_sample(
    known: tuple[f.Figure, Decimal | float | None], labels: tuple[str, ...]
) -> Iterator[Sample]:
    figure, value = known
    if value is not None:
        yield Sample(figure, labels, float(value))


def _busy_lines(window: WindowSums, book: RateBook) -> dict[tuple[str, str], Busy]:
    """The times of lines with an ideal rate, at the rate in force at the window's end."""
    by_line: dict[tuple[str, str], Busy] = {}
    for (plant, line, _, _), sums in window.lines.items():
        start, end = window.spans[plant]
        rate = book.line_rate(plant, line, end)
        if rate is None or rate.item.ideal_rate_per_minute is None:
            continue
        length = quotient(Decimal((end - start) // _A_MICROSECOND), _MICROSECONDS)
        planned = max(length - sums.planned_stop, Decimal(0))
        by_line[plant, line] = busy(
            planned, sums.stopped, sums.units, rate.item.ideal_rate_per_minute
        )
    return by_line
