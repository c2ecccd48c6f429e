"""Questions about figures, asked of all money in the reporting currency."""

from services.database.sql_files import statement


class Question:
    """A statement about rollups and ledger: by currency, or converted into one.

    The converted statement reads the views with the same columns and converted money.
    `parts` are files of the same folder whose text stands in the places named.
    """

    def __init__(self, module: str, name: str, **parts: str) -> None:
        self._own = statement(module, name)
        for place, part in parts.items():
            self._own = self._own.replace(f"{{{place}}}", statement(module, part).strip())
        self._converted = self._own.replace("copq.rollup", "copq.reporting_rollup").replace(
            "copq.ledger", "copq.reporting_ledger"
        )

    @property
    def completed(self) -> str:
        """The statement in the reporting currency, including rates imported after the booking."""
        return self._own.replace("copq.ledger", "copq.completed_ledger")

    def of(self, currency: str | None) -> str:
        """The statement in the reporting currency if `currency` is given, else in the plants'."""
        return self._own if currency is None else self._converted
