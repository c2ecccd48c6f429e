"""The rate books of a what-if: the current one and earlier ones, each with the changes of rates."""

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

from asyncpg import Connection

from copq.figures.books import Books
from copq.improvement.what_if.changes import RateChange
from copq.rates.book import RateBook, Site
from copq.rates.changed_figures import changed_book


class ChangedBook(NamedTuple):
    """A rate book, and the same with the changes."""

    before: RateBook
    after: RateBook


class ChangedBooks:
    """The books of one answer, read in its snapshot."""

    def __init__(
        self, conn: Connection, books: Books, newest: RateBook, changes: Sequence[RateChange]
    ) -> None:
        self._conn, self._books, self._changes = conn, books, changes
        self._sites = {name: _of_any_line(site) for name, site in newest.sites.items()}
        self.newest = self._with_changes(newest)
        self._older: dict[int, ChangedBook] = {}

    async def as_booked(self, version: int) -> ChangedBook:
        """The rates of an earlier revision, with the current plants. A line that its plant no
        longer has still has its entries."""
        if version not in self._older:
            book = await self._books.as_of(self._conn, version)
            self._older[version] = self._with_changes(book)
        return self._older[version]

    def _with_changes(self, own: RateBook) -> ChangedBook:
        book = copy(own)
        book.sites = self._sites
        return ChangedBook(book, changed_book(book, self._changes) if self._changes else book)


def _of_any_line(site: Site) -> Site:
    of_any = copy(site)
    of_any.lines = frozenset()
    return of_any
