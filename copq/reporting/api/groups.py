"""`/v1/groups`: which product is in which group, by plant, grouping and production day."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.groups_answer import GroupsAnswer, GroupsRequest, answer_groups
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source

Grouping = Annotated[
    str | None, asked.Spelt, Query(description="Only this grouping.", examples=["family"])
]
Group = Annotated[str | None, asked.Spelt, Query(description="Only this group.")]
History = Annotated[bool, Query(description="The versions that were replaced, too.")]


def add_groups(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/groups",
        summary="Product groups",
        description=examples.GROUPS,
        responses=examples.answers(examples.GROUPS_ANSWER),
    )
    async def groups(
        request: Request, plant: asked.Plant = None, product: asked.Product = None,
        grouping: Grouping = None, group: Group = None, history: History = False,
        kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> GroupsAnswer:
            asked_for = GroupsRequest(
                plant=plant, product=product, grouping=grouping, group=group, history=history
            )
            return await answer_groups(reading.conn, reading.book, asked_for, reading.now, most)

        return await answer_request(source, request, kind, limit, "copq-groups", ask)
