"""Whether a plant, line, product, stage, code or machine exists; where not, which ones do."""

from asyncpg import Connection

from schemas.refusal import nearest
from services.database.sql_files import statement
from services.rates.book import RateBook
from services.rates.names import name_list, unknown_plant

_KNOWN = statement(__file__, "known_names")
_HAS_DETAIL = statement(__file__, "has_detail")
_DETAILS = statement(__file__, "known_details")
_CALLED = {"stage": "stage", "defect_code": "defect code", "work_unit": "machine"}


class UnknownName(ValueError):
    """Nothing has this name; the message lists the known names."""


async def check_names(
    conn: Connection,
    book: RateBook,
    plant: str | None = None,
    line: str | None = None,
    product: str | None = None,
    **details: str | None,
) -> None:
    """Raises `UnknownName` where one of them is neither in the rate book nor in any figure.

    `details` are a `stage`, `defect_code` or `work_unit`; an empty one stands for entries without.
    """
    if plant is not None and plant not in book.sites:
        raise UnknownName(unknown_plant(plant, book.sites))
    if line is not None and line not in _lines_in_book(book, plant):
        _refuse_line(line, plant, await lines_of(conn, book, plant))
    if product is not None and not book.has_table(plant, product):
        await _check_product(conn, plant, product)
    for column, name in details.items():
        if name:
            await _check_detail(conn, plant, line, column, name)


async def lines_of(conn: Connection, book: RateBook, plant: str | None) -> list[str]:
    """Those in the rate book, in its order, then others that have figures."""
    named = _lines_in_book(book, plant)
    more = {row["line"] for row in await conn.fetch(_KNOWN, plant)} - set(named)
    return named + sorted(more)


def _refuse_line(line: str, plant: str | None, lines: list[str]) -> None:
    if line not in lines:
        where = f'in plant "{plant}"' if plant else "in any plant"
        raise UnknownName(
            f'line "{line}" is not {where}; its lines are {name_list(sorted(lines))}'
            f"{nearest(line, lines)}"
        )


async def _check_product(conn: Connection, plant: str | None, product: str) -> None:
    products = {row["product"] for row in await conn.fetch(_KNOWN, plant)} - {""}
    if product not in products:
        raise UnknownName(
            f'product "{product}" has neither a cost table nor figures; there are '
            f"{name_list(sorted(products))}{nearest(product, products)}. Add it with: "
            "copq rates import FILE"
        )


async def _check_detail(
    conn: Connection, plant: str | None, line: str | None, column: str, name: str
) -> None:
    """The ledger alone knows them all, so that a name is looked for before all are listed."""
    if await conn.fetchval(_HAS_DETAIL, plant, line, column, name):
        return
    names = [row["name"] for row in await conn.fetch(_DETAILS, plant, line, column)]
    called = _CALLED[column]
    raise UnknownName(
        f'no entry has the {called} "{name}"; there are {name_list(names)}{nearest(name, names)}'
    )


def _lines_in_book(book: RateBook, plant: str | None) -> list[str]:
    sites = [site for name, site in book.sites.items() if plant in (None, name)]
    return list(dict.fromkeys(line for site in sites for line in site.plant.lines))
