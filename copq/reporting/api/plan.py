"""`/v1/plan`: a quality programme by the dynamic model, or fitted to the months of a plant."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from copq.access.door import Bearer
from copq.figures.plan_answer import PlanRequest
from copq.figures.programme import programme
from copq.improvement import plans
from copq.improvement.dynamic_model import MOST_INDICATORS, MOST_PERIODS
from copq.improvement.history import FitRefused, Programme
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.formats import as_csv, as_json, wants_csv
from copq.reporting.source import Source


def _parameter(meaning: str, name: str) -> Any:
    return Query(description=f"{meaning}.", examples=[plans.DEFAULTS[name]])


Tc1 = Annotated[str | None, _parameter("Spending of the first period, a share of savings", "tc1")]
Alpha = Annotated[
    str | None, _parameter("Spending divided by that of the previous period", "alpha")
]
Beta = Annotated[str | None, _parameter("Target level of an indicator", "beta")]
M = Annotated[str | None, _parameter("Initial distance of performance from the target", "m")]
C = Annotated[str | None, _parameter("The speed at which performance becomes savings", "c")]
Indicators = Annotated[
    str, Query(description="Numbers of indicators to compare, with commas.", examples=["1,2,3"])
]
Periods = Annotated[int, Query(ge=1, le=MOST_PERIODS, description="The number of periods.")]
Savings = Annotated[
    str | None,
    Query(description="All possible savings, in money.", examples=["1000000"]),
]
Currency = Annotated[
    str | None,
    Query(
        description="The currency of `savings`; with `fit`, the reporting currency.",
        examples=["EUR"],
    ),
]
Fit = Annotated[bool, Query(description="Fit the missing parameters to the months of a plant.")]
Had = Annotated[
    int,
    Query(
        ge=1,
        le=MOST_INDICATORS,
        description="With `fit`: the number of indicators of the programme.",
    ),
]


def add_plan(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/plan",
        summary="Plan a quality programme",
        description=examples.PLAN,
        responses=examples.answers(examples.PLAN_ANSWER),
    )
    async def plan(
        request: Request, tc1: Tc1 = None, alpha: Alpha = None, beta: Beta = None, m: M = None,
        c: C = None, indicators: Indicators = plans.INDICATORS, periods: Periods = plans.PERIODS,
        savings: Savings = None, currency: Currency = None, fitted: Annotated[Fit, Query(
            alias="fit")] = False, plant: asked.Plant = None, start: asked.From = "",
        end: asked.To = "", fit_indicators: Had = 1, kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        asked_for = PlanRequest(
            parameters={"tc1": tc1, "alpha": alpha, "beta": beta, "m": m, "c": c},
            indicators=indicators, periods=periods, savings=savings, currency=currency,
            fitted=fitted, plant=plant, start=start, end=end, had=fit_indicators,
        )  # fmt: skip
        try:
            months = await _months(source, reader, asked_for)
            compared = await asyncio.to_thread(asked_for.plan, months)
        except FitRefused as refused:
            return _answer(request, kind, plans.refused_fit(str(refused)))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return _answer(request, kind, plans.answer(compared))


async def _months(source: Source, reader: Bearer, asked_for: PlanRequest) -> Programme | None:
    """The months to fit; the connection is returned before the fit, which takes seconds."""
    query = asked_for.query()
    if query is None:
        return None
    async with source.reading(reader) as reading:
        return await programme(reading.conn, reading.book, query, reading.now, asked_for.currency)


def _answer(request: Request, kind: str | None, answer: dict[str, Any]) -> Response:
    if wants_csv(request, kind):
        return as_csv("copq-plan", answer["rows"], plans.COLUMNS)
    return as_json(answer)
