"""`/v1/bases`: revenue and other bases of percentages, by plant and month."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.bases_answer import BasesAnswer, BasesRequest, answer_bases
from copq.figures.books import Reading
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
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
        responses=examples.answers(examples.BASES_ANSWER, excel=True),
    )
    async def bases(
        request: Request, plant: asked.Plant = None, month: asked.Month = "", base: Base = None,
        history: History = False, kind: asked.TableFormat = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> BasesAnswer:
            asked_for = BasesRequest(plant=plant, month=month, base=base, history=history)
            return await answer_bases(reading.conn, reading.book, asked_for, reading.now, most)

        return await answer_request(source, request, kind, limit, "copq-bases", ask)
