"""Files of exchange rates: copq's own CSV, and the European Central Bank's.

Own (`date,currency,rate`): what one unit of a currency is worth in the reporting currency. The
ECB's (`Date,USD,JPY,…`) says the opposite of the euro, what one euro buys of each; it is turned.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from copq.schemas.fields import Currency
from copq.text.strict_csv import Dialect, NotCsv, Record, records

DIGITS = 12
"""Significant digits of a rate that is turned, the last rounded half to even."""

_TURNING = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_SHOWN = 20
_MOST = Decimal(10) ** 9
_NOT_PUBLISHED = ("", "N/A")
_HINT = (
    "the first line is neither date,currency,rate nor the European Central Bank's Date,USD,JPY,…"
)


class ExchangeFileError(ValueError):
    """The file is refused; `faults` say where and why."""

    def __init__(self, faults: Sequence[str]) -> None:
        more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        self.faults = [*faults[:_SHOWN], *more]
        super().__init__("; ".join(self.faults))


class PublishedRate(NamedTuple):
    """The published value of one unit of `currency` in the reporting currency on a day."""

    day: date
    currency: str
    rate: Decimal


@lru_cache
def _day(text: str) -> date:
    """The ECB's file of one day alone writes `25 November 2026`."""
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(f'"{text[:20]}" is not a day such as 2026-03-31')


class _Quote(BaseModel):
    """One figure as the file has it."""

    model_config = ConfigDict(frozen=True)

    date: Annotated[date, BeforeValidator(_day)]
    currency: Currency
    rate: Annotated[Decimal, Field(gt=1 / _MOST, lt=_MOST, max_digits=18)]


@dataclass(slots=True)
class _QuoteReader:
    """Quotes by day and currency, and the faults of the file."""

    today: date
    quotes: dict[date, dict[str, Decimal]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, line: int, day: str, currency: str, rate: str) -> None:
        try:
            quote = _Quote.model_validate({"date": day, "currency": currency, "rate": rate})
        except ValidationError as error:
            for fault in error.errors():
                self.faults.append(f"line {line}: {fault['loc'][0]}: {fault['msg']}")
            return
        of_day = self.quotes.setdefault(quote.date, {})
        if quote.date > self.today:
            self.faults.append(f"line {line}: date: {quote.date} is in the future")
        elif of_day.setdefault(quote.currency, quote.rate) != quote.rate:
            self.faults.append(f"line {line}: {quote.currency} on {quote.date} is there twice")


def read_exchange_file(path: Path, reporting: str, today: date) -> list[PublishedRate]:
    """All rates of a file for the reporting currency, by day and currency.

    Raises `ExchangeFileError`, `OSError` and `UnicodeDecodeError`; then nothing of it counts.
    """
    return parse_exchange(path.read_text(encoding="utf-8"), reporting, today)


def parse_exchange_file(name: str, data: bytes, reporting: str, today: date) -> list[PublishedRate]:
    """As `read_exchange_file`, from the bytes of a file of this name."""
    if Path(name).suffix.lower() != ".csv":
        raise ExchangeFileError(["a file of exchange rates is CSV: its name ends in .csv"])
    try:
        return parse_exchange(data.decode("utf-8"), reporting, today)
    except UnicodeDecodeError as error:
        raise ExchangeFileError([f"is not UTF-8: {error}"]) from None


def parse_exchange(text: str, reporting: str, today: date) -> list[PublishedRate]:
    """As `read_exchange_file`, from text. An ECB day without the reporting currency is left out."""
    found = _QuoteReader(today)
    try:
        rows = list(records(io.StringIO(text.removeprefix("\ufeff"), newline=""), Dialect()))
    except NotCsv as error:
        raise ExchangeFileError([f"it is not CSV: {error}"]) from error
    heads = [name.strip() for name in rows[0].cells] if rows else []
    if sorted(heads) == ["currency", "date", "rate"]:
        published = _own_quotes(rows[1:], heads, reporting, found)
    elif len(heads) > 1 and heads[0] == "Date":
        published = _invert_quotes(rows[1:], heads, reporting, found)
    else:
        raise ExchangeFileError([_HINT])
    if not found.faults and not published:
        found.faults.append("there is no rate in it")
    if found.faults:
        raise ExchangeFileError(found.faults)
    return sorted(published)


def _cells(
    rows: Iterable[Record], heads: list[str], found: _QuoteReader
) -> Iterator[tuple[int, list[str]]]:
    for line, row in rows:
        if len(row) == len(heads):
            yield line, [cell.strip() for cell in row]
        elif row:
            found.faults.append(f"line {line}: {len(row)} fields, not {len(heads)}")


def _own_quotes(
    rows: list[Record], heads: list[str], reporting: str, found: _QuoteReader
) -> list[PublishedRate]:
    for line, cells in _cells(rows, heads, found):
        named = dict(zip(heads, cells, strict=True))
        if named["currency"] == reporting:
            found.faults.append(
                f"line {line}: {reporting} is the reporting currency: its rate is 1"
            )
        else:
            found.add(line, named["date"], named["currency"], named["rate"])
    return [
        PublishedRate(day, name, rate)
        for day, of in found.quotes.items()
        for name, rate in of.items()
    ]


def _invert_quotes(
    rows: list[Record], heads: list[str], reporting: str, found: _QuoteReader
) -> list[PublishedRate]:
    """The ECB's rates, inverted: from units for one euro to the value of one unit."""
    if reporting not in ("EUR", *heads):
        raise ExchangeFileError([f"it has no column {reporting}, the reporting currency"])
    for line, (day, *cells) in _cells(rows, heads, found):
        for currency, rate in zip(heads[1:], cells, strict=True):
            if rate not in _NOT_PUBLISHED and currency:
                found.add(line, day, currency, rate)
    return [
        PublishedRate(day, name, _TURNING.divide(bought[reporting], rate))
        for day, quotes in found.quotes.items()
        if reporting in (bought := {"EUR": Decimal(1), **quotes})
        for name, rate in bought.items()
        if name != reporting
    ]
