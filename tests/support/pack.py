"""A plant with fourteen months to review: signed, reopened and running ones, of two lines."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor
from copq.periods.closing import Order, close, reopen
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.schemas.targets import TargetFile
from copq.summary.keeping import bring_up_to_date
from copq.targets.store import import_targets
from tests.support.building import (
    book,
    defect,
    event,
    plant,
    post_events,
    production,
    stop,
    store_rates,
)
from tests.support.portfolio import bridge, claim, decided, judged, realised
from tests.support.projects import item, propose

CARLA = Actor("carla")
FIRST = date(2025, 5, 1)
MONTHS = 14
LAST = date(2026, 6, 1)
NOW = datetime(2026, 7, 2, 9, tzinfo=UTC)
RUNNING_NOW = datetime(2026, 6, 20, 9, tzinfo=UTC)


def months() -> list[date]:
    first = FIRST.year * 12 + FIRST.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(first, first + MONTHS)]


def month_events(number: int, month: date) -> Iterator[bytes]:
    """A month of both lines; line L1 has a bad supplier of caps from the last month on."""
    key, at = f"{month:%y%m}", f"{month:%Y-%m}"
    bad = 3 if month == LAST else 1
    for line, made in (("L1", 900 + 11 * number), ("L2", 700 - 6 * number)):
        of, name = {"line": line}, f"{key}-{line}"
        yield production(f"p-{name}", f"{at}-05T10:00:00Z", made, good=made - 30, **of)
        yield production(f"q-{name}", f"{at}-15T10:00:00Z", made, good=made - 30, **of)
        yield defect(f"d-{name}", f"{at}-05T11:00:00Z", 9 + number % 4, defect_code="cap-loose",
                     work_unit="M1", supplier="B" if bad > 1 else "A", **of)  # fmt: skip
        yield defect(f"e-{name}", f"{at}-15T11:00:00Z", 4 * (bad if line == "L1" else 1),
                     defect_code="label-torn", work_unit="M2", supplier="B", **of)  # fmt: skip
        yield stop(f"s-{name}", f"{at}-08T10:00:00Z", f"{at}-08T10:{25 + number}:00Z",
                   work_unit="M2", defect_code="jam", **of)  # fmt: skip
        yield event("inspection", f"i-{name}", occurred_at=f"{at}-09T09:00:00Z", minutes="60", **of)
    yield event("prevention", f"t-{key}", occurred_at=f"{at}-03T09:00:00Z", minutes=90,
                out_of_pocket="40")  # fmt: skip
    yield event("complaint", f"c-{key}", occurred_at=f"{at}-12T09:00:00Z", minutes=45,
                out_of_pocket=str(20 + number), function="sales",
                grades={"severity": 3, "contacts": 2})  # fmt: skip
    yield event("admin_failure", f"a-{key}", occurred_at=f"{at}-13T09:00:00Z", minutes=30,
                out_of_pocket="15", defect_code="forecast", function="planning",
                interventions=1)  # fmt: skip
    if number % 3 == 0:
        yield event("warranty", f"w-{key}", occurred_at=f"{at}-14T09:00:00Z",
                    out_of_pocket=str(120 + 10 * number))  # fmt: skip


async def fill_plant(
    conn: Connection, name: str = "north", *, projects: bool = True, more: tuple[Any, ...] = ()
) -> RateBook:
    """The plant with its rates, targets and a project; May 2026 was reopened, June is open.

    `more` are further events.
    """
    await store_rates(conn, book(plant(name), ideal_rate=10))
    rates = await load(conn)
    for number, month in enumerate(months()):
        await post_events(conn, rates, month_events(number, month))
    unknown = defect("unknown", "2026-06-11T10:00:00Z", 2, product="gadget")
    await post_events(conn, rates, [unknown, *more])
    await _set_targets(conn, rates, name)
    if projects:
        await _add_projects(conn)
    await _sign(conn, rates, name)
    await bring_up_to_date(conn)
    return rates


async def _set_targets(conn: Connection, rates: RateBook, name: str) -> None:
    since = "2025-01-01T00:00:00+01:00"
    file = TargetFile.model_validate({
        "targets": [{"plant": name, "ratio": "0.018", "effective_from": since}],
        "budgets": [{"plant": name, "amount": "400", "effective_from": since}],
    })  # fmt: skip
    await import_targets(conn, file, rates, "targets.yaml", CARLA, "plan")


async def _add_projects(conn: Connection) -> None:
    benefits = [
        {"type": "hard", "amount": "120", "first_month": "2026-01", "last_month": "2026-12"},
        {"type": "soft", "amount": "30", "first_month": "2026-01", "last_month": "2026-12"},
    ]
    await propose(
        conn, item("caps", benefits=benefits, starts="2026-01-01", baseline={
            "first": "2025-07-01", "last": "2025-12-31"}),
        item("labels"),
    )  # fmt: skip
    number = await realised(conn)
    for month, saved in (("2026-01", 90), ("2026-02", 130), ("2026-03", 110), ("2026-04", 125)):
        await bridge(conn, number, month, saved, saved)
    await judged(conn, number, "holding", "2026-06-30")


async def _sign(conn: Connection, rates: RateBook, name: str) -> None:
    site, order = rates.sites[name], Order(CARLA, "month end, as agreed")
    accepted = ("unpriced", "corrections", "stops", "rates")
    for month in months()[:-1]:
        await close(conn, site, month, order, NOW, accepted)
    found = await conn.fetchval("select project from copq.project where name = 'caps'")
    if found is not None:
        january = await claim(conn, found, "2026-01", Decimal(90))
        await decided(conn, january, "accepted", 90, in_budget=90)
        february = await claim(conn, found, "2026-02", Decimal(130))
        await decided(conn, february, "reduced", 110, in_budget=60)
        await claim(conn, found, "2026-03", Decimal(110))
    await reopen(conn, name, date(2026, 5, 1), Order(CARLA, "supplier credit came late"))


async def sign_last(conn: Connection, name: str = "north") -> None:
    """Sign the months that are open, June 2026 among them."""
    for month in (date(2026, 5, 1), LAST):
        await sign(conn, name, month)


async def sign(conn: Connection, name: str, month: date) -> None:
    """Close a month, whatever has no price."""
    site = (await load(conn)).sites[name]
    await close(conn, site, month, Order(CARLA, "month end"), NOW, ("unpriced",))
