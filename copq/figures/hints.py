"""What to do if a question has no figures."""

from datetime import date

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.figures import Scope
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
NO_RATES = (
    "There are no rates yet, so nothing has a price. Rates first: copq rates import FILE; then "
    "events: copq import FILE, or POST /v1/events"
)
NO_FIGURES = (
    "Nothing was booked yet. Send events: copq import FILE, or POST /v1/events. Events without a "
    "price: copq unpriced"
)


async def say_empty(conn: Connection, book: RateBook, scope: Scope, command: str = "") -> str:
    """A sentence that says where the newest figures of the scope are, or what is missing.

    `command` is a command with --from, for a caller without that option.
    """
    of = (scope.plant, scope.line, scope.product, scope.element)
    first, last = await figures_span(conn, scope)
    if last is not None:
        return (
            f"No figures in this window. There are figures from {first} to {last}, the newest "
            f"with: {f'{command} ' if command else ''}--from {last}"
        )
    if not book.sites:
        return NO_RATES
    if any(name is not None for name in of):
        return f"Nothing has figures for these filters. {NO_FIGURES}"
    return NO_FIGURES


async def figures_span(conn: Connection, scope: Scope) -> tuple[date | None, date | None]:
    """The first and the last production day with figures of the scope."""
    span = await conn.fetchrow(
        *_SQL.figures_span(
            plant=scope.plant, line=scope.line, product=scope.product, element=scope.element
        )
    )
    return span["first"], span["last"]
