"""The last steps of the guide: tokens for people and machines, and a first event that arrives."""

import json
import re
import secrets
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from copq.access.cookies import set_cookie
from copq.access.door import Bearer, NotAdmitted, NotAllowed, Role
from copq.access.login import STAYS_S, person
from copq.access.requests import COOKIE, charge_request
from copq.access.store import all_tokens, lock_granting
from copq.database.connections import DatabaseRole
from copq.desk.desk import Acting
from copq.desk.once import Done
from copq.desk.pages.frame import DeskPages, Form, Refusal, go
from copq.desk.pages.set_up import PATH, show_step, steps_done
from copq.desk.set_up.draft import Draft
from copq.desk.set_up.entered import Mistakes
from copq.desk.tokens import TokenAct, make
from copq.figures.books import Reading
from copq.figures.event_account import Account, account
from copq.ingest.form.numbers import NotANumber, locale_of, read_number
from copq.ingest.intake import Status
from copq.ledger.money import money
from copq.rates.book import RateBook
from copq.rates.documents import NotPossible
from copq.reporting.board.guarding import POLICY
from copq.reporting.formats import as_json
from copq.web.pages.form_fields import read_form
from copq.web.unavailable import Unavailable

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_WHY = "first tokens, by the guide in the browser"
_ONE_MORE = "made with the guide in the browser"
_TOKENS = {
    Role.FINANCE: "For you: see figures, set rates, close months. You are signed in with it now",
    Role.ADMIN: "For you as administrator: make and revoke tokens. Keep it apart from the other",
    Role.OPERATOR: "For the machine or the MES: send events, see no cost",
}


def add_sending(router: APIRouter, pages: DeskPages) -> None:
    _add_token(router, pages)
    _add_event(router, pages)


def _add_token(router: APIRouter, pages: DeskPages) -> None:
    path = f"{PATH}/token"

    @router.get(path)
    async def token(request: Request) -> Response:
        bearer = await person(request, pages.desk.door, Role.FINANCE, Role.ADMIN)
        return await _token(request, pages, bearer, {})

    @router.post(path)
    async def make_tokens(request: Request) -> Response:
        bearer = await person(request, pages.desk.door, Role.FINANCE, Role.ADMIN)
        filled = await read_form(request)
        if refusal := _token_refusal(bearer):
            return await _token(request, pages, bearer, filled, refusal=refusal)
        if mistakes := _token_mistakes(bearer, filled):
            return await _token(request, pages, bearer, filled, mistakes)

        async def act(acting: Acting) -> Done:
            made = await _make(acting, bearer, filled)
            return Done(made, kept=[{**one, "token": None} for one in made])

        filled = {**filled, "by": filled.get("person", "")}
        refusal, made = await pages.act(request, bearer, filled, act, as_role=DatabaseRole.ADMIN)
        if refusal:
            return await _token(request, pages, bearer, filled, refusal=refusal)
        response = await _token(request, pages, bearer, filled, made=made)
        own = next((one["token"] for one in made if one["role"] == Role.FINANCE), None)
        if own and bearer.sender.name is None:
            set_cookie(request, response, COOKIE, own, STAYS_S)
        return response


def _token_refusal(bearer: Bearer) -> Refusal | None:
    if bearer.role is not Role.ADMIN:
        return Refusal(403, ("An administrator makes tokens.",))
    if bearer.sender.name is None and not bearer.local_names_only:
        return Refusal(409, ("This service asks for no token: it runs with --no-auth.",))
    return None


def _token_mistakes(bearer: Bearer, filled: Form) -> Mistakes:
    mistakes: Mistakes = {}
    if bearer.sender.name is None and not filled.get("person"):
        mistakes["person"] = "Enter your name: your tokens and the audit trail have it"
    if not filled.get("machine"):
        mistakes["machine"] = "Name the machine or program that sends events, such as press-7"
    return mistakes


async def _make(acting: Acting, bearer: Bearer, filled: Form) -> list[dict[str, Any]]:
    """The new tokens with their text. The first ones are of all that is needed to go on."""
    name, machine, plant = (filled.get(n, "") for n in ("person", "machine", "plant"))
    sends = TokenAct(name=machine, plants=[plant] if plant else [], why=_ONE_MORE)
    asked = [sends]
    if bearer.sender.name is None:
        await lock_granting(acting.conn)
        if await all_tokens(acting.conn):
            raise NotPossible("the first tokens were made meanwhile: sign in with one of them")
        asked = [
            TokenAct(name=name, role=Role.FINANCE, why=_WHY),
            TokenAct(name=f"{name}-admin", role=Role.ADMIN, why=_WHY),
            sends.model_copy(update={"why": _WHY}),
        ]
    return [(await make(acting, one)).body for one in asked]


