"""`/v1/plan`: a quality programme by the dynamic model, or fitted to the months of a plant."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from copq.access.door import Bearer
from copq.figures.programme import ProgrammeQuery, check_unfitted, programme, query_of
from copq.improvement import plans
from copq.improvement.dynamic_model import MOST_INDICATORS, MOST_PERIODS
from copq.improvement.history import FitRefused
from copq.improvement.plan_fit import PlanFit, fit
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
        c: C = None, indicators: Indicators = "1,2,3,4", periods: Periods = plans.PERIODS,
        savings: Savings = None, currency: Currency = None, fitted: Annotated[Fit, Query(
            alias="fit")] = False, plant: asked.Plant = None, start: asked.From = "",
        end: asked.To = "", fit_indicators: Had = 1, kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        parameters = {"tc1": tc1, "alpha": alpha, "beta": beta, "m": m, "c": c}
        try:
            if fitted:
                plans.counts(indicators)
                query, held = query_of(plant, start, end, savings), plans.held(parameters)
                fitted_plan = await _fit(source, reader, query, currency, held, fit_indicators)
                compared = plans.compare_fitted(fitted_plan, indicators, periods)
            else:
                check_unfitted(plant, start, end)
                money = plans.savings_of(savings, currency)
                compared = plans.compare(
                    plans.parameters_of(parameters), indicators, periods, money
                )
        except FitRefused as refused:
            return _answer(request, kind, plans.refused_fit(str(refused)))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return _answer(request, kind, plans.answer(compared))


async def _fit(
    source: Source, reader: Bearer, query: ProgrammeQuery, currency: str | None,
    held: Mapping[str, Decimal], had: int,
) -> PlanFit:  # fmt: skip
    """Fit in a thread, since it takes seconds. The connection is returned before that."""
    async with source.reading(reader) as reading:
        months = await programme(reading.conn, reading.book, query, reading.now, currency)
    return await asyncio.to_thread(fit, months, had, held)


def _answer(request: Request, kind: str | None, answer: dict[str, Any]) -> Response:
    if wants_csv(request, kind):
        return as_csv("copq-plan", answer["rows"], plans.COLUMNS)
    return as_json(answer)
