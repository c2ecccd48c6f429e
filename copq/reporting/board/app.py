"""Add the board to a service: the page at `/`, its files, and its contents as JSON."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.staticfiles import StaticFiles

from copq.access.door import Role
from copq.access.sender import encode_lines
from copq.database.queries import Queries
from copq.figures.books import Reading
from copq.figures.edges import day_of
from copq.figures.requests import GroupedRequest
from copq.rates.book import RateBook
from copq.reporting import parameters as asked
from copq.reporting.board.contents import contents
from copq.reporting.board.guarding import GUARDED, OF_A_READER, PAGES, refusal
from copq.reporting.board.pages.all import ANALYSES, SHEETS
from copq.reporting.board.pages.frame import MANY, OF_PLANTS, PLACES, add_page, places_for
from copq.reporting.board.pages.today import add_today
from copq.reporting.board.targets import Aims, SetTargets, Targets
from copq.reporting.board.view import latest_days, view_of
from copq.reporting.formats import as_json
from copq.reporting.source import Source
from copq.web.answers import NOT_ANSWERED
from copq.web.pages.page import serves
from copq.web.questions import SOUND
from copq.web.routes import add_routes

_SQL = Queries.of(__file__)
_STATIC = Path(__file__).parent / "static"
RENEWED_EVERY_S = 10
"""Figures of trailing windows and open stops change with the clock, without any event."""


class _Files(StaticFiles):
    """The page's files, revalidated each time, so that an upgrade shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(GUARDED)
        return response


def add_board(
    app: FastAPI, source: Source, targets: Targets | None = None, commands: str = ""
) -> None:
    """Add the page, and `GET /v1/board` that it reads. Only managers and finance may see them.

    `commands` are the options with which `copq` commands reach this service's database.
    """
    router = APIRouter(tags=["board"], responses=NOT_ANSWERED)
    _add_page(router, source, commands)
    _add_contents(router, source, targets or SetTargets())
    add_today(router, source)
    for analysis in (*ANALYSES, *SHEETS):
        add_page(router, source, analysis)
    add_routes(app, router)
    app.mount("/board", _Files(directory=_STATIC), name="board")


def _add_page(router: APIRouter, source: Source, commands: str) -> None:
    @router.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        try:
            reader = await source.admit(request)
        except HTTPException as refused:
            return refusal(request, refused)
        form = serves(request.app, "/form")
        options = "" if reader.role is Role.MANAGER else commands
        shown = PAGES.show(
            "board.html",
            who=reader.sender.name,
            form=form,
            commands=options,
            guide=reader.role is not Role.MANAGER and serves(request.app, "/setup"),
            places=places_for(request.app, reader, {}, MANY)[1:],
            carried={path: " ".join(names) for path, _, names in PLACES},
            of_plants=OF_PLANTS,
        )
        shown.headers.update(OF_A_READER)
        return shown


def _add_contents(router: APIRouter, source: Source, targets: Targets) -> None:
    @router.get(
        "/v1/board",
        summary="The contents of the board at one instant",
        description="By default, the plant with the newest figures. Repeat the request with the "
        "ETag as `If-None-Match`, every other second if needed: it is 304 until something changes.",
        responses={304: {"description": "Nothing has changed."}},
        dependencies=[SOUND],
    )
    async def board(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        group: asked.Group = None, grouping: asked.Grouping = None,
        day: Annotated[str, Query(description="A past production day; now by default.")] = "",
        span: Annotated[Literal["day", "month"], Query(description="Span of the Pareto.")] = "day",
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            tag = await _tag(reading, f"{encode_lines(reader.sender.lines)} {request.url.query}")
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers={"ETag": tag})
            headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
            if not reading.book.sites:
                return as_json({"empty": "rates", "read_at": reading.now}, headers)
            chosen = plant or await _newest_plant(reading, reading.book)
            of = GroupedRequest(plant=chosen, line=line, group=group, grouping=grouping)
            await of.check_names(reading.conn, reading.book)
            grouping = await of.chosen_grouping(reading.conn)
            view = view_of(reading.book, chosen, line, day_of(day), reading.now, of.group, grouping)
            is_whole = group is None
            aims = await targets.aims(reading.conn, chosen, view.now) if is_whole else Aims()
            return as_json(await contents(reading, view, aims, span), headers)


async def _tag(reading: Reading, question: str) -> str:
    """An ETag that changes with every commit, with the rates, and with the clock."""
    version = await reading.conn.fetchval(*_SQL.version())
    ticks = int(reading.now.timestamp() // RENEWED_EVERY_S)
    state = f"{version} {reading.book.revision} {ticks} {question}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:24]}"'


async def _newest_plant(reading: Reading, book: RateBook) -> str:
    latest = await latest_days(reading.conn)
    known = [(latest[name], name) for name in latest if name in book.sites]
    return max(known)[1] if known else min(book.sites)
