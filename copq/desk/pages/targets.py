"""The pages `/finance/targets` and `/quality/targets`: what is in force, what was; one set by form.

Managers see them, and finance sets them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from babel import Locale
from fastapi import APIRouter, Request, Response

from copq.access.door import Bearer
from copq.access.sender import Lines
from copq.desk.acts import require_version
from copq.desk.desk import Acting
from copq.desk.pages.fields import amount_in, filled_model, locale_in, share_in
from copq.desk.pages.frame import DeskPages, Refusal, chosen_plant, go
from copq.desk.targets import (
    TABLES,
    BudgetAct,
    TargetAct,
    is_seen,
    set_budget,
    set_target,
)
from copq.desk.versions import version_of
from copq.figures.names import lines_of, products_of
from copq.rates.book import RateBook
from copq.reporting.board.pages.cells import exact_text, percent_text
from copq.schemas.targets import WINDOWS
from copq.targets.book import SetBudget, SetTarget, Standing, scope_of, standings
from copq.targets.store import Setting, settings
from copq.web.answers import Faults
from copq.web.pages.form_fields import read_form

PATH = "/finance/targets"
FOR_MANAGERS = "/quality/targets"
_MOST = 200
_WINDOWS = {
    "hour": "this hour", "last_hour": "the last full hour", "day": "today",
    "last_day": "the last full day", "month": "this month", "last_month": "the last full month",
    "15m": "the last 15 minutes", "1h": "the last 60 minutes", "24h": "the last 24 hours",
    "30d": "the last 30 days",
}  # fmt: skip
_CATEGORIES = {
    "prevention": "prevention", "appraisal": "appraisal", "internal_failure": "internal failure",
    "external_failure": "external failure", "administrative_failure": "administrative failure",
}  # fmt: skip
_LABELS = {
    "plant": "Plant", "line": "Line", "product": "Product", "window": "Window", "ratio": "Target",
    "category": "Category", "amount": "Amount", "effective_from": "From",
}  # fmt: skip


def add_targets(router: APIRouter, pages: DeskPages, managers: DeskPages) -> None:
    _add_reading(router, pages, PATH)
    _add_reading(router, managers, FOR_MANAGERS)

    @router.post(f"{PATH}/{{kind}}")
    async def set_one(request: Request, kind: str) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)
        locale = locale_in(request)

        async def act(acting: Acting) -> Any:
            require_version([filled.get("version", "")], await version_of(acting.conn, *TABLES))
            if kind == "budget":
                return (await set_budget(acting, _budget(filled, locale))).body
            return (await set_target(acting, _target(filled, locale))).body

        refusal, _ = await pages.act(request, bearer, filled, act)
        if refusal:
            return await _page(request, pages, bearer, PATH, refusal, {**filled, "of": kind})
        done = "gone" if filled.get("do") == "none" else kind
        return go(PATH, done, chosen_plant(request))


def _add_reading(router: APIRouter, pages: DeskPages, path: str) -> None:
    @router.get(path)
    async def targets(request: Request) -> Response:
        asked = {name: request.query_params.get(name, "") for name in (*_LABELS, "of")}
        return await _page(request, pages, await pages.person(request), path, None, asked)


def _target(filled: dict[str, str], locale: Locale) -> TargetAct:
    return filled_model(TargetAct, _fields(filled, "ratio", locale), _LABELS)


def _budget(filled: dict[str, str], locale: Locale) -> BudgetAct:
    return filled_model(BudgetAct, _fields(filled, "amount", locale), _LABELS)


def _fields(filled: dict[str, str], figure: str, locale: Locale) -> dict[str, object]:
    names = ("plant", "line", "product", "window", "category", "effective_from", "why")
    found: dict[str, object] = {name: filled[name] for name in names if filled.get(name)}
    read = share_in if figure == "ratio" else amount_in
    wanted = read(filled.get(figure, ""), _LABELS[figure], locale)
    if filled.get("do") == "none":
        wanted = None
    elif wanted is None:
        raise Faults([f"{_LABELS[figure]}: fill it in, or press Take away"])
    elif figure == "ratio" and not 0 <= wanted <= 1:
        raise Faults(["Target: it is from 0 to 100 %; write it as 3 % or 0.03"])
    return {**found, figure: wanted}


async def _page(
    request: Request, pages: DeskPages, bearer: Bearer, path: str, refusal: Refusal | None,
    filled: dict[str, str],
) -> Response:  # fmt: skip
    plant = pages.plant(request)
    async with pages.desk.seeing_as(bearer) as seeing:
        targets, budgets = await settings(seeing.conn)
        version = await version_of(seeing.conn, *TABLES)
        now, lines = seeing.now, seeing.lines
    async with pages.source.reading(bearer) as reading:
        book = reading.book
        known_lines = await lines_of(reading.conn, book, None)
        known_products = await products_of(reading.conn, None)
    if plant:
        targets, budgets = (
            [one for one in found if one.item.plant in ("", plant)] for found in (targets, budgets)
        )
    rows = _rows(targets, book, now, lines), _rows(budgets, book, now, lines)
    sets = path == PATH
    return pages.show(
        request, bearer, "targets.html" if sets else "targets_seen.html", path, refusal,
        filled=filled, version=version, targets=rows[0], budgets=rows[1], most=_MOST,
        plants=sorted(book.sites), lines=known_lines, products=known_products,
        windows=[(name, _WINDOWS[name]) for name in WINDOWS],
        categories=list(_CATEGORIES.items()),
    )  # fmt: skip


def _rows(
    found: Sequence[Setting], book: RateBook, now: datetime, lines: Lines | None
) -> dict[str, list[dict[str, Any]]]:
    """What is in force or comes later, and everything that was ever set, the newest first."""
    seen = [one for one in found if is_seen(one.item, lines)]
    items = [one.item for one in seen]
    rows = [
        _row(one, book, standing)
        for one, standing in zip(seen, standings(items, now), strict=True)
    ]  # fmt: skip
    current = [row for row in rows if row["standing"] != Standing.PAST and not row["is_gone"]]
    return {
        "current": sorted(current, key=lambda row: (row["scope"], row["at"])),
        "ever": rows[::-1],
    }


def _row(one: Setting, book: RateBook, standing: Standing) -> dict[str, Any]:
    item = one.item
    site = book.sites.get(item.plant)
    zone = site.calendar.zone if site else UTC
    figure, gone = _figure(item, book)
    words = _words(item)
    return {
        "scope": scope_of(item), "of": words, "figure": figure, "is_gone": gone,
        "standing": standing, "at": item.effective_from,
        "since": f"{item.effective_from.astimezone(zone):%Y-%m-%d %H:%M}", "zone": str(zone),
        "set_at": f"{one.set_at.astimezone(UTC):%Y-%m-%d %H:%M}", "set_by": one.set_by,
        "source": one.source, "fields": _asked(item),
    }  # fmt: skip


def _figure(item: SetTarget | SetBudget, book: RateBook) -> tuple[str, bool]:
    """The figure as text, and whether it was taken away."""
    if isinstance(item, SetTarget):
        text = "none" if item.ratio is None else percent_text(item.ratio * 100)
        return text, item.ratio is None
    if item.amount is None:
        return "none", True
    site = book.sites.get(item.plant)
    currency = site.currency_at(item.effective_from) if site else ""
    return f"{exact_text(item.amount, currency)} {currency}".strip(), False


def _words(item: SetTarget | SetBudget) -> str:
    if isinstance(item, SetTarget):
        window = _WINDOWS.get(item.window, item.window)
        parts = [item.plant or "all plants", item.line, item.product, window]
    else:
        parts = [item.plant, item.line, _CATEGORIES.get(item.category, "COPQ")]
    return ", ".join(filter(None, parts))


def _asked(item: SetTarget | SetBudget) -> dict[str, str]:
    """The fields of the form that sets the same one again."""
    names = ("plant", "line", "product", "window", "category")
    of = "target" if isinstance(item, SetTarget) else "budget"
    return {"of": of} | {n: getattr(item, n) for n in names if getattr(item, n, "")}
