"""The form's pages: choose a product, fill in, receive, withdraw or correct."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from babel import Locale
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from copq.access.door import Door, Role
from copq.access.login import person
from copq.access.sender import Sender
from copq.ingest.form.entry import Entry, read_entry
from copq.ingest.form.numbers import locale_of
from copq.ingest.form.period import Mistakes, period_of
from copq.ingest.form.sending import Desk, SentOtherwise
from copq.ingest.form.sheet import Sheet, places, sheet_of
from copq.ingest.form.shown import LABELS, consequences, facts_of, period_text, when
from copq.ingest.form.store import StoredEntry
from copq.rates.book import RateBook
from copq.web.pages.form_fields import read_form
from copq.web.pages.page import PageError, Pages
from copq.web.unavailable import Unavailable

_PAGES = Pages.of(Path(__file__).parent / "templates")
_NOT_STORED = (
    "Not stored yet: the service cannot reach its store. "
    "Wait a moment and press Send again; nothing counts twice."
)
_WAY_BACK = "private, no-cache"
"""The browser's back button shows the typed values, as the same submission."""

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def add_form(
    app: FastAPI, door: Door, desk: Desk, book: Callable[[], RateBook], clock: Clock = _now
) -> None:
    """`/form` and what follows from it, for operators. The app needs `add_pages` and `add_login`.

    `book` answers the newest rate book; of it the pages show names alone.
    """

    @app.get("/form", include_in_schema=False)
    async def form(request: Request) -> Response:
        by = (await person(request, door, Role.OPERATOR)).sender
        asked = request.query_params
        if asked.get("product"):
            filled = await _prefilled(desk, by, asked.get("again", ""))
            filled |= {name: asked.get(name, "") for name in ("plant", "line", "product")}
            sheet = _sheet(book(), filled, by, clock())
            page = _show_form(sheet, _with_day(filled, sheet, clock()), by)
            page.headers["Cache-Control"] = _WAY_BACK
            return page
        return await _show_choice(desk, book(), by, clock())

    @app.post("/form", include_in_schema=False)
    async def send(request: Request) -> Response:
        by = (await person(request, door, Role.OPERATOR)).sender
        filled = {name: text for name, text in (await read_form(request)).items() if text}
        now = clock()
        sheet = _sheet(book(), filled, by, now)
        submission = filled.pop("submission", "") or secrets.token_hex(16)
        step, locale = filled.pop("step", ""), _locale(request)
        if step == "change":
            return _show_form(sheet, filled, by, submission=submission)
        try:
            sheet = _sheet_then(book(), sheet, filled, now)
            entry = read_entry(filled, sheet, now, locale)
            if step == "check":
                desk.check(entry, submission, by, now)
                return _show_check(entry, filled, submission, by, locale)
            kept = await desk.send(entry, filled, submission, by, now)
        except Mistakes as mistakes:
            return _show_form(sheet, filled, by, mistakes.by_field, 422, submission=submission)
        except SentOtherwise as earlier:
            return _go(f"/form/{earlier.entry_id}?changed=1")
        except Unavailable as error:
            return _show_away(sheet, filled, by, error, submission)
        return _go(f"/form/{kept.entry_id}")

    @app.get("/form/{entry_id}", include_in_schema=False)
    async def receipt(request: Request, entry_id: str, changed: str = "") -> Response:
        by = (await person(request, door, Role.OPERATOR)).sender
        kept = await _own(desk, entry_id, by)
        return _show_receipt(kept, book(), by, bool(changed), _locale(request))

    @app.post("/form/{entry_id}/withdraw", include_in_schema=False)
    async def withdraw(request: Request, entry_id: str) -> Response:
        by = (await person(request, door, Role.OPERATOR)).sender
        kept = await _own(desk, entry_id, by)
        await _withdraw(desk, kept, by)
        return _go(f"/form/{kept.entry_id}")

    @app.post("/form/{entry_id}/correct", include_in_schema=False)
    async def correct(request: Request, entry_id: str) -> Response:
        by = (await person(request, door, Role.OPERATOR)).sender
        kept = await _own(desk, entry_id, by)
        await _withdraw(desk, kept, by)
        where = {"plant": kept.plant, "line": kept.line, "product": kept.product}
        return _go(f"/form?{urlencode(where | {'again': kept.entry_id})}")


