"""What the form of a page offers: plants, lines, products, groups, and the reporting currency."""

from dataclasses import dataclass, field

from copq.currencies.store import reporting_currency
from copq.figures.books import Reading
from copq.figures.names import lines_of, products_of
from copq.groups.store import groupings, groups_of_grouping
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.switch import kept_filters
from copq.schemas.names import canonical


@dataclass(frozen=True, slots=True)
class Choices:
    """Names to choose from. Empty where the service cannot tell."""

    plants: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    currency: str | None = None
    groupings: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    """Those of the named grouping, or of the only one."""
    keeps: dict[str, list[str]] = field(default_factory=dict)
    """The filters that each plant has, too; a form keeps them when it chooses that plant."""


async def choices(reading: Reading, asked: Asked) -> Choices:
    """The names of the plant that is asked for, or of all plants."""
    plants = sorted(reading.book.sites)
    named = canonical(asked.text("plant")) if asked.is_sound else ""
    plant = named if named in plants else None
    currency = await reporting_currency(reading.conn)
    known = await groupings(reading.conn, plant)
    chosen = canonical(asked.text("grouping")) if asked.is_sound else ""
    grouping = chosen or (known[0] if len(known) == 1 else "")
    of = {name: canonical(asked.text(name)) if asked.is_sound else None
          for name in ("line", "product", "group")}  # fmt: skip
    return Choices(
        plants,
        await lines_of(reading.conn, reading.book, plant),
        await products_of(reading.conn, plant),
        currency.currency if currency else None,
        known,
        await groups_of_grouping(reading.conn, grouping, plant) if grouping in known else [],
        await kept_filters(reading, **of, grouping=grouping or None),
    )
