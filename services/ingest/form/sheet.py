"""What the form asks for: names and a calendar out of the rate book, and no figure of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.access.sender import Sender
from services.ledger.calendar import Calendar
from services.rates.book import RateBook, Site


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form of one product on one line. `stages` are those of the table in force."""

    plant: str
    line: str
    product: str
    stages: tuple[str, ...]
    currency: str
    calendar: Calendar


def sheet_of(book: RateBook, plant: str, line: str, product: str, at: datetime) -> Sheet | None:
    """None where the plant, its line or a cost table of the product in force at `at` is missing."""
    site = book.sites.get(plant)
    found = book.cost_table(plant, product, at)
    if site is None or found is None or (site.lines and line not in site.lines):
        return None
    stages = tuple(stage.stage for stage in found.item.stages)
    return Sheet(plant, line, product, stages, site.currency_at(at), site.calendar)


@dataclass(frozen=True, slots=True)
class Place:
    """A line that somebody may report for, and the products that may be made there."""

    plant: str
    line: str
    products: tuple[str, ...]


def places(book: RateBook, sender: Sender, at: datetime) -> list[Place]:
    """Where `sender` may report, by plant and line."""
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
    """Those that the plant names; else those that have a rate, or that the sender is for."""
    plant = site.plant.plant
    lines: Iterable[str] = site.lines
    if not site.lines:
        rated = [v.item for kind, _, v in book.named_items() if kind == "line rate"]
        lines = {rate.line for rate in rated if rate.plant == plant}
        lines |= {line for own, line in sender.lines or () if own == plant and line is not None}
    return sorted(line for line in lines if sender.may_report(plant, line))
