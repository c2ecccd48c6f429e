"""Entries that several events may cause. They stand while at least one such event counts.

Today these are the daily dispatches of recoverable rejects. The causing events are not stored: the
entry stands if the day's recoverable amount is above zero.
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
"""By dispatch, the amount that suppliers pay back for rejects."""


async def share(conn: Connection, ids: Iterable[str]) -> list[str]:
    """Lock these entries until the transaction ends. Return the ids of withdrawn ones.

    Call it after the causing events are posted and before the entries are.
    """
    wanted = sorted(ids)
    if not wanted:
        return []
    await conn.execute(*_SQL.share_once(ids=wanted))
    return [row["event_id"] for row in await conn.fetch(*_SQL.withdrawn_once(ids=wanted))]


async def reconsider(conn: Connection, causes: Mapping[str, Cause], book: RateBook) -> list[str]:
    """The rows that reverse entries without a cause, or book them again at the rates of `book`.

    `causes` says why, by id. An id that was never booked is skipped. Call it once the causing
    events are posted.
    """
    rows: list[str] = []
    accounts_of = await _lock_accounts(conn, causes)
    recovered = await days_recovered(conn, accounts_of)
    for dispatch, account in accounts_of.items():
        cost = dispatch_cost(dispatch, book) if recovered[dispatch] > 0 else None
        if bool(cost) != bool(account.standing_entries):
            rows += await _rebook(conn, dispatch, account, cost, causes[dispatch.id])
    return rows


async def reprice(
    conn: Connection, dispatches: Collection[Dispatch], book: RateBook, cause: Cause,
    staged: Recovered,
) -> list[str]:  # fmt: skip
    """The rows that set these entries to the rates of `book`, or reverse them.

    `staged` is what rows of the same posting add to the recoverable amounts.
    """
    rows: list[str] = []
    accounts_of = await _lock_accounts(conn, [dispatch.id for dispatch in dispatches])
    costs = {dispatch: dispatch_cost(dispatch, book) for dispatch in dispatches}
    due = {d for d in dispatches if d in accounts_of or costs[d]}
    recovered = await days_recovered(conn, due, staged)
    for dispatch in sorted(due):
        cost = costs[dispatch] if recovered[dispatch] > 0 else None
        account = accounts_of.get(dispatch, Account(()))
        if not _stands_as(account, cost):
            rows += await _rebook(conn, dispatch, account, cost, cause)
    return rows


async def _lock_accounts(conn: Connection, ids: Iterable[str]) -> dict[Dispatch, Account]:
    """The accounts of the entries that were ever booked, locked until the transaction ends."""
    keys = await conn.fetch(*_SQL.lock_once(ids=sorted(ids)))
    found = await accounts(conn, {key["event_id"]: key["occurred_at"] for key in keys})
    return {_dispatch(account): account for account in found.values()}


def _dispatch(account: Account) -> Dispatch:
    of = account.entries[0]
    return Dispatch(of["plant"], of["line"], of["product"], of["day"])


async def days_recovered(
    conn: Connection, dispatches: Iterable[Dispatch], staged: Recovered | None = None
) -> dict[Dispatch, Decimal]:
    """The recoverable amount of the day of each dispatch, with what is `staged`."""
    days = list(dispatches)
    rows = await conn.fetch(
        *_SQL.days_recovered(
            plants=[d.plant for d in days], lines=[d.line for d in days],
            products=[d.product for d in days], days=[d.day for d in days],
        )
    )  # fmt: skip
    more = staged or {}
    with localcontext(MONEY):
        return {d: row["recovered"] + more.get(d, 0) for d, row in zip(days, rows, strict=True)}


def _stands_as(account: Account, cost: Entry | None) -> bool:
    standing = [tuple(entry[name] for name in FIGURES) for entry in account.standing_entries]
    return standing == ([tuple(getattr(cost, name) for name in FIGURES)] if cost else [])


async def _rebook(
    conn: Connection, dispatch: Dispatch, account: Account, cost: Entry | None, cause: Cause
) -> list[str]:
    """The rows from the booked entry to its new cost. An entry that was never booked is posted as a
    new event, since another transaction may be about to book it."""
    bring_back, withdraw = _SQL.bring_back_once, _SQL.withdraw_once
    await conn.execute(*(bring_back if cost else withdraw)(event_id=dispatch.id))
    rows = account.withdrawn(cause)
    if cost is not None:
        corrected_by = next((entry["corrected_by"] for entry in account.standing_entries), None)
        columns = {**asdict(cost), **dispatch._asdict(), **cause.keeping(corrected_by)._asdict()}
        columns |= {"event_id": dispatch.id, "occurred_at": cost.at}
        number = account.last + len(rows) + 1
        rows.append(known_row({**columns, "entry_no": number}, "k" if account.entries else "g"))
    return rows
