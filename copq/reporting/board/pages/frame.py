"""The frame of all pages: who may see them, the form, and what is shown without figures."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response

from copq.access.door import Bearer, Role
from copq.figures.books import Reading
from copq.figures.report import zone_of
from copq.ledger.money import digits
from copq.reporting.board.guarding import OF_A_READER, PAGES, refusal
from copq.reporting.board.pages.asked import Asked, query_of
from copq.reporting.board.pages.choices import Choices, choices
from copq.reporting.source import Source
from copq.text.sentences import sentence
from copq.web.pages.page import serves

_OF_LINE, _OF_PLANT = ("plant", "line"), ("plant",)
PLACES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("/", "Board", _OF_LINE), ("/company", "Company", ()), ("/report", "Report", _OF_LINE),
    ("/why", "Why", _OF_LINE), ("/problems", "Problems", _OF_LINE),
    ("/what-if", "What if", _OF_LINE), ("/planner", "Planner", ()),
    ("/projects", "Projects", _OF_PLANT), ("/pack", "Review pack", _OF_PLANT),
)  # fmt: skip
"""The pages that are linked with each other, what they are called, and what a link carries along:
the plant, and the line."""


DESKS = (
    ("/finance", "Finance", Role.FINANCE),
    ("/quality", "Quality", Role.MANAGER),
    ("/admin", "Access", Role.ADMIN),
)
"""The pages of those who decide, where a service has them, and whose they are."""


_CARRIED_BY_DESK = {"/finance": _OF_PLANT, "/quality": _OF_PLANT}
OF_PLANTS = "/company"
"""The page for a reader who may see more than one plant."""

MANY = 2


def places_for(
    app: FastAPI, reader: Bearer, scope: Mapping[str, str | None], plants: int
) -> list[tuple[str, str, str]]:
    """The path, address and name of each page that the reader may open.

    The addresses carry the plant and the line of `scope` along, those of the desks the plant.
    `plants` is how many plants the reader may see.
    """
    analyses = [
        (path, _address(path, scope, names), name)
        for path, name, names in PLACES
        if path != OF_PLANTS or plants >= MANY
    ]
    desks = [
        (path, _address(path, scope, _CARRIED_BY_DESK.get(path, ())), name)
        for path, name, role in DESKS
        if (reader.role is role or reader.sender.name is None) and serves(app, path)
    ]  # fmt: skip
    return [*analyses, *desks]


def _address(path: str, scope: Mapping[str, str | None], names: Sequence[str]) -> str:
    query = query_of({name: scope.get(name) for name in names})
    return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Analysis:
    """A page that answers one question.

    `read` reads its answer in one snapshot, `show` turns that into the values of the template, in
    a thread of its own: a fit takes seconds. Both raise `ValueError` on an impossible question.
    `api` answers the same to programs. A path may have names in braces, which `api` has too; the
    page reads them from `asked.place`.
    """

    path: str
    template: str
    api: str
    parameters: Sequence[str]
    read: Callable[[Reading, Asked], Awaitable[Any]]
    show: Callable[[Asked, Any], dict[str, Any]]
    needs_rates: bool = True
    has_workbook: bool = False
    """Whether the API gives the answer as an Excel workbook, too."""


def add_page(router: APIRouter, source: Source, page: Analysis) -> None:
    @router.get(page.path, include_in_schema=False)
    async def shown(request: Request) -> Response:
        try:
            reader = await source.admit(request)
        except HTTPException as refused:
            return refusal(request, refused)
        path = quote(request.url.path)
        asked = Asked(path, request.query_params.multi_items(), request.path_params)
        status, values = await _values(source, reader, page, asked)
        answer = PAGES.show(
            page.template, status, **_around(request, reader, page, asked, values), **values
        )
        answer.headers.update(OF_A_READER)
        return answer


def _around(
    request: Request, reader: Bearer, page: Analysis, asked: Asked, values: dict[str, Any]
) -> dict[str, Any]:
    """What every page has around its figures."""
    plants = len(values["choices"].plants)
    scope = {name: asked.place.get(name) or asked.name(name) for name in ("plant", "line")}
    query = f"?{asked.query()}" if asked.given else ""
    api = page.api.format(**{name: quote(value, safe="") for name, value in asked.place.items()})
    return {
        "who": reader.sender.name, "asked": asked, "page": page,
        "places": places_for(request.app, reader, scope, plants), "here": page.path,
        "json": f"{api}{query}",
        "csv": f"{api}?{asked.query(format='csv')}",
        "xlsx": f"{api}?{asked.query(format='xlsx')}" if page.has_workbook else "",
    }  # fmt: skip


async def _values(
    source: Source, reader: Bearer, page: Analysis, asked: Asked
) -> tuple[int, dict[str, Any]]:
    """The status, and the figures or the sentence to show in their place."""
    empty = {"choices": Choices(), "place": {}, "fault": "", "no_rates": False}
    values: dict[str, Any] = dict(empty)
    try:
        async with source.reading(reader) as reading:
            values["choices"] = await choices(reading, asked)
            values["place"] = _place(reading, asked)
            values["no_rates"] = not reading.book.sites
            if values["no_rates"] and page.needs_rates:
                return 200, values
            asked.check(page.parameters)
            answer = await page.read(reading, asked)
        values |= await asyncio.to_thread(page.show, asked, answer)
    except HTTPException as refused:
        return refused.status_code, values | {"fault": sentence(str(refused.detail))}
    except ValueError as impossible:
        return 422, values | {"fault": sentence(str(impossible))}
    return 200, values


def _place(reading: Reading, asked: Asked) -> dict[str, Any]:
    """What the dialog of entries needs to know: the plant's time and the digits of its currency."""
    plant = asked.place.get("plant") or asked.text("plant")
    zone = zone_of(reading.book, plant or None)
    now = reading.now.astimezone(zone)
    site = reading.book.sites.get(plant) or next(iter(reading.book.sites.values()), None)
    return {
        "as_of": now.isoformat(), "zone": str(zone), "read_at": f"{now:%Y-%m-%d %H:%M} {zone}",
        "digits": digits(site.currency_at(reading.now)) if site else 2,
    }  # fmt: skip
