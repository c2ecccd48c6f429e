"""Events without a price are kept, with what each is worth by the nearest known rate."""

from asyncpg import Connection

from schemas.decode import decode
from services.posting import queries
from services.posting.batch import Special
from services.pricing.estimate import Estimate, Estimator
from services.rates.book import RateBook


async def add_unpriced(conn: Connection, events: list[Special], book: RateBook) -> None:
    """Keep the events; of one that waits already the reason and the estimate are renewed."""
    if not events:
        return
    estimator = Estimator(book)
    rows = []
    for event in events:
        e = decode(event.raw)
        rows.append(
            (e.event_id, e.occurred_at, e.event_type, e.plant, e.line, e.product, event.reason,
             event.rates, *_columns(estimator.estimate(e)))
        )  # fmt: skip
    await conn.execute(queries.ADD_UNPRICED, *map(list, zip(*rows, strict=True)))


def _columns(found: Estimate | None) -> tuple[object, ...]:
    if found is None:
        return (None,) * 6
    return (
        found.net, found.base, found.per_hour, found.currency, found.version,
        found.effective_from,
    )  # fmt: skip
