"""The page `/finance`: what waits for finance, the most urgent first."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from asyncpg import Record
from fastapi import APIRouter, Request, Response

from copq.currencies.store import CurrencySummary, reporting_currency, summaries
from copq.desk.pages.frame import DeskPages
from copq.desk.pages.months import months_to_close
from copq.desk.pages.projects import FINANCE as PROJECTS
from copq.desk.pages.projects import seen_projects, undecided_of
from copq.desk.pages.savings import TooMuch, too_much, waiting_claims
from copq.desk.rate_documents import visible_documents
from copq.figures.periods_answer import answer_periods
from copq.figures.unpriced import WaitingItems, waiting_items
from copq.improvement.projects.states import State
from copq.periods.store import PeriodSummary
from copq.periods.unfinished import WORDS
from copq.projects.store import Project
from copq.rates.documents import Document
from copq.rates.documents import State as DocumentState
from copq.reporting.board.pages.cells import exact_text, month_name

PATH = "/finance"
_SHOWN = 5
_UNDECIDED = (
    "amount or baseline of a project to decide", "amounts or baselines of projects to decide"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waits:
    """One kind of work: how much of it, what it is, and where it is done."""

    number: int
    what: str
    href: str
    says: str = ""


def add_finance(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def finance(request: Request) -> Response:
        bearer = await pages.person(request)
        plant = pages.plant(request)
        async with pages.source.reading(bearer) as reading:
            months = await answer_periods(reading.conn, reading.book, plant, "", reading.now)
            items = await waiting_items(reading.conn, reading.book, reading.now, _SHOWN, plant)
            is_added = await reporting_currency(reading.conn) is not None
            currencies = await summaries(reading.conn) if is_added else []
            closable = months_to_close(months.rows, reading.book, reading.now)
            has_rates = bool(reading.book.sites)
            at = reading.now
        async with pages.desk.seeing(request, pages.role) as seeing:
            documents = await visible_documents(seeing)
            claims = await waiting_claims(seeing, plant)
            again = await too_much(seeing, plant)
            projects = await seen_projects(seeing, plant)
            undecided = await undecided_of(seeing.conn, projects)
        waiting = [one for one in (
            *_documents(documents), *_months(closable), *_items(items), *_currencies(currencies),
            *_projects(projects, undecided), *_claims(claims), *_again(again),
        ) if one.number]  # fmt: skip
        return pages.show(
            request, bearer, "finance.html", PATH, waiting=waiting, at=at, has_rates=has_rates,
        )  # fmt: skip


def _documents(documents: list[Document]) -> Iterator[Waits]:
    drafts = [one for one in documents if one.state is DocumentState.DRAFT]
    names = ", ".join(f"{one.name} (by {one.submitted_by})" for one in drafts[:_SHOWN])
    one = f"/finance/rates/{drafts[0].number}" if len(drafts) == 1 else "/finance/rates"
    yield Waits(len(drafts), _noun(drafts, "rate document to decide", "rate documents to decide"),
                one, names)  # fmt: skip


def _months(closable: list[PeriodSummary]) -> Iterator[Waits]:
    found = {(one.period.plant, one.period.month): one for one in closable}
    names = ", ".join(f"{month_name(month)} of {plant}" for plant, month in list(found)[:_SHOWN])
    yield Waits(len(found), _noun(found, "month to close", "months to close"), "/finance/months",
                names)  # fmt: skip


def _items(items: WaitingItems) -> Iterator[Waits]:
    unpriced, stops = items.unpriced, items.open_stops
    worth = _money(unpriced.worth)
    known = f"worth {worth} at the nearest rates" if worth else ""
    lacks = f"{unpriced.unknown:,} of unknown worth" if unpriced.unknown else ""
    yield Waits(
        unpriced.events, _plural(unpriced.events, *WORDS["unpriced"]),
        "/finance/unpriced", "; ".join(filter(None, (known, lacks))),
    )  # fmt: skip
    yield Waits(
        items.corrections_total,
        _plural(items.corrections_total, *WORDS["corrections"]),
        "/finance/unpriced",
    )  # fmt: skip
    cost = _money(stops.cost)
    yield Waits(stops.stops_total, _plural(stops.stops_total, *WORDS["stops"]),
                "/finance/unpriced", f"{cost} so far" if cost else "")  # fmt: skip


def _currencies(found: list[CurrencySummary]) -> Iterator[Waits]:
    lacking = [one for one in found if one.unconverted]
    entries = sum(one.unconverted for one in lacking)
    yield Waits(
        entries, _plural(entries, *WORDS["rates"]),
        "/finance/files", ", ".join(one.currency for one in lacking),
    )  # fmt: skip


def _projects(found: list[Project], undecided: dict[int, int]) -> Iterator[Waits]:
    sized = [one for one in found if one.state is State.SIZED]
    yield Waits(len(sized), _noun(sized, "project to approve", "projects to approve"),
                PROJECTS, ", ".join(one.name for one in sized[:_SHOWN]))  # fmt: skip
    waits = [one.name for one in found if one.id in undecided]
    number = sum(undecided.values())
    yield Waits(number, _plural(number, *_UNDECIDED), PROJECTS, ", ".join(waits[:_SHOWN]))


def _claims(claims: list[Record]) -> Iterator[Waits]:
    names = ", ".join(dict.fromkeys(one["name"] for one in claims[:_SHOWN]))
    yield Waits(len(claims), _noun(claims, "saving to validate", "savings to validate"),
                "/finance/savings", names)  # fmt: skip


def _again(found: list[TooMuch]) -> Iterator[Waits]:
    names = ", ".join(dict.fromkeys(one.project.name for one in found[:_SHOWN]))
    yield Waits(len(found), _noun(found, "saving validated too high", "savings validated too high"),
                "/finance/savings", names)  # fmt: skip


def _money(amounts: dict[str, Decimal]) -> str:
    return ", ".join(f"{exact_text(amount, of)} {of}" for of, amount in sorted(amounts.items()))


def _noun(found: object, one: str, many: str) -> str:
    return _plural(len(found), one, many)  # type: ignore[arg-type]


def _plural(number: int, one: str, many: str) -> str:
    return one if number == 1 else many
