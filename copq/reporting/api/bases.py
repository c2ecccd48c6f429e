"""`/v1/bases`: revenue and other bases of percentages, by plant and month."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.bases_answer import BASE_COLUMNS, BasesRequest, answer_bases
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.formats import as_csv, as_json, wants_csv
from copq.reporting.source import Source

Base = Annotated[
    str | None, asked.Spelt, Query(description="Of this name alone.", examples=["revenue"])
]
History = Annotated[bool, Query(description="The versions that were restated, too.")]


def add_bases(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/bases",
        summary="Bases of percentages, such as revenue",
        description=examples.BASES,
        responses=examples.answers(examples.BASES_ANSWER),
    )
    async def bases(
        request: Request, plant: asked.Plant = None, month: asked.Month = "", base: Base = None,
        history: History = False, kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        asked_for = BasesRequest(plant=plant, month=month, base=base, history=history)
        is_table = wants_csv(request, kind)
        async with source.reading(reader) as reading:
            most = limit if is_table else limit or asked.ROWS
            answer = await answer_bases(reading.conn, reading.book, asked_for, reading.now, most)
        if is_table:
            return as_csv("copq-bases", answer.table(), BASE_COLUMNS)
        return as_json(answer.as_json())
