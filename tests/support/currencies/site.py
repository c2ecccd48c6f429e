"""Three plants, each with a currency of its own, and exchange rates as the tests import them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor
from copq.currencies.file import PublishedRate
from copq.currencies.store import RATE_DAYS, import_exchange, set_reporting
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from tests.support.building import plant, rates

FINANCE = Actor("Fin")
PLANTS = (
    plant("north"),
    plant("gavle", "Europe/Stockholm", currency="SEK"),
    plant("osaka", "Asia/Tokyo", currency="JPY"),
)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
AT = "2026-03-02T10:00:00+01:00"
SEK, JPY = Decimal("0.0934"), Decimal("0.005412345678")


async def three_plants(conn: Connection, days: int = RATE_DAYS, **widget: Any) -> RateBook:
    """Their rate book; the reporting currency is EUR, and no exchange rate is there yet."""
    await set_reporting(conn, "EUR", days, FINANCE, "")
    await import_rates(conn, rates(*PLANTS, **widget), "rates.yaml", "test")
    return await load(conn)


async def publish(conn: Connection, *found: tuple[str, date, Any], why: str = "") -> None:
    """Import rates: currency, day, what a unit is worth in EUR."""
    published = [PublishedRate(day, name, Decimal(rate)) for name, day, rate in found]
    await import_exchange(conn, published, "rates.csv", FINANCE, why)


async def stored(conn: Connection, event_id: str) -> list[tuple[int, int | None, Any]]:
    """An event's entries: number, which one it takes back, and the rate that it carries."""
    rows: Iterable[Any] = await conn.fetch(
        "select entry_no, reverses, exchange_rate from copq.ledger where event_id = $1 "
        "order by entry_no",
        event_id,
    )
    return [tuple(row) for row in rows]
