"""The fields of the form: names and the calendar of the rate book, without its figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from copq.access.sender import Sender
from copq.ledger.calendar import Calendar
from copq.rates.book import RateBook, Site


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form of one product on one line, with the `stages` of the table in force."""

    plant: str
    line: str
    product: str
    stages: tuple[str, ...]
    currency: str
    calendar: Calendar


def sheet_of(book: RateBook, plant: str, line: str, product: str, at: datetime) -> Sheet | None:
    """The sheet; None without the plant, its line or a cost table of the product at `at`."""
    site = book.sites.get(plant)
    found = book.cost_table(plant, product, at)
    if site is None or found is None or (site.lines and line not in site.lines):
        return None
    stages = tuple(stage.stage for stage in found.item.stages)
    return Sheet(plant, line, product, stages, site.currency_at(at), site.calendar)


@dataclass(frozen=True, slots=True)
class Place:
    """A line that the sender may report for, and its possible products."""

    plant: str
    line: str
    products: tuple[str, ...]


def places(book: RateBook, sender: Sender, at: datetime) -> list[Place]:
    """The lines for which `sender` may report, by plant and line."""
    return [
        Place(site.plant.plant, line, products)
        for site in book.sites.values()
        if (products := _products(book, site, at))
        for line in _lines(book, site, sender)
    ]


def _products(book: RateBook, site: Site, at: datetime) -> tuple[str, ...]:
    plant = site.plant.plant
    named = {v.item.product for kind, _, v in book.named_items() if kind == "cost table"}
    return tuple(sorted(p for p in named if book.cost_table(plant, p, at) is not None))


def _lines(book: RateBook, site: Site, sender: Sender) -> list[str]:
    """The lines of the plant; if it names none, those with a rate or those of the sender."""
    plant = site.plant.plant
    lines: Iterable[str] = site.lines
    if not site.lines:
        rated = [v.item for kind, _, v in book.named_items() if kind == "line rate"]
        lines = {rate.line for rate in rated if rate.plant == plant}
        lines |= {line for own, line in sender.lines or () if own == plant and line is not None}
    return sorted(line for line in lines if sender.may_report(plant, line))
