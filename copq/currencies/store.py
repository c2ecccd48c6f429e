"""The reporting currency and exchange rates in Postgres. A rate is never changed, but corrected
by a later version, which counts for what is booked from then on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from asyncpg import Connection

from copq.access.authority import COMPANY, Actor, sign
from copq.currencies.file import ExchangeFileError, PublishedRate
from copq.database.booking_lock import change_rules
from copq.database.queries import Queries

RATE_DAYS = 7
"""How long a rate is used without a newer one: no central bank pauses longer."""

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class ReportingCurrency:
    """The currency of company figures; a rate is valid for up to `rate_days` after its day."""

    currency: str
    rate_days: int
    set_at: datetime
    set_by: str


class CurrencyFixed(Exception):
    """The reporting currency can no longer be changed."""


class NoReportingCurrency(ValueError):
    """Finance has not set the reporting currency yet."""

    def __init__(self) -> None:
        super().__init__(
            "there is no reporting currency yet; finance sets it: copq currencies set EUR"
        )


async def reporting_currency(conn: Connection) -> ReportingCurrency | None:
    """The reporting currency; None until finance has set it."""
    row = await conn.fetchrow(*_SQL.reporting())
    return ReportingCurrency(**row) if row else None


async def check_reporting(conn: Connection, asked: str | None) -> None:
    """Raise `ValueError` unless the currency is the reporting currency."""
    if asked is None:
        return
    found = await reporting_currency(conn)
    if found is None:
        raise NoReportingCurrency
    if asked != found.currency:
        raise ValueError(f'"{asked}" is not the reporting currency, which is {found.currency}')


async def set_reporting(
    conn: Connection, currency: str, rate_days: int, actor: Actor, why: str
) -> None:
    """Set the currency for entries booked from now on. Raises `CurrencyFixed` if another is used.

    It is for all plants, as exchange rates are: `OutOfScope` for an actor of some lines only.
    """
    actor.require([COMPANY])
    async with conn.transaction():
        await sign(conn, actor, why)
        await change_rules(conn)
        found = await reporting_currency(conn)
        other = found is not None and found.currency != currency
        if found and other and await conn.fetchval(*_SQL.in_use()):
            raise CurrencyFixed(
                f"the reporting currency is {found.currency}: there are rates or entries in it, so "
                "it cannot change"
            )
        await conn.execute(
            *_SQL.set_reporting(currency=currency, rate_days=rate_days, set_by=actor.name)
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import; `version` is None if it changed nothing."""

    version: int | None
    added: int
    corrected: int
    unchanged: int


async def import_exchange(
    conn: Connection, rates: Sequence[PublishedRate], source: str, actor: Actor, why: str = ""
) -> Imported:
    """Store new and different rates under one new version, or nothing at all.

    A rate that differs from the one that is there needs a reason: without, `ExchangeFileError`.
    Raises `OutOfScope` for an actor of some lines only.
    """
    actor.require([COMPANY])
    async with conn.transaction():
        await sign(conn, actor, why or f"imported {source}")
        await conn.execute(*_SQL.lock_versions())
        known = await _stored_rates(conn, rates)
        fresh = [r for r in rates if known.get((r.currency, r.day)) != r.rate]
        corrected = [r for r in fresh if (r.currency, r.day) in known]
        if corrected and not why:
            raise ExchangeFileError(
                [_difference_fault(r, known[r.currency, r.day]) for r in corrected]
            )
        version = await _write(conn, fresh, source, actor, why) if fresh else None
    return Imported(version, len(fresh) - len(corrected), len(corrected), len(rates) - len(fresh))


async def _stored_rates(
    conn: Connection, rates: Iterable[PublishedRate]
) -> dict[tuple[str, date], Decimal]:
    days = [rate.day for rate in rates]
    rows = await conn.fetch(*_SQL.newest_rates(first=min(days), last=max(days))) if days else []
    return {(row["currency"], row["day"]): row["rate"] for row in rows}


def _difference_fault(rate: PublishedRate, known: Decimal) -> str:
    return (
        f"{rate.currency} on {rate.day} is {known} already, the file says {rate.rate}; to correct "
        "it, say why: --why"
    )


async def _write(
    conn: Connection, rates: Sequence[PublishedRate], source: str, actor: Actor, why: str
) -> int:
    await change_rules(conn)
    version: int = await conn.fetchval(
        *_SQL.add_version(source=source, imported_by=actor.name, why=why or None)
    )
    days, currencies, values = zip(*rates, strict=True)
    await conn.execute(
        *_SQL.add_rates(version=version, currencies=currencies, days=days, rates=values)
    )
    return version


@dataclass(frozen=True, slots=True)
class CurrencySummary:
    """The rates of one currency; `entries` counts those booked in it without a rate."""

    currency: str
    rates: int
    first_day: date | None
    last_day: date | None
    newest_rate: Decimal | None
    unconverted: int


async def summaries(conn: Connection) -> list[CurrencySummary]:
    """A summary of each currency that has rates or figures."""
    return [CurrencySummary(**row) for row in await conn.fetch(*_SQL.summary())]


@dataclass(frozen=True, slots=True)
class RateVersion:
    """One version of a day's rate; the newest of a day counts."""

    day: date
    rate: Decimal
    version: int
    imported_at: datetime
    imported_by: str
    source: str
    why: str | None


async def history(conn: Connection, currency: str, start: date, end: date) -> list[RateVersion]:
    """The versions of the rates published in [start, end), newest day and version first."""
    return [
        RateVersion(**row)
        for row in await conn.fetch(*_SQL.history(currency=currency, start=start, end=end))
    ]


async def rates_of(
    conn: Connection, pairs: Iterable[tuple[str, date]]
) -> dict[tuple[str, date], Decimal | None]:
    """The rates with which entries of these currencies and days would be booked now."""
    wanted = sorted(set(pairs))
    currencies, days = [c for c, _ in wanted], [d for _, d in wanted]
    rows = await conn.fetch(*_SQL.rates_of(currencies=currencies, days=days))
    return {(row["currency"], row["day"]): row["rate"] for row in rows}
