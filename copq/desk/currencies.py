"""`/v1/reporting-currency` and `GET /v1/exchange-rates`: what company figures are added in."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any

from asyncpg import Connection
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from copq.access.door import Role
from copq.currencies.store import (
    RATE_DAYS,
    history,
    reporting_currency,
    set_reporting,
    summaries,
)
from copq.desk import examples
from copq.desk.acts import NOT_DONE, Act, By, json_body, read_act, require_match
from copq.desk.desk import Acting, Desk
from copq.desk.once import IDEMPOTENT, Done, answer_act
from copq.desk.versions import version_of
from copq.reporting.formats import as_json
from copq.schemas.fields import Currency
from copq.web.answers import Faults

_PATH = "/v1/reporting-currency"
Named = Annotated[
    Currency | None,
    Query(description="The rates of this one, with their versions.", examples=["SEK"]),
]
First = Annotated[
    date | None, Query(alias="from", description="The first day; else 30 days before `to`.")
]
Last = Annotated[date | None, Query(alias="to", description="The day after the last; else now.")]


class ReportingCurrencyAct(Act):
    """As `copq currencies set`."""

    currency: Currency = Field(description="Three capital letters.", examples=["EUR"])
    rate_days: int = Field(RATE_DAYS, ge=0, le=366, description="How long a rate is valid.")


def add_currencies(router: APIRouter, desk: Desk) -> None:
    _add_rates(router, desk)

    @router.get(
        _PATH, summary="The reporting currency; null until finance has set it",
        openapi_extra=examples.GET_REPORTING.described(),
    )  # fmt: skip
    async def reporting(request: Request) -> Response:
        async with desk.seeing(request, Role.MANAGER, Role.FINANCE) as seeing:
            found = await reporting_currency(seeing.conn)
            etag = await _version(seeing.conn)
        body = {"reporting": asdict(found) if found else None}
        return as_json(body, {"ETag": etag, "Cache-Control": "no-cache"})

    @router.put(
        _PATH, summary="Set the reporting currency", description=examples.REPORTING,
        openapi_extra=examples.SET_REPORTING.described(
            json_body(ReportingCurrencyAct, examples.SET_REPORTING.text)
        ),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def set_currency(request: Request, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, ReportingCurrencyAct)

        async def act(acting: Acting) -> Done:
            require_match(request, await _version(acting.conn))
            return await set_reporting_currency(acting, said)

        return await answer_act(desk, request, bearer, by, body, act)


async def set_reporting_currency(acting: Acting, said: ReportingCurrencyAct) -> Done:
    """Set it in the caller's transaction. Raises `CurrencyFixed`, `OutOfScope`."""
    why = said.why or f"figures are added in {said.currency}"
    await set_reporting(acting.conn, said.currency, said.rate_days, acting.actor, why)
    found = await reporting_currency(acting.conn)
    assert found is not None
    return Done({"reporting": asdict(found)}, headers={"ETag": await _version(acting.conn)})


def _add_rates(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/exchange-rates", summary="Exchange rates of each currency, or all of one",
        description=examples.RATES_OF, openapi_extra=examples.LIST_RATES.described(),
    )  # fmt: skip
    async def exchange_rates(
        request: Request, currency: Named = None, start: First = None, end: Last = None
    ) -> Response:
        async with desk.seeing(request, Role.MANAGER, Role.FINANCE) as seeing:
            until = end or seeing.now.date() + timedelta(days=2)
            first = start or until - timedelta(days=32)
            if first >= until:
                raise Faults(["to must be after from: it is the day after the last day"])
            etag = await version_of(seeing.conn, "exchange_version")
            found = await reporting_currency(seeing.conn)
            body: dict[str, Any] = {"reporting": asdict(found) if found else None}
            if currency is None:
                body["currencies"] = [
                    asdict(one) | ({} if seeing.lines is None else {"unconverted": None})
                    for one in await summaries(seeing.conn)
                ]
            else:
                rates = await history(seeing.conn, currency, first, until)
                body |= {"currency": currency, "rates": [asdict(rate) for rate in rates]}
        return as_json(body, {"ETag": etag, "Cache-Control": "no-cache"})


async def _version(conn: Connection) -> str:
    return await version_of(conn, "reporting_currency")
