"""`/v1/entries`: the ledger behind a figure, page by page, with formula and event."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from copq.access.door import Bearer
from copq.figures.entries import EntryFilter
from copq.figures.entries_answer import answer_entries
from copq.figures.entries_json import entries_json
from copq.figures.entries_request import EXAMPLE, EntriesRequest
from copq.figures.entries_table import COLUMNS, table_rows
from copq.figures.partial_entries import Span
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.formats import as_json, stream_csv, wants_csv
from copq.reporting.source import Source

Filter = Annotated[
    str | None, asked.Spelt, Query(description="Empty: entries without one; so with product.")
]


def add_entries(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/entries",
        summary="The ledger behind a figure",
        description=examples.ENTRIES,
        responses=examples.answers(examples.ENTRIES_ANSWER),
    )
    async def entries(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None,
        grouped_on: Annotated[
            str, Query(description="The day whose groups count; else that of each entry.")
        ] = "",
        element: asked.Element = None,
        category: asked.OfCategory = None,
        stage: Filter = None, defect_code: Filter = None, work_unit: Filter = None,
        shift: Filter = None, supplier: Filter = None, function: Filter = None,
        attributes: Annotated[
            str,
            Query(
                description="Only events with these attributes, as JSON; an empty text: without.",
                examples=[EXAMPLE],
            ),
        ] = "",
        event_id: Annotated[str | None, asked.Spelt, Query()] = None,
        grain: asked.Grain = "day",
        bucket: Annotated[
            str, Query(description="One hour, day or month, written as in `from` of /v1/copq.")
        ] = "",
        period: Annotated[
            str, Query(description="The month in which entries are booked: 2026-10.")
        ] = "",
        reported: asked.Reported = "restated", start: asked.From = "", end: asked.To = "",
        trailing: Annotated[
            Literal["1h", "24h", "30d"] | None,
            Query(description="A trailing window as in /v1/trailing, instead of `from` and `to`."),
        ] = None,
        at: Annotated[str, Query(description="The end of `trailing`; now by default.")] = "",
        limit: Annotated[int, Query(ge=1, le=500, description="The entries of a page.")] = 50,
        after: Annotated[
            str | None, Query(alias="cursor", description="`next` of the previous page.")
        ] = None,
        kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        asked_for = EntriesRequest(
            plant=plant, line=line, product=product, group=group, grouping=grouping,
            grouped_on=grouped_on, element=element, category=category, stage=stage,
            defect_code=defect_code, work_unit=work_unit, shift=shift, supplier=supplier,
            function=function, attributes=attributes, event_id=event_id, grain=grain,
            bucket=bucket, start=start, end=end, trailing=trailing, at=at, period=period,
            reported=reported,
        )  # fmt: skip
        async with source.reading(reader) as reading:
            if not wants_csv(request, kind):
                answer = await answer_entries(reading, asked_for, limit, after)
                return as_json(entries_json(answer))
            which, window = await asked_for.entry_filter(reading.conn, reading.book, reading.now)
        return stream_csv("copq-entries", _all(source, reader, which, window), COLUMNS)


async def _all(
    source: Source, reader: Bearer, which: EntryFilter, window: Span | None
) -> AsyncIterator[list[dict[str, Any]]]:
    """All entries, in a snapshot of their own that lasts while they are read."""
    async with source.reading(reader) as reading:
        async for rows in table_rows(reading, which, window):
            yield rows
