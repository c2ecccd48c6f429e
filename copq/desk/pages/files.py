"""The page `/finance/files`: targets, bases, groups, standing costs and exchange rates by file."""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import ValidationError

from copq.access.door import Bearer
from copq.currencies.store import RATE_DAYS, history, reporting_currency, summaries
from copq.desk.acts import require_version
from copq.desk.currencies import ReportingCurrencyAct, set_reporting_currency
from copq.desk.desk import Acting
from copq.desk.imports import IMPORTS, Importable, import_upload
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.pages.uploads import read_upload
from copq.desk.uploads import Upload
from copq.desk.versions import version_of
from copq.rates.file import RateFileError
from copq.web.pages.form_fields import read_form

PATH = "/finance/files"
_DAYS = 92


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its name in the address, what it holds, and where its data are read."""

    name: str
    what: str
    example: str
    of: Importable


KINDS = tuple(
    Kind(one.path.removeprefix("/v1/"), one.noun, one.sample.text, one) for one in IMPORTS
)


def add_files(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def files(request: Request) -> Response:
        return await _files(request, pages, await pages.person(request))

    @router.post(f"{PATH}/reporting-currency")
    async def currency(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> Any:
            version = await version_of(acting.conn, "reporting_currency")
            require_version([filled.get("version", "")], version)
            return (await set_reporting_currency(acting, _currency(filled))).body

        refusal, _ = await pages.act(request, bearer, filled, act)
        if refusal:
            return await _files(request, pages, bearer, refusal, filled)
        return go(PATH, "currency")

    @router.get(f"{PATH}/currencies/{{currency}}")
    async def rates_of(request: Request, currency: str) -> Response:
        return await _currency_page(request, pages, await pages.person(request), currency)

    @router.post(f"{PATH}/{{name}}")
    async def import_(request: Request, name: str) -> Response:
        bearer = await pages.person(request)
        kind = next((kind for kind in KINDS if kind.name == name), None)
        try:
            if kind is None:
                raise HTTPException(404, f'there is no kind of file "{name}"')
            sent = await read_upload(request)
        except HTTPException as error:
            return await _files(request, pages, bearer, Refusal.of(error))
        upload = Upload(sent.name, sent.data)
        filled = sent.filled | {"file": sha256(sent.data).hexdigest(), "of": name}

        async def act(acting: Acting) -> Any:
            return (await import_upload(acting, kind.of, upload, filled.get("why", ""))).body

        refusal, counts = await pages.act(request, bearer, filled, act)
        return await _files(request, pages, bearer, refusal, filled, (kind, upload.name, counts))


def _currency(filled: dict[str, str]) -> ReportingCurrencyAct:
    try:
        days = filled.get("rate_days", "")
        return ReportingCurrencyAct(
            currency=filled.get("currency", ""), rate_days=int(days) if days else RATE_DAYS,
            why=filled.get("why", ""),
        )  # fmt: skip
    except (ValidationError, ValueError):
        raise RateFileError(
            ["a currency has three capital letters, such as EUR, and days are 0 to 366"]
        ) from None


async def _files(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None = None,
    filled: dict[str, str] | None = None, imported: tuple[Kind, str, Any] | None = None,
) -> Response:  # fmt: skip
    async with pages.desk.seeing(request, pages.role) as seeing:
        reporting = await reporting_currency(seeing.conn)
        version = await version_of(seeing.conn, "reporting_currency")
    async with pages.source.reading(bearer) as reading:
        currencies = await summaries(reading.conn)
    done = _says(imported) if imported and not refusal else ""
    return pages.show(
        request, bearer, "files.html", PATH, refusal, kinds=KINDS, filled=filled or {},
        reporting=reporting, currencies=currencies, done_says=done, rate_days=RATE_DAYS,
        version=version,
    )  # fmt: skip


async def _currency_page(
    request: Request, pages: DeskPages, bearer: Bearer, currency: str
) -> Response:
    """The rates of a currency up to a day, with their versions."""
    refusal, until = None, None
    async with pages.source.reading(bearer) as reading:
        reporting = await reporting_currency(reading.conn)
        until = reading.now.date() + timedelta(days=1)
        try:
            until = date.fromisoformat(request.query_params.get("until") or until.isoformat())
        except ValueError:
            refusal = Refusal(422, ("Write the last day as 2026-03-31.",))
        first = until - timedelta(days=_DAYS - 1)
        rates = await history(reading.conn, currency, first, until + timedelta(days=1))
    return pages.show(
        request, bearer, "currency.html", PATH, refusal, currency=currency, rates=rates,
        reporting=reporting, first=first, until=until, days=_DAYS,
    )  # fmt: skip


def _says(imported: tuple[Kind, str, Any]) -> str:
    """`bases.csv: 3 new, 1 restated, 0 unchanged`."""
    _, name, counts = imported
    numbers = [f"{value:,} {what}" for what, value in counts.items() if isinstance(value, int)]
    return f"{name} is imported: {', '.join(numbers)}."
