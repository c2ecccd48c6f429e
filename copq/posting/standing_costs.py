"""Standing costs are booked as each production day begins, and again where they have changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.standing_costs import amount_of_day
from copq.posting.batch import NO_CAUSE, Batch, Cause, known_row
from copq.posting.booking import hold_booking
from copq.posting.event_entries import FIGURES, Account, Entry, reversal
from copq.posting.post import post_more
from copq.rates.book import RateBook, Site
from copq.schemas.priced import STANDING, Category
from copq.standing_costs.ids import entry_id, number_of
from copq.standing_costs.store import StandingCost, standing_costs

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)


class CostDay(NamedTuple):
    """A production day of the standing cost of one name."""

    line: str
    name: str
    day: date


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted of a plant: rows of the ledger, and the start of the last day."""

    plant: str
    rows: int
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class _Position:
    """How far a plant's costs are in the ledger: see `copq.standing_posted`."""

    number: int
    revision: int
    day: date | None


async def post_standing_costs(conn: Connection, book: RateBook, now: datetime) -> list[Posted]:
    """Post what is due up to the production days that have begun, a transaction for each plant.

    Several processes may run it, and it may be interrupted at any time. The result has the plants
    with standing costs. Raises `StaleRates` if `book` is no longer in force.
    """
    found = await conn.fetch(*_SQL.standing_plants())
    return [
        await _post_plant(conn, book, row["plant"], now)
        if _lacks(row, book, now)
        else Posted(row["plant"], 0, _begun_at(book.sites[row["plant"]], row["day"]))
        for row in found
        if row["plant"] in book.sites
    ]


def _lacks(row: Record, book: RateBook, now: datetime) -> bool:
    """Whether anything may be due that is not in the ledger."""
    if (row["newest"], book.revision) != (row["number"], row["revision"]):
        return True
    today: date = book.sites[row["plant"]].calendar.bucket(now).day
    return bool(row["day"] < today)


def _begun_at(site: Site, day: date) -> datetime:
    return site.calendar.start_of(day)


async def _post_plant(conn: Connection, book: RateBook, plant: str, now: datetime) -> Posted:
    """Bring the ledger to what is due. No version is added meanwhile, since posting is held."""
    site = book.sites[plant]
    async with conn.transaction(isolation="read_committed"):
        await hold_booking(conn, Batch(), book)
        await conn.execute(*_SQL.add_standing_posted(plant=plant))
        position = _Position(**await conn.fetchrow(*_SQL.lock_standing_posted(plant=plant)))
        costs = await standing_costs(conn, plant)
        newest = max(cost.number for cost in costs)
        today = max(site.calendar.bucket(now).day, position.day or date.min)
        is_same = (newest, book.revision) == (position.number, position.revision)
        after = position.day if is_same else None
        entries = await conn.fetch(*_SQL.standing_cost_entries(plant=plant, after=after))
        rows = await asyncio.to_thread(_rows, costs, entries, site, after, today, book.revision)
        await post_more(conn, rows)
        await conn.execute(
            *_SQL.move_standing_posted(
                plant=plant, number=newest, revision=book.revision, day=today
            )
        )
    return Posted(plant, len(rows), _begun_at(site, today))


def _rows(
    costs: Sequence[StandingCost], entries: Sequence[Record], site: Site, after: date | None,
    until: date, revision: int,
) -> list[str]:  # fmt: skip
    """The rows of the days after `after` until `until`."""
    with localcontext(MONEY):
        due = due_days(costs, site, after, until)
        return list(_differences(costs, entries, due, site, revision))


def due_days(
    costs: Iterable[StandingCost], site: Site, after: date | None, until: date
) -> dict[CostDay, StandingCost]:
    """The cost that each production day after `after` until `until` bears.

    A day that begins in another currency than the cost's bears none of it.
    """
    found: dict[CostDay, StandingCost] = {}
    for cost in costs:
        if not cost.is_newest or cost.amount is None:
            continue
        start = cost.first_day if after is None else max(cost.first_day, after + _DAY)
        end = until if cost.last_day is None else min(until, cost.last_day)
        for day in _days(start, end):
            if site.currency_at(site.calendar.start_of(day)) == cost.currency:
                found[CostDay(cost.line, cost.name, day)] = cost
    return found


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _differences(
    costs: Sequence[StandingCost], entries: Sequence[Record],
    due: Mapping[CostDay, StandingCost], site: Site, revision: int,
) -> Iterator[str]:  # fmt: skip
    """The rows from the entries that stand to those that are due."""
    by_number = {cost.number: cost for cost in costs}
    newest = {(cost.line, cost.name): cost for cost in sorted(costs, key=lambda c: c.number)}
    accounts = _accounts(entries)
    last = {event_id: account.last for event_id, account in accounts.items()}
    right: set[CostDay] = set()
    restated: dict[CostDay, Cause] = {}
    for event_id, account in accounts.items():
        cost = by_number[number_of(event_id) or 0]
        for entry in account.standing_entries:
            at = CostDay(cost.line, cost.name, entry["day"])
            if at not in right and at in due and _is_booked(entry, at, due[at], site):
                right.add(at)
                continue
            restated[at] = _cause(cost, newest[cost.line, cost.name], revision)
            last[event_id] += 1
            yield reversal(entry, last[event_id], restated[at])
    for at, cost in due.items():
        if at not in right:
            event_id = entry_id(cost.number, at.day)
            number = last.get(event_id, 0) + 1
            row = {**_entry(at, cost, site), "event_id": event_id, "entry_no": number,
                   "rate_version": revision, **restated.get(at, NO_CAUSE)._asdict()}  # fmt: skip
            yield known_row(row, "k" if event_id in last else "g")


def _accounts(entries: Iterable[Record]) -> dict[str, Account]:
    grouped: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        grouped[entry["event_id"]].append(entry)
    return {event_id: Account(own) for event_id, own in grouped.items()}


def _cause(booked: StandingCost, newest: StandingCost, revision: int) -> Cause:
    """Why an entry does not stand any longer."""
    if newest.number > booked.number:
        return Cause(f"standing cost restated by number {newest.number}", newest.set_by)
    return Cause(f"plant changed by revision {revision} of the rate book")


_COMPARED = ("line", "element", "currency", "occurred_at", "hour", *FIGURES)


def _is_booked(entry: Entry, at: CostDay, cost: StandingCost, site: Site) -> bool:
    right = _entry(at, cost, site)
    return all(entry[name] == right[name] for name in _COMPARED)


def _entry(at: CostDay, cost: StandingCost, site: Site) -> dict[str, Any]:
    """The columns of the entry that a production day bears."""
    assert cost.amount is not None
    start = site.calendar.start_of(at.day)
    amount: Decimal = amount_of_day(cost.amount, cost.currency, at.day)
    return {
        **dict.fromkeys(FIGURES, ZERO), "gross": amount, "net": amount,
        "plant": cost.plant, "line": cost.line, "currency": cost.currency,
        "element": STANDING[Category(cost.category)], "category": cost.category,
        "occurred_at": start, "hour": site.calendar.bucket(start).hour, "day": at.day,
    }  # fmt: skip
