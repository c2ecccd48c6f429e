"""Queries about figures, asked of all money in the reporting currency.

Their SQL reads `{{rollup}}` and `{{ledger}}`: the tables, or views with the same columns and
converted money.
"""

from copq.database.queries import Queries


class ByCurrency:
    """The queries of a package: `[None]` by currency, `[currency]` in the reporting currency."""

    def __init__(self, module: str) -> None:
        queries = Queries.of(module)
        self._own = queries.placing(rollup="copq.rollup", ledger="copq.ledger")
        self._converted = queries.placing(
            rollup="copq.reporting_rollup", ledger="copq.reporting_ledger"
        )

    def __getitem__(self, currency: str | None) -> Queries:
        return self._own if currency is None else self._converted


def completed_queries(module: str) -> Queries:
    """Those in the reporting currency, including rates imported after the booking."""
    return Queries.of(module).placing(rollup="copq.rollup", ledger="copq.completed_ledger")
