"""Why standing costs do not fit the rate book, or one another. Pure functions."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from copq.ledger.money import digits, rounded
from copq.rates.book import RateBook, Site
from copq.rates.names import name_list, unknown_plant
from copq.schemas.fields import EARLIEST, LATEST
from copq.schemas.refusal import nearest
from copq.schemas.standing_costs import StandingCostItem

Span = tuple[tuple[str, str, str, date], date | None]
"""Plant, line ('' is the whole plant), name and first day; and the last day, None without end."""


def misfits(items: Iterable[StandingCostItem], book: RateBook) -> list[str]:
    """What the rate book does not allow, each once."""
    return list(dict.fromkeys(fault for item in items for fault in _of_book(item, book)))


def _of_book(item: StandingCostItem, book: RateBook) -> Iterator[str]:
    site = book.sites.get(item.plant)
    if site is None:
        yield unknown_plant(item.plant, book.sites)
        return
    if item.line and site.lines and item.line not in site.lines:
        yield (
            f'line "{item.line}" is not in plant "{item.plant}"; its lines are '
            f"{name_list(sorted(site.lines))}{nearest(item.line, site.lines)}"
        )
    if item.amount is None:
        return
    currencies = currencies_of_days(site, item.first_day, item.last_day)
    if currencies != [item.currency]:
        yield _another_currency(item, currencies)
    elif rounded(item.amount, item.currency) != item.amount:
        yield (
            f"{_name(item)}: {item.amount:f} has more decimals than {item.currency} has, which is "
            f"{digits(item.currency)}: round it"
        )


def _name(item: StandingCostItem) -> str:
    return f'"{item.name}" of {item.plant} from {item.first_day}'


def _another_currency(item: StandingCostItem, currencies: list[str]) -> str:
    if item.currency not in currencies:
        say = f"give the amount in {currencies[-1]}"
    else:
        say = "give it a last_day before the change, and another row in the new currency"
    return (
        f"{_name(item)} is in {item.currency}, the plant's costs are in "
        f"{' and then '.join(currencies)}: {say}"
    )


def currencies_of_days(site: Site, first_day: date, last_day: date | None) -> list[str]:
    """The plant's currencies as the days from the first to the last begin, in their order."""
    found = [
        currency
        for currency, start, end in currency_spans(site)
        if (end is None or first_day < end) and (last_day is None or start <= last_day)
    ]
    return list(dict.fromkeys(found))


def currency_spans(site: Site) -> list[tuple[str, date, date | None]]:
    """The plant's currencies, each with the first production day that begins in it, and the first
    that does not."""
    changes = (v.item.effective_from for v in site.currencies.all()) if site.currencies else ()
    days = sorted({_first_day(site, at) for at in changes if EARLIEST <= at < LATEST})
    currencies = [
        site.plant.currency, *(site.currency_at(site.calendar.start_of(day)) for day in days)
    ]  # fmt: skip
    return list(zip(currencies, [date.min, *days], [*days, None], strict=True))


def _first_day(site: Site, at: datetime) -> date:
    """The first production day that begins at or after an instant."""
    day = site.calendar.bucket(at).day
    return day if site.calendar.start_of(day) >= at else day + timedelta(days=1)


def overlaps(spans: Collection[Span]) -> list[str]:
    """A fault for each cost that begins before the one before it has ended."""
    faults = []
    for (before, last_day), (after, _) in pairwise(sorted(spans, key=lambda span: span[0])):
        if before[:3] != after[:3] or (last_day is not None and last_day < after[3]):
            continue
        (plant, line, name, first_day), starts = before, after[3]
        of = f"{plant} line {line}" if line else plant
        until = f"to {last_day}" if last_day else "without a last_day"
        faults.append(
            f'"{name}" of {of} from {starts} overlaps the one from {first_day} {until}: give that '
            f"one the last_day {starts - timedelta(days=1)}, in the same file"
        )
    return faults
