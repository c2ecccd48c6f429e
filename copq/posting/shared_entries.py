"""Entries that several events may cause: they stand while at least one of those events does.

Today that is the dispatch of a day's recoverable rejects. Which events caused it need not be
kept: something recoverable that was rejected on the day stands if the day's sum says so.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal, localcontext

from asyncpg import Connection

from copq.database.queries import Queries
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Cause, known_row
from copq.posting.event_entries import FIGURES, Account, accounts
from copq.pricing.price import Dispatch, dispatch_cost
from copq.rates.book import RateBook
from copq.schemas.priced import Entry

_SQL = Queries.of(__file__)

Recovered = Mapping[Dispatch, Decimal]
"""How much of what was rejected suppliers pay back."""


async def share(conn: Connection, ids: Iterable[str]) -> list[str]:
    """Hold these entries until the transaction ends; answer those that are taken back at present.

    Call it before the entries are posted and after the events that cause them.
    """
    wanted = sorted(ids)
    if not wanted:
        return []
    await conn.execute(*_SQL.share_once(ids=wanted))
    return [row["event_id"] for row in await conn.fetch(*_SQL.withdrawn_once(ids=wanted))]


async def reconsider(conn: Connection, causes: Mapping[str, Cause], book: RateBook) -> list[str]:
    """The rows that take back what no event causes any longer, or book it again as of `book`.

    `causes` says why, by id; an id that was never booked is passed over. Call it once the events
    that cause them are posted.
    """
    rows: list[str] = []
    found = await _lock_accounts(conn, causes)
    recovered = await _recovered(conn, found)
    for dispatch, account in found.items():
        cost = dispatch_cost(dispatch, book) if recovered[dispatch] > 0 else None
        if bool(cost) != bool(account.standing_entries):
            rows += await _rebook(conn, dispatch, account, cost, causes[dispatch.id])
    return rows


async def reprice(
    conn: Connection, dispatches: Collection[Dispatch], book: RateBook, cause: Cause,
    staged: Recovered,
) -> list[str]:  # fmt: skip
    """The rows after which these stand as of `book`, or not at all.

    `staged` is what the rows that are posted together with these add to what is recovered.
    """
    rows: list[str] = []
    found = await _lock_accounts(conn, [dispatch.id for dispatch in dispatches])
    costs = {dispatch: dispatch_cost(dispatch, book) for dispatch in dispatches}
    asked = {d for d in dispatches if d in found or costs[d]}
    recovered = await _recovered(conn, asked, staged)
    for dispatch in sorted(asked):
        cost = costs[dispatch] if recovered[dispatch] > 0 else None
        account = found.get(dispatch, Account(()))
        if not _stands_as(account, cost):
            rows += await _rebook(conn, dispatch, account, cost, cause)
    return rows


async def _lock_accounts(conn: Connection, ids: Iterable[str]) -> dict[Dispatch, Account]:
    """Those that were ever booked, kept from all others until the transaction ends."""
    keys = await conn.fetch(*_SQL.lock_once(ids=sorted(ids)))
    found = await accounts(conn, {key["event_id"]: key["occurred_at"] for key in keys})
    return {_dispatch(account): account for account in found.values()}


def _dispatch(account: Account) -> Dispatch:
    of = account.entries[0]
    return Dispatch(of["plant"], of["line"], of["product"], of["day"])


async def _recovered(
    conn: Connection, dispatches: Iterable[Dispatch], staged: Recovered | None = None
) -> dict[Dispatch, Decimal]:
    asked = list(dispatches)
    rows = await conn.fetch(
        *_SQL.days_recovered(
            plants=[d.plant for d in asked], lines=[d.line for d in asked],
            products=[d.product for d in asked], days=[d.day for d in asked],
        )
    )  # fmt: skip
    more = staged or {}
    with localcontext(MONEY):
        return {d: row["recovered"] + more.get(d, 0) for d, row in zip(asked, rows, strict=True)}


def _stands_as(account: Account, cost: Entry | None) -> bool:
    standing = [tuple(entry[name] for name in FIGURES) for entry in account.standing_entries]
    return standing == ([tuple(getattr(cost, name) for name in FIGURES)] if cost else [])


async def _rebook(
    conn: Connection, dispatch: Dispatch, account: Account, cost: Entry | None, cause: Cause
) -> list[str]:
    """From what is booked to what it costs. One that was never booked comes as a new event, since
    another may be about to book it."""
    bring_back, withdraw = _SQL.bring_back_once, _SQL.withdraw_once
    await conn.execute(*(bring_back if cost else withdraw)(event_id=dispatch.id))
    rows = account.withdrawn(cause)
    if cost is not None:
        kept = next((entry["corrected_by"] for entry in account.standing_entries), None)
        told = {**asdict(cost), **dispatch._asdict(), **cause.keeping(kept)._asdict()}
        told |= {"event_id": dispatch.id, "occurred_at": cost.at}
        number = account.last + len(rows) + 1
        rows.append(known_row({**told, "entry_no": number}, "k" if account.entries else "g"))
    return rows
