"""The rate book with the rates of one instant, in force at all times."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from copq.rates.book import RateBook, Versioned

ALWAYS = datetime(1900, 1, 1, tzinfo=UTC)
"""Before every event."""

_NAME = {"cost table": "product", "line rate": "line", "labour rate": "grade"}


def frozen_book(book: RateBook, at: datetime) -> RateBook:
    """The book in which each rate has the version in force at `at`, for all times.

    A rate that had ended before has its last version until then, and one that began later its
    first. Each plant has the currency that it had then.
    """
    kept: dict[str, list[Versioned[Any]]] = defaultdict(list)
    for (kind, *_), versions in _by_rate(book).items():
        kept[kind].append(_always(_version_at(versions, at)))
    frozen = RateBook(book.revision, (), kept["cost table"], kept["line rate"], kept["labour rate"])
    frozen.sites = {
        name: site.in_one_currency(site.currency_at(at)) for name, site in book.sites.items()
    }
    return frozen


def _by_rate(book: RateBook) -> dict[tuple[Any, ...], list[Versioned[Any]]]:
    """The versions of each rate, in the order of their starts."""
    found: dict[tuple[Any, ...], list[Versioned[Any]]] = defaultdict(list)
    for kind, _, version in book.named_items():
        if kind in _NAME:
            item = version.item
            found[kind, item.plant, getattr(item, _NAME[kind])].append(version)
    return found


def _version_at(versions: list[Versioned[Any]], at: datetime) -> Versioned[Any]:
    begun = [version for version in versions if version.item.effective_from <= at]
    return begun[-1] if begun else versions[0]


def _always(version: Versioned[Any]) -> Versioned[Any]:
    item = version.item.model_copy(update={"effective_from": ALWAYS, "effective_to": None})
    return Versioned(version.version, item)
