"""Messages about missing rates: the known names, and what to do."""

from datetime import datetime

from copq.rates.book import RateBook, Site
from copq.rates.names import name_list
from copq.schemas.events import QualityEvent

ADD_IT = "Add it with: copq rates import FILE"


def no_table(event: QualityEvent, product: str, book: RateBook, site: Site) -> str:
    """Why an event has no cost table: the product is unknown, or no table is in force then."""
    history = book.tables_of(event.plant, product)
    if history is None:
        known = name_list(book.products.get(event.plant, []))
        return (
            f'product "{product}" has no cost table; products of plant "{event.plant}" that '
            f"have one: {known}. {ADD_IT}"
        )
    spans = [
        f"from {_format_instant(start, site)}"
        + (f" to {_format_instant(end, site)}" if end else "")
        for _, start, end in history.spans()
    ]
    return (
        f'product "{product}" has no cost table in force then; its tables are in force '
        f"{name_list(spans)}. {ADD_IT}"
    )


def _format_instant(instant: datetime, site: Site) -> str:
    return f"{instant.astimezone(site.calendar.zone):%Y-%m-%d %H:%M}"
