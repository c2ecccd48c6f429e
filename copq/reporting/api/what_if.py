"""`/v1/what-if`: what a window would have cost with some changes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.what_if import WhatIfAnswer, answer_what_if
from copq.figures.what_if_query import WhatIfRequest
from copq.figures.what_if_rows import DIMENSIONS
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source

Change = Annotated[
    str,
    Query(
        description="One change or several, with a semicolon between two.",
        examples=["halve code=LEAK", "remove code=JAM; rate labour=standard by 1.1"],
    ),
]
By = Annotated[
    str,
    Query(
        description=f"The dimensions of a row, separated by commas: {', '.join(DIMENSIONS)}.",
        examples=["line,product"],
    ),
]
Table = Annotated[
    Literal["rows", "entries"],
    Query(description="Which table CSV has: the rows, or all entries that would differ."),
]


def add_what_if(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/what-if",
        summary="What a window would have cost with some changes",
        description=examples.WHAT_IF,
        responses=examples.answers(examples.WHAT_IF_ANSWER),
    )
    async def what_if(
        request: Request, change: Change = "", plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None, month: asked.Month = "", start: asked.From = "",
        end: asked.To = "", by: By = "category,element", limit: asked.Limit = None,
        table: Table = "rows", kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> WhatIfAnswer:
            asked_for = WhatIfRequest(
                change=change, plant=plant, line=line, product=product, group=group,
                grouping=grouping, month=month, start=start, end=end, by=by, table=table,
            )  # fmt: skip
            return await answer_what_if(
                reading.conn, reading.books, reading.book, asked_for, reading.now, most
            )

        name = "copq-what-if" if table == "rows" else "copq-what-if-entries"
        return await answer_request(source, request, kind, limit, name, ask)
