"""The pages `/finance/months`: what a month still lacks, and its closing as a checklist."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response

from copq.access.door import Bearer
from copq.desk.acts import require_version
from copq.desk.desk import Acting
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.periods import STEPS, etag
from copq.figures.periods_answer import answer_periods
from copq.periods import closing
from copq.periods.answers import PeriodDetail, period_detail
from copq.periods.closing import Order
from copq.periods.period import PeriodError, State, month_of, span
from copq.periods.store import PeriodSummary, site_of
from copq.periods.unfinished import KINDS, NotFinished
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.reporting.board.pages.cells import NONE, exact_text, month_name, signed_text
from copq.web.pages.form_fields import read_form

PATH = "/finance/months"
_WHERE = {
    "unpriced": "/finance/unpriced", "corrections": "/finance/unpriced",
    "stops": "/finance/unpriced", "rates": "/finance/files",
}  # fmt: skip
_NAMES = {
    "unpriced": "Every event has a price", "corrections": "No correction waits for its event",
    "stops": "No stop is open", "rates": "Every entry has an exchange rate",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """A line of the checklist. `kind` may be accepted as it is; empty: it has to be done."""

    done: bool
    what: str
    says: str = ""
    href: str = ""
    kind: str = ""


def add_months(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def months(request: Request) -> Response:
        bearer = await pages.person(request)
        plant = pages.plant(request)
        async with pages.source.reading(bearer) as reading:
            found = await answer_periods(reading.conn, reading.book, plant, "", reading.now)
            due = months_to_close(found.rows, reading.book, reading.now)
        rows = [_row(one, one in due) for one in found.rows]
        return pages.show(request, bearer, "months.html", PATH, rows=rows)

    @router.get(f"{PATH}/{{plant}}/{{month}}")
    async def month(request: Request, plant: str, month: str) -> Response:
        bearer = await pages.person(request)
        return await _month(request, pages, bearer, plant, month)

    @router.post(f"{PATH}/{{plant}}/{{month}}/{{step}}")
    async def step(request: Request, plant: str, month: str, step: str) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> None:
            await _take(acting, plant, month_of(month), step, filled)

        refusal, _ = await pages.act(request, bearer, filled, act, apart=True)
        if refusal:
            return await _month(request, pages, bearer, plant, month, refusal, filled)
        return go(month_path(plant, month), step)


def month_path(plant: str, month: str) -> str:
    return f"{PATH}/{quote(plant, safe='')}/{month}"


def months_to_close(
    rows: Sequence[PeriodSummary], book: RateBook, now: datetime
) -> list[PeriodSummary]:
    """The open months that have ended in their plant."""
    return [
        one for one in rows
        if one.period.state is State.OPEN and one.period.plant in book.sites
        and span(one.period.month, book.sites[one.period.plant].calendar)[1] <= now
    ]  # fmt: skip


def _row(one: PeriodSummary, is_due: bool) -> dict[str, Any]:
    currency = one.currency or ""
    return {
        "plant": one.period.plant, "name": month_name(one.period.month), "due": is_due,
        "href": month_path(one.period.plant, f"{one.period.month:%Y-%m}"),
        "state": "closed, not signed yet" if _is_unsigned(one) else one.period.state,
        "currency": currency or NONE,
        "first_reported": exact_text(one.first_reported, currency),
        "restated": exact_text(one.restated, currency),
        "difference": signed_text(one.difference, currency),
        "late": exact_text(one.late, currency),
    }  # fmt: skip


def _is_unsigned(one: PeriodSummary) -> bool:
    return one.period.state is not State.OPEN and not one.signed


async def _take(acting: Acting, plant: str, month: date, step: str, filled: dict[str, str]) -> None:
    book = await load(acting.conn)
    site = site_of(book, plant)
    found = await period_detail(acting.conn, book, plant, month, acting.now)
    require_version([filled.get("version", "")], etag(found))
    order = Order(acting.actor, filled.get("why", ""))
    if step == "close":
        accepted = [kind for kind in KINDS if filled.get(f"accept_{kind}")]
        try:
            await closing.close_or_sign(acting.conn, site, month, order, acting.now, accepted)
        except NotFinished as error:
            raise PeriodError(
                f"it is not finished: {error.items}. Finish it, or tick “Close it without” below"
            ) from error
    elif step in STEPS:
        await STEPS[step](acting.conn, plant, month, order)
    else:
        raise HTTPException(404, f'there is no step "{step}"')


async def _month(
    request: Request, pages: DeskPages, bearer: Bearer, plant: str, month: str,
    refusal: Refusal | None = None, filled: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    async with pages.desk.seeing(request, pages.role) as seeing:
        seeing.require(plant)
        book = await load(seeing.conn)
        found = await period_detail(seeing.conn, book, plant, month_of(month), seeing.now)
    async with pages.source.reading(bearer) as reading:
        rows = (await answer_periods(reading.conn, reading.book, plant, "", reading.now)).rows
    checks = _checks(found, rows, book, seeing.now)
    return pages.show(
        request, bearer, "month.html", PATH, refusal, found=found, checks=checks,
        copq=[_row(one, False) for one in found.copq], version=etag(found), filled=filled or {},
        title=f"{month_name(found.period.month)} of {plant}", path=month_path(plant, month),
        zone=str(book.sites[plant].calendar.zone), signed=_signed(found),
        ready=all(check.done or check.kind for check in checks), month=month,
    )  # fmt: skip


def _checks(
    found: PeriodDetail, rows: Sequence[PeriodSummary], book: RateBook, now: datetime
) -> list[Check]:
    period = found.period
    end = span(period.month, book.sites[period.plant].calendar)[1]
    earlier = sorted({
        one.period.month for one in rows
        if one.period.month < period.month and one.period.state is State.OPEN
    })  # fmt: skip
    names = ", ".join(map(month_name, earlier))
    ended = f"It ends on {end:%d %B %Y at %H:%M} ({book.sites[period.plant].calendar.zone})."
    checks = [
        Check(now >= end, "The month has ended", "" if now >= end else ended),
        Check(not earlier, "The months before it are closed",
              f"Still open: {names}." if names else "",
              month_path(period.plant, f"{earlier[0]:%Y-%m}") if earlier else ""),
    ]  # fmt: skip
    for kind in KINDS:
        number = getattr(found.unfinished, kind)
        says = found.unfinished.words_of(kind) if number else ""
        checks.append(Check(not number, _NAMES[kind], says, _WHERE[kind] if number else "", kind))
    return checks


def _signed(found: PeriodDetail) -> list[dict[str, Any]]:
    return [
        {
            "closing": one.closing, "of": month_name(one.of_month), "category": one.category,
            "currency": one.currency, "entries": f"{one.entries:,}",
            "net": exact_text(one.net, one.currency),
        }
        for one in found.signed_off
    ]  # fmt: skip
