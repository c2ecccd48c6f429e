"""What people ask about figures, as they write it: names in any spelling, times as text.

Commands and the API make the same requests of what they are given, so that both refuse alike.
"""

from dataclasses import dataclass

from asyncpg import Connection

from copq.figures.names import check_names
from copq.rates.book import RateBook
from copq.schemas.names import canonical
from copq.schemas.priced import ELEMENTS
from copq.schemas.refusal import none_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRequest:
    """Of which plant, line and product; None: of all."""

    plant: str | None = None
    line: str | None = None
    product: str | None = None

    def __post_init__(self) -> None:
        spell(self, "plant", "line", "product")

    async def check_names(self, conn: Connection, book: RateBook) -> None:
        """Raises `UnknownName` where one of the names is neither in the rates nor in a figure."""
        await check_names(conn, book, self.plant, self.line, self.product)


def spell(request: object, *fields: str) -> None:
    """Put names in their one spelling."""
    for field in fields:
        name = getattr(request, field)
        object.__setattr__(request, field, name and canonical(name))


def check_choice(name: str | None, known: tuple[str, ...]) -> None:
    """Raises `ValueError` where the name is none of those known."""
    if name is not None and name not in known:
        raise ValueError(f'"{name}" {none_of(name, known)}')


def check_element(element: str | None) -> None:
    check_choice(element, ELEMENTS)
