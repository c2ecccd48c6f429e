"""Queries about figures, asked of all money in the reporting currency, or by product group.

Their SQL reads `{{rollup}}` and `{{ledger}}`: the tables, or views with the same columns and
converted money. A question that is not about product groups does not read them.
"""

from typing import NamedTuple

from copq.database.queries import Queries


class _Tables(NamedTuple):
    rollup: str
    ledger: str


_OWN = _Tables("copq.rollup", "copq.ledger")
_CONVERTED = _Tables("copq.reporting_rollup", "copq.reporting_ledger")
_COMPLETED = _Tables("copq.rollup", "copq.completed_ledger")


class ByCurrency:
    """The queries of a package: `[None]` by currency, `[currency]` in the reporting currency."""

    def __init__(self, module: str) -> None:
        queries = Queries.of(module)
        self._by_group = {
            tables: queries.placing(**tables._asdict()) for tables in (_OWN, _CONVERTED, _COMPLETED)
        }
        self._plain = {key: q.placing(**_WITHOUT_GROUPS) for key, q in self._by_group.items()}

    def __getitem__(self, currency: str | None) -> Queries:
        return self.of(currency)

    def of(
        self, currency: str | None, grouping: str | None = None, *, completed: bool = False
    ) -> Queries:
        """The queries that read the products' groups, if a grouping is given.

        With `completed`, those in the reporting currency include rates imported after the booking.
        """
        queries = self._plain if grouping is None else self._by_group
        return queries[_OWN if currency is None else _COMPLETED if completed else _CONVERTED]


_WITHOUT_GROUPS = {"group_join": "", "product_group": ":grouping::text"}
"""No join, and no group: the parameter is null."""
