"""The guide `/setup`: from an empty service to a first figure of your own, step by step.

What is entered is kept as a draft of the person; what is in the rate book is done.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from fastapi import APIRouter, HTTPException, Request, Response

from copq.access.door import Bearer, Role
from copq.access.login import person
from copq.desk.desk import Acting, Seeing
from copq.desk.pages.frame import DeskPages, Form, Refusal, go
from copq.desk.pages.uploads import read_upload
from copq.desk.rate_documents import submit_rates, visible_documents
from copq.desk.set_up.draft import Draft, drop_draft, keep_draft, kept_draft
from copq.desk.set_up.entered import (
    Mistakes,
    check_plant,
    currencies,
    first_day,
    rates_entered,
    read_costs,
    time_zones,
)
from copq.desk.set_up.tables import (
    LineRow,
    StageRow,
    Table,
    read_lines,
    read_stages,
    tables_of_file,
)
from copq.ingest.form.numbers import input_text, locale_of
from copq.rates import documents as store
from copq.rates.documents import JUMP, Document, RateSubmission, State
from copq.rates.file import RateFileError
from copq.rates.review import Review, review
from copq.rates.store import load
from copq.rates.yaml_text import yaml_of
from copq.schemas.names import canonical
from copq.schemas.rates import RateFile
from copq.text.sentences import sentence
from copq.web.pages.form_fields import read_form

PATH = "/setup"
STEPS = (
    ("plant", "Plant"), ("products", "Lines and products"), ("rates", "First rates"),
    ("token", "Token"), ("event", "Test event"),
)  # fmt: skip
WHY = "first rates, by the guide in the browser"
_CHANGED = "the plant, its lines or products have changed since: check each cost, and send again"
_TOLD = 20
_LABELS = {
    "plant": "Plant", "time_zone": "Time zone", "day_start": "Start of the production day",
    "currency": "Currency", "lines": "Lines", "products": "Products", "since": "In force from",
    "person": "Your name", "machine": "Machine or program", "quantity": "Rejected units",
    "token": "Token of an operator",
}  # fmt: skip


def add_set_up(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def guide(request: Request) -> Response:
        bearer = await person(request, pages.desk.door, Role.FINANCE, Role.ADMIN)
        if bearer.role is Role.ADMIN and bearer.sender.name is not None:
            return go(f"{PATH}/token")
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
        return go(f"{PATH}/{state.next_step}")

    _add_plant(router, pages)
    _add_products(router, pages)
    _add_rates(router, pages)


class _State:
    """What is done: the draft of the person, and the plants of the rate book."""

    def __init__(self, draft: Draft, plants: list[str], document: Document | None) -> None:
        self.plants, self.document = plants, document
        self.draft = Draft() if canonical(draft.plant) in plants else draft

    @property
    def next_step(self) -> str:
        if not self.draft.plant:
            return "event" if self.plants else "plant"
        return "rates" if self.draft.has_tables else "products"

    @property
    def waits(self) -> bool:
        """Whether the rates are submitted and another person has not decided yet."""
        return self.document is not None and self.document.state is State.DRAFT


async def _state(seeing: Seeing, bearer: Bearer) -> _State:
    draft = await kept_draft(seeing.conn, who(bearer))
    plants = list((await load(seeing.conn)).seen_by(seeing.lines).sites)
    named = file_name(draft.plant)
    documents = [one for one in await visible_documents(seeing) if one.name == named]
    return _State(draft, plants, documents[-1] if documents and draft.plant else None)


def who(bearer: Bearer) -> str:
    return bearer.sender.name or ""


def file_name(plant: str) -> str:
    """The name of the rate document of a plant."""
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in plant)
    return f"set-up-{safe}.yaml"


def steps_done(draft: Draft, is_priced: bool, needs_token: bool) -> set[str]:
    """The steps that are done, for the list next to the page."""
    done = {"plant"} if draft.plant or is_priced else set()
    done |= {"products"} if draft.has_tables or is_priced else set()
    done |= {"rates"} if is_priced else set()
    return done | ({"token"} if needs_token else set())


def show_step(
    request: Request, pages: DeskPages, bearer: Bearer, step: str, done: set[str],
    mistakes: Mistakes | None = None, refusal: Refusal | None = None,
    labels: dict[str, str] | None = None, **values: Any,
) -> Response:  # fmt: skip
    """The page of a step; each mistake is shown next to its field, too. `labels` name fields."""
    if mistakes and refusal is None:
        named = {**_LABELS, **(labels or {})}
        faults = [
            f"{named.get(field, '')}: {said}".lstrip(": ") for field, said in mistakes.items()
        ]
        refusal = Refusal(422, tuple(map(sentence, faults)))
    return pages.show(
        request, bearer, f"set_up_{step}.html", f"{PATH}/{step}", refusal, step=step, steps=STEPS,
        finished=done, mistakes=mistakes or {}, **values,
    )  # fmt: skip


def _done(state: _State, bearer: Bearer) -> set[str]:
    priced = bool(state.plants) and not state.draft.plant
    return steps_done(state.draft, priced, bearer.sender.name is not None)


def _add_plant(router: APIRouter, pages: DeskPages) -> None:
    path = f"{PATH}/plant"

    @router.get(path)
    async def plant(request: Request) -> Response:
        bearer = await pages.person(request)
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
        return _plant(request, pages, bearer, state, state.draft)

    @router.post(path)
    async def name_plant(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)
        said = {name: filled.get(name, "") for name in ("time_zone", "day_start")}
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
            currency = filled.get("currency", "").partition(" ")[0].upper()
            draft = replace(
                state.draft, plant=canonical(filled.get("plant", "")), currency=currency, **said
            )
            if mistakes := check_plant(draft, dict.fromkeys(state.plants)):
                return _plant(request, pages, bearer, state, draft, mistakes)
            await keep_draft(seeing.conn, who(bearer), draft)
        return go(f"{PATH}/products")


def _plant(
    request: Request, pages: DeskPages, bearer: Bearer, state: _State, draft: Draft,
    mistakes: Mistakes | None = None,
) -> Response:  # fmt: skip
    return show_step(
        request, pages, bearer, "plant", _done(state, bearer), mistakes, draft=draft,
        plants=state.plants, zones=time_zones(), currencies=currencies(),
    )  # fmt: skip


def _add_products(router: APIRouter, pages: DeskPages) -> None:
    path = f"{PATH}/products"

    @router.get(path)
    async def products(request: Request) -> Response:
        bearer = await pages.person(request)
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
        if not state.draft.plant:
            return go(f"{PATH}/plant")
        return _products(request, pages, bearer, state, state.draft)

    @router.post(path)
    async def list_products(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
            if not state.draft.plant:
                return go(f"{PATH}/plant")
            draft = replace(
                state.draft, lines=filled.get("lines", ""), products=filled.get("products", "")
            )
            lines, stages = tables(draft, request)
            if mistakes := _faults(lines, stages):
                return _products(request, pages, bearer, state, draft, mistakes, (lines, stages))
            await keep_draft(seeing.conn, who(bearer), draft)
        return go(f"{PATH}/rates")

    @router.post(f"{path}/file")
    async def read_file(request: Request) -> Response:
        bearer = await pages.person(request)
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
            if not state.draft.plant:
                return go(f"{PATH}/plant")
            try:
                upload = await read_upload(request)
                found = tables_of_file(upload.name, upload.data)
            except RateFileError as error:
                refusal = Refusal(422, tuple(map(sentence, error.faults)))
                return _products(request, pages, bearer, state, state.draft, refusal=refusal)
            except HTTPException as error:
                refusal = Refusal.of(error)
                return _products(request, pages, bearer, state, state.draft, refusal=refusal)
            typed = {n: t.strip() for n, t in upload.filled.items() if n in ("lines", "products")}
            draft = replace(state.draft, **{**typed, **found})
            read = tables(draft, request)
            return _products(request, pages, bearer, state, draft, read=read, file=upload.name)


def tables(draft: Draft, request: Request) -> tuple[Table[LineRow], Table[StageRow]]:
    locale = _locale(request)
    return read_lines(draft.lines, locale), read_stages(draft.products, locale)


def _locale(request: Request) -> Locale:
    return locale_of(request.headers.get("accept-language", ""))


def _faults(lines: Table[LineRow], stages: Table[StageRow]) -> Mistakes:
    found = {"lines": lines.faults, "products": stages.faults}
    return {name: _cut(faults) for name, faults in found.items() if faults}


def _cut(faults: list[str]) -> str:
    more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
    return "; ".join(faults[:_TOLD]) + more


def _products(
    request: Request, pages: DeskPages, bearer: Bearer, state: _State, draft: Draft,
    mistakes: Mistakes | None = None, read: tuple[Table[LineRow], Table[StageRow]] | None = None,
    refusal: Refusal | None = None, file: str = "",
) -> Response:  # fmt: skip
    if read is None and draft.has_tables:
        read = tables(draft, request)
    lines, stages = read or (Table(), Table())
    return show_step(
        request, pages, bearer, "products", _done(state, bearer), mistakes, refusal, draft=draft,
        lines=lines, stages=stages, file=file,
    )  # fmt: skip


def _add_rates(router: APIRouter, pages: DeskPages) -> None:
    path = f"{PATH}/rates"

    @router.get(path)
    async def rates(request: Request) -> Response:
        bearer = await pages.person(request)
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
        if not state.draft.has_tables:
            return go(PATH)
        return _rates(request, pages, bearer, state, {}, pages.desk.clock())

    @router.post(path)
    async def set_rates(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)
        async with pages.desk.seeing_as(bearer) as seeing:
            state = await _state(seeing, bearer)
            now = seeing.now
            if not state.draft.has_tables:
                return go(PATH)
            if filled.get("version") != state.draft.version:
                return _rates(request, pages, bearer, state, filled, now, {"": _CHANGED})
            found, mistakes = _entered(request, state.draft, filled)
            if found is None:
                return _rates(request, pages, bearer, state, filled, now, mistakes)
            await store.check_scope(seeing.conn, found, seeing.reader)
            reviewed = review(await load(seeing.conn), found, JUMP, now)
        if filled.get("what") == "file":
            return _download(state.draft, found)
        if reviewed.concerns and filled.get("seen") != "yes":
            return _rates(request, pages, bearer, state, filled, now, reviewed=reviewed)

        async def act(acting: Acting) -> int | None:
            return await _set(acting, state.draft.plant, found)

        refusal, number = await pages.act(request, bearer, filled, act)
        if refusal:
            return _rates(request, pages, bearer, state, filled, now, refusal=refusal)
        if number is not None:
            return go(path, "submitted")
        return go(f"{PATH}/token?{urlencode({'plant': state.draft.plant})}")


def _entered(
    request: Request, draft: Draft, filled: Form
) -> tuple[RateFile | None, Mistakes]:  # fmt: skip
    """The rates of the form, or what is wrong."""
    lines, stages = tables(draft, request)
    costs, mistakes = read_costs(filled, lines.rows, stages.rows, _locale(request))
    if costs is None:
        return None, mistakes
    try:
        return rates_entered(draft, lines.rows, stages.rows, costs), {}
    except RateFileError as error:
        return None, {"": "; ".join(error.faults)}


async def _set(acting: Acting, plant: str, rates: RateFile) -> int | None:
    """Put the rates into the book where one person may; else submit them, and return the number.

    One person may while nobody signs in: as `copq rates import`.
    """
    submission = RateSubmission(rates, file_name(plant), yaml_of(rates).encode())
    if acting.actor.role is not None:
        number, _ = await submit_rates(acting, submission, WHY, JUMP)
        return number
    found = review(await load(acting.conn), rates, JUMP, acting.now)
    concerns = list(map(str, found.concerns))
    await store.import_alone(acting.conn, submission, acting.actor, WHY, concerns)
    await drop_draft(acting.conn, "")
    return None


def _download(draft: Draft, rates: RateFile) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{_ascii(file_name(draft.plant))}"',
        "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(yaml_of(rates), 200, headers, "application/yaml")


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace("?", "-")


def _rates(
    request: Request, pages: DeskPages, bearer: Bearer, state: _State, filled: Form, now: datetime,
    mistakes: Mistakes | None = None, refusal: Refusal | None = None,
    reviewed: Review | None = None,
) -> Response:  # fmt: skip
    lines, stages = tables(state.draft, request)
    locale = _locale(request)
    known = {} if filled else {
        **_texts("material", [row.material for row in stages.rows], locale),
        **_texts("labour", [row.labour for row in stages.rows], locale),
        **_texts("hour", [row.per_hour for row in lines.rows], locale),
        "since": first_day(state.draft.time_zone, now).isoformat(),
    }  # fmt: skip
    labels = {f"hour-{n}": f"An hour of {row.line}" for n, row in enumerate(lines.rows)}
    for n, row in enumerate(stages.rows):
        labels[f"material-{n}"] = f"Material, {row.product} at {row.stage}"
        labels[f"labour-{n}"] = f"Labour and overhead, {row.product} at {row.stage}"
    return show_step(
        request, pages, bearer, "rates", _done(state, bearer), mistakes, refusal, labels,
        draft=state.draft, lines=lines, stages=stages, filled=dict(filled) or known,
        review=reviewed, document=state.document, waits=state.waits,
    )  # fmt: skip


def _texts(name: str, costs: list[Any], locale: Locale) -> dict[str, str]:
    return {
        f"{name}-{number}": input_text(cost, locale)
        for number, cost in enumerate(costs) if cost is not None
    }  # fmt: skip
