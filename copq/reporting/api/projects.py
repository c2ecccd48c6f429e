"""`/v1/projects`: the portfolio of improvement projects; `/v1/projects/PLANT/NAME`: one of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.bridge_answer import BridgeAnswer, BridgeRequest, answer_bridge
from copq.figures.evidence_answer import EvidenceAnswer, EvidenceRequest, answer_evidence
from copq.figures.portfolio import PortfolioAnswer, PortfolioRequest, answer_portfolio
from copq.figures.portfolio_project import ProjectAnswer, answer_project
from copq.figures.portfolio_request import TYPES
from copq.projects.versions import version_of_project
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.api.project_export import export_of
from copq.reporting.source import Source

Owner = Annotated[
    str | None, asked.Spelt, Query(description="Projects of this owner.", examples=["olga"])
]
Type = Annotated[
    str | None,
    Query(
        alias="type",
        description=f"Projects with money of this benefit type: {', '.join(TYPES)}.",
        examples=["hard"],
    ),
]
Count = Annotated[
    str,
    Query(
        description="The types that count, with commas; else `type`, else hard.",
        examples=["hard,avoidance"],
    ),
]
From = Annotated[
    str, Query(alias="from", description="The first month: 2026-03.", examples=["2026-03"])
]
To = Annotated[
    str,
    Query(
        alias="to",
        description="The end, which is excluded; without it the month that runs in the plant.",
        examples=["2026-07"],
    ),
]
Shown = Annotated[
    Literal["projects", "types", "totals"],
    Query(alias="table", description="What CSV has: projects, their benefit types, or totals."),
]


FalseDiscoveries = Annotated[
    str,
    Query(
        description="Of the savings that are named as discoveries, the share that may be false on "
        "average; without it 0.05.",
        examples=["0.05"],
    ),
]
OfPlant = Annotated[str, Path(description="Its plant.", examples=["north"])]
OfName = Annotated[str, Path(description="Its name.", examples=["caps"])]
Opened = Annotated[
    str,
    Query(
        description="Open this month, 2026-06, or `baseline`, down to its entries.",
        examples=["2026-06", "baseline"],
    ),
]
BridgeTable = Annotated[
    Literal["months", "cells", "entries"],
    Query(description="What CSV has: months, or cells or entries of the opened month."),
]


def add_projects(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/projects",
        summary="Improvement projects: promised, measured, validated, returned",
        description=examples.PROJECTS,
        responses=examples.answers(examples.PROJECTS_ANSWER),
    )
    async def projects(
        request: Request, plant: asked.Plant = None, owner: Owner = None, kind_of: Type = None,
        count: Count = "", start: From = "", end: To = "",
        false_discoveries: FalseDiscoveries = "", shown: Shown = "projects",
        kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> PortfolioAnswer:
            asked_for = PortfolioRequest(
                plant=plant, owner=owner, type=kind_of, count=count, start=start, end=end,
                false_discoveries=false_discoveries,
            )  # fmt: skip
            return await answer_portfolio(
                reading.conn, reading.book, asked_for, reading.now, most, shown
            )

        return await answer_request(source, request, kind, limit, "copq-projects", ask)

    @router.get(
        "/v1/projects/{plant}/{name:path}/bridge",
        summary="What a project saved each month, down to entries",
        description=examples.BRIDGE,
        responses=examples.answers(examples.BRIDGE_ANSWER),
    )
    async def bridge(
        request: Request, plant: OfPlant, name: OfName, month: Opened = "",
        table: BridgeTable = "months", kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> BridgeAnswer:
            asked_for = BridgeRequest(plant=plant, project=name, month=month, table=table)
            return await answer_bridge(
                reading.conn, reading.books, reading.book, asked_for, reading.now, most
            )

        return await answer_request(source, request, kind, limit, f"copq-bridge-{table}", ask)

    @router.get(
        "/v1/projects/{plant}/{name:path}/export",
        summary="All that is needed to recompute a project's savings, in one file",
        description=examples.EXPORT,
        responses=examples.answers(examples.EXPORT_ANSWER, table=False),
    )
    async def export(request: Request, plant: OfPlant, name: OfName) -> Response:
        return await export_of(source, request, plant, name)

    @router.get(
        "/v1/projects/{plant}/{name:path}/evidence",
        summary="Whether a project's saving is proven, and whether it lasts",
        description=examples.EVIDENCE,
        responses=examples.answers(examples.EVIDENCE_ANSWER),
    )
    async def evidence(
        request: Request, plant: OfPlant, name: OfName, kind: asked.Format = None,
        limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> EvidenceAnswer:
            asked_for = EvidenceRequest(plant=plant, project=name)
            return await answer_evidence(reading.conn, reading.book, asked_for, reading.now, most)

        return await answer_request(source, request, kind, limit, "copq-evidence", ask)

    @router.get(
        "/v1/projects/{plant}/{name:path}",
        summary="One improvement project",
        description=examples.PROJECT,
        responses=examples.answers(examples.PROJECT_ANSWER),
    )
    async def project(
        request: Request, plant: OfPlant, name: OfName, count: Count = "",
        kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        etag: str | None = None

        async def ask(reading: Reading, _: int | None) -> ProjectAnswer:
            nonlocal etag
            etag = await version_of_project(reading.conn, plant, name)
            return await answer_project(reading.conn, reading.book, plant, name, count, reading.now)

        answer = await answer_request(source, request, kind, None, "copq-project", ask)
        if etag is not None:
            answer.headers["ETag"] = etag
        return answer
