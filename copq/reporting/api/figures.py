"""`/v1/copq`, `/v1/trailing` and `/v1/drivers`: figures from the rollups and the ledger."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from copq.access.door import Bearer
from copq.figures.books import Reading
from copq.figures.drivers_answer import DriversAnswer, DriversRequest, answer_drivers
from copq.figures.pages import Place
from copq.figures.report_answer import ReportRequest, answer_report, report_columns, report_table
from copq.figures.share_bases import share_base
from copq.figures.trailing_answer import (
    TrailingRequest,
    answer_trailing,
    trailing_columns,
    trailing_table,
)
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.formats import as_json, stream_csv, wants_csv
from copq.reporting.source import Source
from copq.schemas.bases import PRODUCTION_BASE


def add_figures(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/copq",
        summary="COPQ by hour, production day or month",
        description=examples.COPQ,
        responses=examples.answers(examples.COPQ_ANSWER),
    )
    async def copq(
        request: Request, grain: asked.Grain = "day", by: asked.By = "plant,line",
        plant: asked.Plant = None, line: asked.Line = None, product: asked.Product = None,
        group: asked.Group = None, grouping: asked.Grouping = None,
        element: asked.Element = None, start: asked.From = "", end: asked.To = "",
        reported: asked.Reported = "restated", as_of: asked.AsOf = "",
        currency: asked.Currency = None, base: asked.Base = PRODUCTION_BASE,
        kind: asked.Format = None, limit: asked.Limit = None,
        after: Annotated[
            str | None, Query(alias="cursor", description="`next` of the previous page.")
        ] = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        asked_for = ReportRequest(
            plant=plant, line=line, product=product, group=group, grouping=grouping,
            element=element, by=by, grain=grain,
            start=start, end=end, reported=reported, as_of=as_of, currency=currency, base=base,
        )  # fmt: skip
        async with source.reading(reader) as reading:
            of = (reading.conn, reading.book)
            if not wants_csv(request, kind):
                answer = await answer_report(
                    *of, asked_for, reading.now, limit or asked.ROWS, after
                )
                return as_json(answer.as_json())
            query = await asked_for.query(*of, reading.now)
            await share_base(reading.conn, base, query)
            if after:
                Place.read(after, query)
        rows = _in_snapshot(
            source, reader, limit,
            lambda reading: report_table(
                reading.conn, reading.book, query, reading.now, after, base
            ),
        )  # fmt: skip
        return stream_csv("copq", rows, report_columns(query))

    @router.get(
        "/v1/trailing",
        summary="COPQ of the last hour, 24 hours and 30 days",
        description=examples.TRAILING,
        responses=examples.answers(examples.TRAILING_ANSWER),
    )
    async def trailing(
        request: Request, by: asked.By = "plant,line", plant: asked.Plant = None,
        line: asked.Line = None, product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None, element: asked.Element = None,
        currency: asked.Currency = None, base: asked.Base = PRODUCTION_BASE,
        kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        asked_for = TrailingRequest(
            plant=plant, line=line, product=product, group=group, grouping=grouping,
            element=element, by=by, currency=currency, base=base,
        )  # fmt: skip
        async with source.reading(reader) as reading:
            of = (reading.conn, reading.book)
            if not wants_csv(request, kind):
                most = limit or asked.ROWS
                answer = await answer_trailing(*of, asked_for, reading.now, most)
                return as_json(answer.as_json())
            scope = await asked_for.scope(*of)
            await share_base(reading.conn, base, scope)
        rows = _in_snapshot(
            source, reader, None,
            lambda reading: trailing_table(
                reading.conn, reading.book, scope, reading.now, limit, base
            ),
        )  # fmt: skip
        return stream_csv("copq-trailing", rows, trailing_columns(scope))

    @router.get(
        "/v1/drivers",
        summary="What costs most (Pareto)",
        description=examples.DRIVERS,
        responses=examples.answers(examples.DRIVERS_ANSWER, excel=True),
    )
    async def drivers(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        group: asked.Group = None, grouping: asked.Grouping = None,
        start: asked.From = "", end: asked.To = "",
        top: Annotated[int, Query(ge=1, le=10_000, description="Rows for each currency.")] = 10,
        currency: asked.Currency = None, kind: asked.TableFormat = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, _: int | None) -> DriversAnswer:
            asked_for = DriversRequest(
                plant=plant, line=line, group=group, grouping=grouping, start=start, end=end,
                currency=currency,
            )  # fmt: skip
            return await answer_drivers(reading.conn, reading.book, asked_for, reading.now, top)

        return await answer_request(source, request, kind, None, "copq-drivers", ask)


async def _in_snapshot(
    source: Source, reader: Bearer, limit: int | None,
    read: Callable[[Reading], AsyncIterator[dict[str, Any]]],
) -> AsyncIterator[list[dict[str, Any]]]:  # fmt: skip
    """The rows of a table in chunks, in a snapshot of their own; at most `limit` rows."""
    async with source.reading(reader) as reading:
        async for chunk in chunks(read(reading), limit):
            yield chunk


async def chunks(
    rows: AsyncIterator[dict[str, Any]], limit: int | None
) -> AsyncIterator[list[dict[str, Any]]]:
    """The rows in chunks; at most `limit` rows."""
    chunk: list[dict[str, Any]] = []
    number = 0
    async for row in rows:
        chunk.append(row)
        number += 1
        if len(chunk) == asked.ROWS or number == limit:
            yield chunk
            chunk = []
        if number == limit:
            return
    yield chunk
