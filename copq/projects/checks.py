"""Why a proposed project does not fit the rate book. Pure functions."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from copq.ledger.money import digits, rounded
from copq.rates.book import RateBook, Site
from copq.rates.names import name_list, unknown_plant
from copq.schemas.projects import ProjectItem
from copq.schemas.refusal import nearest
from copq.standing_costs.checks import currencies_of_days


def misfits(items: Iterable[ProjectItem], book: RateBook) -> list[str]:
    """What the rate book does not allow, each once."""
    return list(dict.fromkeys(fault for item in items for fault in _of_book(item, book)))


def _of_book(item: ProjectItem, book: RateBook) -> Iterator[str]:
    site = book.sites.get(item.plant)
    if site is None:
        yield unknown_plant(item.plant, book.sites)
        return
    yield from _of_scope(item, site)
    currencies = currencies_of_days(site, item.baseline.first, None)
    if currencies != [item.currency]:
        yield _another_currency(item, currencies)
    for one in item.investments:
        where = f'investment "{one.name}" of {_name(item)}'
        yield from amount_faults(where, one.amount, item.currency, one.currency)
    for benefit in item.benefits:
        yield from amount_faults(f"a benefit of {_name(item)}", benefit.amount, item.currency)


def _name(item: ProjectItem) -> str:
    return f'project "{item.name}" of {item.plant}'


def _of_scope(item: ProjectItem, site: Site) -> Iterator[str]:
    filters = item.scope.model_dump(exclude_defaults=True)
    if not filters and not item.whole_plant:
        yield (
            f"{_name(item)}: its scope has no filters, so it is everything in {item.plant}: name "
            "lines, products and so on, or set whole_plant: true"
        )
    if filters and item.whole_plant:
        yield f"{_name(item)}: whole_plant is true and its scope has filters: leave one out"
    for line in sorted(set(item.scope.line) - set(site.lines or item.scope.line)):
        yield (
            f'{_name(item)}: line "{line}" is not in plant "{item.plant}"; its lines are '
            f"{name_list(sorted(site.lines))}{nearest(line, site.lines)}"
        )


def _another_currency(item: ProjectItem, currencies: list[str]) -> str:
    if item.currency not in currencies:
        say = f"give its amounts in {currencies[-1]}"
    else:
        say = "a project has one currency, so its baseline begins after the change"
    return (
        f"{_name(item)} is in {item.currency}, the plant's costs from {item.baseline.first} on are "
        f"in {' and then '.join(currencies)}: {say}"
    )


def amount_faults(
    where: str, amount: Decimal, of_project: str, currency: str | None = None
) -> Iterator[str]:
    """Why an amount cannot be one of a project whose figures are in `of_project`."""
    if currency not in (None, of_project):
        yield (
            f"{where} is in {currency}, the project's figures are in {of_project}: give the amount "
            f"that was booked for it in {of_project}"
        )
    elif rounded(amount, of_project) != amount:
        yield (
            f"{where}: {amount:f} has more decimals than {of_project} has, which is "
            f"{digits(of_project)}: round it"
        )
