"""Whether a plant, line or product exists; where not, which ones do."""

from asyncpg import Connection

from services.rates.book import RateBook
from services.rates.names import listed, no_plant
from services.sql_files import statement

_KNOWN = statement(__file__, "known_names")


class UnknownName(ValueError):
    """Nothing has this name; the message says what there is."""


async def check_names(
    conn: Connection, book: RateBook, plant: str | None, line: str | None, product: str | None
) -> None:
    """Raises `UnknownName` where one of them is neither in the rate book nor in any figure."""
    if plant is not None and plant not in book.sites:
        raise UnknownName(no_plant(plant, book.sites))
    if line is not None and line not in _lines_in_book(book, plant):
        lines = await lines_of(conn, book, plant)
        if line not in lines:
            where = f'in plant "{plant}"' if plant else "in any plant"
            raise UnknownName(
                f'line "{line}" is not {where}; its lines are {listed(sorted(lines))}'
            )
    if product is not None and not book.has_table(plant, product):
        products = {row["product"] for row in await conn.fetch(_KNOWN, plant)}
        if product not in products:
            raise UnknownName(
                f'product "{product}" has neither a cost table nor figures; there are '
                f"{listed(sorted(products - {''}))}. Add it with: copq rates import FILE"
            )


async def lines_of(conn: Connection, book: RateBook, plant: str | None) -> list[str]:
    """Those in the rate book, in its order, then others that have figures."""
    named = _lines_in_book(book, plant)
    more = {row["line"] for row in await conn.fetch(_KNOWN, plant)} - set(named)
    return named + sorted(more)


def _lines_in_book(book: RateBook, plant: str | None) -> list[str]:
    sites = [site for name, site in book.sites.items() if plant in (None, name)]
    return list(dict.fromkeys(line for site in sites for line in site.plant.lines))
