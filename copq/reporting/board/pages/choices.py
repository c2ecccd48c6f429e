"""What the form of a page offers: plants, lines, products, and the reporting currency."""

from dataclasses import dataclass, field

from copq.currencies.store import reporting_currency
from copq.figures.books import Reading
from copq.figures.names import lines_of, products_of
from copq.reporting.board.pages.asked import Asked
from copq.schemas.names import canonical


@dataclass(frozen=True, slots=True)
class Choices:
    """Names to choose from. Empty where the service cannot tell."""

    plants: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    currency: str | None = None


async def choices(reading: Reading, asked: Asked) -> Choices:
    """The names of the plant that is asked for, or of all plants."""
    plants = sorted(reading.book.sites)
    named = canonical(asked.text("plant")) if asked.is_sound else ""
    plant = named if named in plants else None
    currency = await reporting_currency(reading.conn)
    return Choices(
        plants,
        await lines_of(reading.conn, reading.book, plant),
        await products_of(reading.conn, plant),
        currency.currency if currency else None,
    )
