"""Questions about figures, asked of all money in the reporting currency."""

from services.database.sql_files import statement


class Question:
    """A statement about rollups and ledger: each currency on its own, or all in one.

    The other one is the same, of the views that have the same columns with their money converted.
    """

    def __init__(self, module: str, name: str) -> None:
        self._own = statement(module, name)
        self._converted = self._own.replace("copq.rollup", "copq.reporting_rollup").replace(
            "copq.ledger", "copq.reporting_ledger"
        )

    @property
    def completed(self) -> str:
        """In the reporting currency, with rates that came after an entry was booked."""
        return self._own.replace("copq.ledger", "copq.completed_ledger")

    def of(self, currency: str | None) -> str:
        """In the reporting currency, if there is a `currency`, else in those of the plants."""
        return self._own if currency is None else self._converted
