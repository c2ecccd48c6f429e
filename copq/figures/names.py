"""Whether a plant, line, product, stage, code or other name exists, and if not, which ones do."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.database.queries import Queries
from copq.rates.book import RateBook
from copq.rates.names import name_list, unknown_plant
from copq.schemas.refusal import nearest

_SQL = Queries.of(__file__)
MOST = 1_000
"""The number of names that are read, to list some and to find one that was mistyped."""

_CALLED = {
    "stage": "stage", "defect_code": "defect code", "work_unit": "machine", "shift": "shift",
    "supplier": "supplier", "function": "function",
}  # fmt: skip


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
    """Raises `UnknownName` if a name is neither in the rate book nor in any figure.

    `details` are names of `_CALLED`; an empty one means entries without it.
    """
    if plant is not None and plant not in book.sites:
        raise UnknownName(unknown_plant(plant, book.sites))
    if line is not None and line not in _lines_in_book(book, plant):
        await _check_line(conn, book, plant, line)
    if product is not None and not book.has_table(plant, product):
        await _check_product(conn, plant, product)
    for column, name in details.items():
        if name:
            await _check_detail(conn, plant, line, column, name)


class Names(NamedTuple):
    """The first names in the alphabet, and the number of `known` names."""

    first: list[str]
    known: int


async def lines_of(conn: Connection, book: RateBook, plant: str | None) -> list[str]:
    """The lines of the rate book in its order, then the first other lines with figures."""
    named = _lines_in_book(book, plant)
    more = set((await _known(conn, plant, "line")).first) - set(named)
    return named + sorted(more)


async def products_of(conn: Connection, plant: str | None) -> list[str]:
    """The first products with figures, in the order of the alphabet."""
    return (await _known(conn, plant, "product")).first


async def _known(conn: Connection, plant: str | None, kind: str) -> Names:
    return _names(await conn.fetch(*_SQL.known_names(plant=plant, kind=kind, limit=MOST)))


def _names(rows: list[Any]) -> Names:
    return Names([row["name"] for row in rows], rows[0]["known"] if rows else 0)


async def _check_line(conn: Connection, book: RateBook, plant: str | None, line: str) -> None:
    if await conn.fetchval(*_SQL.has_name(plant=plant, kind="line", name=line)):
        return
    where = f'in plant "{plant}"' if plant else "in any plant"
    known = await _known(conn, plant, "line")
    lines = sorted({*_lines_in_book(book, plant), *known.first})
    raise UnknownName(
        f'line "{line}" is not {where}; its lines are '
        f"{name_list(lines, max(len(lines), known.known))}{nearest(line, lines)}"
    )


async def _check_product(conn: Connection, plant: str | None, product: str) -> None:
    if await conn.fetchval(*_SQL.has_name(plant=plant, kind="product", name=product)):
        return
    products, known = await _known(conn, plant, "product")
    raise UnknownName(
        f'product "{product}" has neither a cost table nor figures; there are '
        f"{name_list(products, known)}{nearest(product, products)}. Add it with: "
        "copq rates import FILE"
    )


async def _check_detail(
    conn: Connection, plant: str | None, line: str | None, column: str, name: str
) -> None:
    """Only the ledger has all of these names, so a name is searched before any are listed.

    Functions are kept apart from it.
    """
    where = {"plant": plant, "line": line}
    has, list_known = _queries_of(column)
    if await conn.fetchval(*has(**where, name=name)):
        return
    names, known = _names(await conn.fetch(*list_known(**where, limit=MOST)))
    raise UnknownName(
        f'no entry has the {_CALLED[column]} "{name}"; there are {name_list(names, known)}'
        f"{nearest(name, names)}"
    )


def _queries_of(column: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The queries that ask for one name, and for all of them."""
    if column == "function":
        return _SQL.has_function, _SQL.known_functions
    return partial(_SQL.has_detail, column=column), partial(_SQL.known_details, column=column)


def _lines_in_book(book: RateBook, plant: str | None) -> list[str]:
    sites = [site for name, site in book.sites.items() if plant in (None, name)]
    return list(dict.fromkeys(line for site in sites for line in site.plant.lines))