def _sheet(book: RateBook, filled: dict[str, str], by: Sender, at: datetime) -> Sheet:
    plant, line, product = (filled.get(name, "") for name in ("plant", "line", "product"))
    if not by.may_report(plant, line):
        raise PageError(403, "Not your line", f'"{line}" of "{plant}" is not one of your lines.')
    sheet = sheet_of(book, plant, line, product, at)
    if sheet is None:
        raise PageError(
            404, "No such form",
            f'"{product}" has no cost table in force for line "{line}" of "{plant}". '
            "Choose another product, or ask finance to import one.",
        )  # fmt: skip
    return sheet


def _sheet_then(book: RateBook, sheet: Sheet, filled: dict[str, str], now: datetime) -> Sheet:
    """The sheet of the table in force at the start of the entry's period."""
    try:
        start = period_of(filled, sheet.calendar, now).start
    except Mistakes:
        return sheet  # to be told together with what else is wrong
    then = sheet_of(book, sheet.plant, sheet.line, sheet.product, start)
    if then is None:
        field = "from" if filled.get("period") == "span" else "day"
        raise Mistakes({field: f"{sheet.product} had no cost table in force then"})
    return then


async def _prefilled(desk: Desk, by: Sender, entry_id: str) -> dict[str, str]:
    kept = await _own(desk, entry_id, by) if entry_id else None
    return dict(kept.filled) if kept else {}


def _with_day(filled: dict[str, str], sheet: Sheet, now: datetime) -> dict[str, str]:
    """The fields, by default with the current production day."""
    day = sheet.calendar.bucket(now).day.isoformat()
    return {"period": "day", "day": day} | filled


async def _own(desk: Desk, entry_id: str, by: Sender) -> StoredEntry:
    try:
        kept = await desk.entry(entry_id, by)
    except Unavailable as error:
        raise _away(error) from error
    if kept is None:
        raise PageError(404, "No such entry", "You have sent no entry of this number.")
    return kept


async def _withdraw(desk: Desk, kept: StoredEntry, by: Sender) -> None:
    try:
        await desk.withdraw(kept, by)
    except Unavailable as error:
        raise _away(error) from error
    except Mistakes as error:
        raise PageError(422, "Not withdrawn", error.by_field.get("", "")) from error


def _away(error: Unavailable) -> PageError:
    message = "The database or the broker does not answer. Try again in a moment."
    return PageError(503, "Not now", message, str(error.retry_after))


async def _show_choice(desk: Desk, book: RateBook, by: Sender, now: datetime) -> Response:
    try:
        newest = await desk.newest(by)
    except Unavailable as error:
        raise _away(error) from error
    entries = [(kept, period_text(kept.filled), when(kept, book)) for kept in newest]
    return _PAGES.show("choose.html", who=by.name, places=places(book, by, now), entries=entries)


def _show_form(
    sheet: Sheet,
    filled: dict[str, str],
    by: Sender,
    mistakes: dict[str, str] | None = None,
    status: int = 200,
    notice: str = "",
    submission: str = "",
) -> Response:
    return _PAGES.show(
        "form.html", status, who=by.name, sheet=sheet, filled=filled, mistakes=mistakes or {},
        notice=notice, labels=LABELS, submission=submission or secrets.token_hex(16),
    )  # fmt: skip


def _show_away(
    sheet: Sheet, filled: dict[str, str], by: Sender, error: Unavailable, submission: str
) -> Response:
    """Offer the same submission again: events that were stored after all count once."""
    response = _show_form(sheet, filled, by, None, 503, _NOT_STORED, submission)
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def _show_check(
    entry: Entry, filled: dict[str, str], submission: str, by: Sender, locale: Locale
) -> Response:
    """Show how the entry is understood, to be sent or changed."""
    facts = facts_of(filled, entry.sheet.currency, locale)
    page = _PAGES.show(
        "check.html", who=by.name, sheet=entry.sheet, filled=filled, submission=submission,
        facts=facts, consequences=consequences(entry, locale),
    )  # fmt: skip
    page.headers["Cache-Control"] = _WAY_BACK
    return page


def _show_receipt(
    kept: StoredEntry, book: RateBook, by: Sender, changed: bool, locale: Locale
) -> Response:
    site = book.sites.get(kept.plant)
    currency = site.currency_at(kept.entered_at) if site else ""
    facts = facts_of(kept.filled, currency, locale)
    return _PAGES.show(
        "receipt.html", who=by.name, kept=kept, facts=facts, changed=changed, when=when(kept, book)
    )  # fmt: skip


def _locale(request: Request) -> Locale:
    return locale_of(request.headers.get("accept-language", ""))


def _go(to: str) -> RedirectResponse:
    return RedirectResponse(to, 303, {"Cache-Control": "no-store"})
