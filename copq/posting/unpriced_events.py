"""Events without a price are stored, each with an estimate at the nearest known rate."""

from asyncpg import Connection

from copq.database.queries import Queries
from copq.posting.batch import Special
from copq.pricing.estimate import Estimate, Estimator
from copq.rates.book import RateBook
from copq.schemas.decode import decode

_SQL = Queries.of(__file__)
_OWN = ("event_id", "occurred_at", "event_type", "plant", "line", "product")
_ESTIMATED = {
    "worth": "net", "base": "base", "per_hour": "per_hour", "currency": "currency",
    "nearest_version": "version", "nearest_from": "effective_from",
}  # fmt: skip


async def add_unpriced(conn: Connection, events: list[Special], book: RateBook) -> None:
    """Store the events. For a stored event, update the reason and the estimate."""
    if not events:
        return
    estimator = Estimator(book)
    rows = []
    for event in events:
        e = decode(event.raw)
        own = {name: getattr(e, name) for name in _OWN}
        tried = {"reason": event.reason, "tried_revision": event.rates}
        rows.append({**own, **tried, **_worth(estimator.estimate(e))})
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    await conn.execute(*_SQL.add_unpriced(**columns))


def _worth(estimate: Estimate | None) -> dict[str, object]:
    """The columns of an estimate; null without an estimate."""
    return {column: getattr(estimate, name, None) for column, name in _ESTIMATED.items()}