async def _token(
    request: Request, pages: DeskPages, bearer: Bearer, filled: Form,
    mistakes: Mistakes | None = None, refusal: Refusal | None = None,
    made: list[dict[str, Any]] | None = None,
) -> Response:  # fmt: skip
    async with pages.source.reading(bearer) as reading:
        plants = list(reading.book.sites)
    plant = filled.get("plant") or request.query_params.get("plant", "")
    if plant not in plants:
        plant = plants[-1] if plants else ""
    shown = bearer
    if made and bearer.sender.name is None:
        own = next(one for one in made if one["role"] == Role.FINANCE)
        shown = replace(bearer, role=Role.FINANCE, sender=replace(bearer.sender, name=own["name"]))
    done = steps_done(Draft(), bool(plants), shown.sender.name is not None)
    return show_step(
        request, pages, shown, "token", done, mistakes, refusal, plants=plants, plant=plant,
        filled=filled, made=made, about=_TOKENS, is_open=bearer.local_names_only,
        no_auth=bearer.sender.name is None and not bearer.local_names_only,
        is_admin=bearer.role is Role.ADMIN, origin=_origin(request), url=urlencode,
    )  # fmt: skip


def _intake_address(request: Request, pages: DeskPages) -> str:
    """Where events are sent: here, or to another service whose address is unknown."""
    return _origin(request) if pages.desk.intake else "$COPQ_INGEST"


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class _First:
    """The event to send first: three rejects of a product that has a price."""

    event_id: str
    plant: str
    line: str
    product: str
    stage: str
    quantity: str

    def event(self, occurred_at: str) -> dict[str, Any]:
        return {
            "event_id": self.event_id, "event_type": "defect", "occurred_at": occurred_at,
            "plant": self.plant, "line": self.line, "product": self.product, "stage": self.stage,
            "quantity": float(self.quantity) if "." in self.quantity else int(self.quantity),
        }  # fmt: skip

    def command(self, origin: str, needs_token: bool) -> str:
        """The command that sends it now, for a shell."""
        now = '"occurred_at": "'
        told = json.dumps(self.event(""), ensure_ascii=False, indent=2).replace("'", "\\u0027")
        body = told.replace(now, f"{now}'$(date -u +%FT%TZ)'")
        token = '  -H "Authorization: Bearer $COPQ_TOKEN" \\\n' if needs_token else ""
        return (
            f"curl {origin}/v1/events \\\n{token}  -H 'Content-Type: application/json' \\\n"
            f"  -d '{body}'"
        )


@dataclass(frozen=True, slots=True)
class _Choice:
    """A product at a stage that has a price now."""

    product: str
    stage: str

    @property
    def value(self) -> str:
        return json.dumps([self.product, self.stage], ensure_ascii=False)


def _choices(book: RateBook, plant: str, reading: Reading) -> list[_Choice]:
    site = book.sites[plant]
    currency = site.currency_at(reading.now)
    tables = (book.cost_table(plant, product, reading.now) for product in book.products[plant])
    return [
        _Choice(table.item.product, stage.stage)
        for table in tables if table is not None and table.item.currency == currency
        for stage in table.item.stages
    ]  # fmt: skip


def _add_event(router: APIRouter, pages: DeskPages) -> None:
    path = f"{PATH}/event"

    @router.get(path)
    async def event(request: Request) -> Response:
        bearer = await pages.person(request)
        asked = dict(request.query_params)
        if not asked.get("id"):
            return go(f"{path}?{urlencode({**asked, 'id': f'first-{secrets.token_hex(4)}'})}")
        return await _event(request, pages, bearer, asked)

    @router.get(f"{path}/state")
    async def state(request: Request, id: str = "") -> Response:
        bearer = await pages.person(request)
        async with pages.source.reading(bearer) as reading:
            found = await account(reading.conn, reading.books, id) if id.isprintable() else None
        return as_json({"arrived": found is not None}, {"Cache-Control": "no-store"})

    @router.post(path)
    async def send(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)
        sender, mistakes = await _sender(request, pages, bearer, filled)
        quantity, fault = _quantity(request, filled)
        if fault:
            mistakes["quantity"] = fault
        if mistakes or sender is None:
            return await _event(request, pages, bearer, filled, mistakes)
        if pages.desk.intake is None:
            refusal = Refusal(409, ("This service takes no events: send it with the command.",))
            return await _event(request, pages, bearer, filled, refusal=refusal)
        async with pages.source.reading(bearer) as reading:
            first = _first(reading, filled, quantity)
        if first is None:
            return go(PATH)
        raw = json.dumps(first.event(pages.desk.clock().isoformat())).encode()
        try:
            [answer] = await pages.desk.intake.accept([raw], sender.sender)
        except Unavailable as error:
            refusal = Refusal(503, (f"Not sent: {error}.",))
            return await _event(request, pages, bearer, filled, refusal=refusal)
        if answer.status is Status.REFUSED and answer.refusal is not None:
            refusal = Refusal(422, (answer.refusal.message,))
            return await _event(request, pages, bearer, filled, refusal=refusal)
        names = ("plant", "line", "of", "quantity", "id")
        return go(f"{path}?{urlencode({n: filled.get(n, '') for n in names})}")


