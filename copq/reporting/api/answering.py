"""One way from a request to its answer: admitted, read in one snapshot, as JSON or as a table."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol

from fastapi import Request, Response

from copq.figures.books import Reading
from copq.reporting import parameters as asked
from copq.reporting.formats import as_csv, as_json, wants_csv
from copq.reporting.source import Source


class TableAnswer(Protocol):
    """An answer that is a table, too."""

    @property
    def columns(self) -> Sequence[str]: ...

    def table(self) -> Iterable[dict[str, Any]]:
        """The rows of `columns`."""
        ...

    def as_json(self) -> dict[str, Any]: ...


async def answer_request(
    source: Source, request: Request, kind: str | None, limit: int | None, name: str,
    ask: Callable[[Reading, int | None], Awaitable[TableAnswer]],
) -> Response:  # fmt: skip
    """The answer of `ask` to a reader, in the format of the request; `name` is the file's.

    `ask` gets the snapshot of what the reader may see, and how many rows the answer has at most:
    `limit`; without one, all of them in a table (None) and `ROWS` in JSON. A `ValueError` of it
    refuses the question.
    """
    reader = await source.admit(request)
    is_table = wants_csv(request, kind)
    async with source.reading(reader) as reading:
        answer = await ask(reading, limit if is_table else limit or asked.ROWS)
    if is_table:
        return as_csv(name, answer.table(), answer.columns)
    return as_json(answer.as_json())
