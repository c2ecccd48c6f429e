"""Questions for figures as people write them: names in any spelling, times as text.

Commands and the API make the same requests, so both refuse in the same way.
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
    """The plant, line and product of a question; None means all."""

    plant: str | None = None
    line: str | None = None
    product: str | None = None

    def __post_init__(self) -> None:
        spell(self, "plant", "line", "product")

    async def check_names(self, conn: Connection, book: RateBook) -> None:
        """Raises `UnknownName` if a name is neither in the rates nor in a figure."""
        await check_names(conn, book, self.plant, self.line, self.product)


def spell(request: object, *fields: str) -> None:
    """Replace names with their canonical spelling."""
    for field in fields:
        name = getattr(request, field)
        object.__setattr__(request, field, name and canonical(name))


def check_choice(name: str | None, known: tuple[str, ...]) -> None:
    """Raises `ValueError` if the name is not one of the known names."""
    if name is not None and name not in known:
        raise ValueError(f'"{name}" {none_of(name, known)}')


def check_element(element: str | None) -> None:
    check_choice(element, ELEMENTS)