async def _sender(
    request: Request, pages: DeskPages, bearer: Bearer, filled: Form
) -> tuple[Bearer | None, Mistakes]:
    """Who sends: anybody while no token is needed, else the operator's token of the form."""
    if bearer.sender.name is None:
        return bearer, {}
    text = filled.get("token", "")
    if not text:
        return None, {"token": "Paste the token of an operator: people of finance send no events"}
    try:
        found = await pages.desk.door.admit(text, frozenset({Role.OPERATOR}))
    except (NotAdmitted, NotAllowed) as error:
        return None, {"token": str(error)}
    except Unavailable as error:
        return None, {"token": f"It cannot be checked now: {error}"}
    charge_request(pages.desk.door, found, requests=1, events=1)
    return found, {}


def _quantity(request: Request, filled: Form) -> tuple[str, str]:
    """The quantity as a plain number, or what is wrong with it."""
    locale = locale_of(request.headers.get("accept-language", ""))
    try:
        found = read_number(filled.get("quantity", ""), locale)
    except NotANumber as error:
        return "", str(error)
    if not found:
        return "", "Enter how many units were rejected, such as 3"
    return f"{found.normalize():f}", ""


def _first(reading: Reading, asked: Form, quantity: str = "") -> _First | None:
    """The event that is asked for, or an example of the newest plant. None without rates."""
    book = reading.book
    plants = [name for name in book.sites if _choices(book, name, reading)]
    if not plants:
        return None
    plant = asked.get("plant", "")
    plant = plant if plant in plants else plants[-1]
    lines = book.sites[plant].plant.lines
    line = asked.get("line", "")
    if not line or (lines and line not in lines):
        line = next(iter(lines), "L1")
    choices = _choices(book, plant, reading)
    of = next((one for one in choices if one.value == asked.get("of")), choices[-1])
    number = quantity or asked.get("quantity", "")
    plain = number if _NUMBER.fullmatch(number) else "3"
    return _First(asked.get("id", ""), plant, line, of.product, of.stage, plain)


async def _event(
    request: Request, pages: DeskPages, bearer: Bearer, asked: Form,
    mistakes: Mistakes | None = None, refusal: Refusal | None = None,
) -> Response:  # fmt: skip
    async with pages.source.reading(bearer) as reading:
        first = _first(reading, asked)
        if first is None:
            return go(f"{PATH}/plant")
        lines = list(reading.book.sites[first.plant].plant.lines) or [first.line]
        choices = _choices(reading.book, first.plant, reading)
        plants = list(reading.book.sites)
        event_id = first.event_id
        found = (
            await account(reading.conn, reading.books, event_id) if event_id.isprintable() else None
        )
    needs_token = bearer.sender.name is not None
    done = steps_done(Draft(), True, needs_token) | ({"event"} if found else set())
    command = first.command(_intake_address(request, pages), needs_token)
    answer = show_step(
        request, pages, bearer, "event", done, mistakes, refusal, first=first, lines=lines,
        choices=choices, plants=plants, command=command,
        needs_token=needs_token, arrived=_arrived(found) if found else None,
        takes_events=pages.desk.intake is not None, filled=asked, of=_Choice(
            first.product, first.stage).value, url=urlencode,
    )  # fmt: skip
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What became of the event: its money and formulas, or why it has no price."""

    amount: str
    currency: str
    formulas: list[str]
    terms: list[str]
    unpriced: str


def _arrived(found: Account) -> _Arrived:
    entries = [one for one in found.entries if one.entry.reverses is None]
    currency = entries[0].entry.currency if entries else ""
    net = sum((one.entry.net for one in entries), start=Decimal(0))
    origin = found.origin
    return _Arrived(
        amount=money(net, currency) if entries else "", currency=currency,
        formulas=[one.why.formula for one in entries],
        terms=[term for one in entries for term in one.why.terms],
        unpriced=(origin.unpriced if origin else "") or "",
    )  # fmt: skip
