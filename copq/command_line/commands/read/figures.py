"""Rows of figures as commands show them: one table, one line of what they mean."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import typer

from copq.command_line.terminal import count_of, fixed, money, out, percent, table
from copq.figures.answers import BASIS
from copq.figures.missing_exchange_rates import CONVERSION, MissingRates
from copq.figures.share_bases import ShareBase
from copq.figures.unpriced import WaitingCounts
from copq.ledger.figures import EXCEED, NOT_CLOSED, ReportRow
from copq.schemas.bases import PRODUCTION_BASE

SHOWN_ROWS, JSON_ROWS = 50, 1_000
"""Of an answer, unless more or fewer are asked for."""

LimitOption = Annotated[
    int | None,
    typer.Option(min=1, help=f"Rows to show; else {SHOWN_ROWS}, in JSON {JSON_ROWS:,}."),
]


def most_rows(limit: int | None, as_json: bool) -> int:
    """How many rows an answer has at most."""
    return limit or (JSON_ROWS if as_json else SHOWN_ROWS)


def show_rest(shown: int, known: int) -> None:
    """How many rows are not shown, if any."""
    if shown < known:
        out.print(f"{shown:,} of {known:,} rows are shown. To see all: --limit {known}")


def show_rows(
    title: str, rows: Sequence[ReportRow], by: Sequence[str], base: ShareBase | None = None
) -> None:
    """A table of rows, each with unit, base and currency; flags and open stops beneath."""
    base = base or ShareBase()
    timed = any(row.bucket is not None for row in rows)
    words = [*(["from"] if timed else []), *by, "currency"]
    figures = [
        f for f in (*_of_base(base), *_FIGURES) if f.always or any(f.of(row) for row in rows)
    ]
    cells = [_words(row) + [f.shown(f.of(row), row.currency) for f in figures] for row in rows]
    table(title, words + [f.name for f in figures], cells, left=len(words))
    if provisional := _by_currency(rows):
        out.print(f"Open stops account for {provisional} of this.")
    if base.name != PRODUCTION_BASE:
        for reason in dict.fromkeys(found for row in rows if (found := base.of(row).reason)):
            out.print(f"No % of {base.name}: {reason}.", soft_wrap=True)
    for row in rows:
        if EXCEED in row.flags:
            out.print(f"! {' '.join(_words(row))}: {EXCEED} ({row.rejected:,f} > {row.units:,f})")
    for flag, buckets in _not_closed(rows).items():
        out.print(f"! {', '.join(buckets)}: {flag}", markup=False)


def _not_closed(rows: Sequence[ReportRow]) -> dict[str, dict[str, None]]:
    """The buckets that a flag is of, by the flag, which names the plants."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for flag in row.flags:
            if row.bucket and flag.startswith(NOT_CLOSED):
                found.setdefault(flag, {})[when(row.bucket)] = None
    return found


def share(part: Decimal | None) -> str:
    """A share as a percentage."""
    return percent(part)


def when(bucket: datetime | date) -> str:
    """An instant with its zone, or a production day."""
    return f"{bucket:%Y-%m-%d %H:%M %Z}" if isinstance(bucket, datetime) else f"{bucket:%Y-%m-%d}"


def money_or_dash(amount: Decimal | None, currency: str) -> str:
    """A dash where it is not known."""
    return "–" if amount is None else money(amount, currency)


def _other(row: ReportRow) -> Decimal | None:
    return None if row.unconverted else row.coq - row.copq


def _share(part: Decimal | None, _: str) -> str:
    return share(part)


def _hours(hours: Decimal, _: str) -> str:
    return fixed(hours, 2)


def _base(base: Decimal | None, currency: str) -> str:
    return money_or_dash(base or None, currency)


def _text(number: Any, _: str) -> str:
    return str(number)


def _count(number: Decimal, _: str) -> str:
    return f"{number:,f}"


class _Figure(NamedTuple):
    """A column; one that is not `always` there is left out where it is zero throughout."""

    name: str
    of: Callable[[ReportRow], Any]
    shown: Callable[[Any, str], str]
    """By the row's currency."""
    always: bool = False


def _of_base(base: ShareBase) -> tuple[_Figure, ...]:
    """COPQ and its share of the base, which is named where it is not the cost of production."""
    is_usual = base.name == PRODUCTION_BASE
    return (
        _Figure("COPQ", lambda row: row.money("copq"), money_or_dash, always=True),
        _Figure("COPQ %" if is_usual else f"COPQ % of {base.name}",
                lambda row: base.of(row).value, _share, always=True),
        _Figure("base" if is_usual else base.name,
                lambda row: base.of(row).amount, _base, always=True),
    )  # fmt: skip


_FIGURES = (
    _Figure("units", lambda row: row.units, _count),
    _Figure("COPQ a good unit", lambda row: row.copq_per_good, money_or_dash),
    _Figure("cost a good unit", lambda row: row.cost_per_good, money_or_dash),
    _Figure("rejected", lambda row: row.rejected, _count),
    _Figure("lost h", lambda row: row.hours, _hours),
    _Figure("other CoQ", _other, money_or_dash),
    _Figure("without rate", lambda row: row.unconverted, _text),
)


def _words(row: ReportRow) -> list[str]:
    begin = [] if row.bucket is None else [when(row.bucket)]
    return [*begin, *(value or "–" for value in row.dims.values()), row.currency]


def _by_currency(rows: Sequence[ReportRow]) -> str:
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + (row.money("provisional") or 0)
    return ", ".join(f"{money(amount, name)} {name}" for name, amount in sums.items() if amount)


def show_notes(
    held: WaitingCounts,
    zone: tzinfo,
    lacks: Sequence[MissingRates] | None = None,
    is_live: bool = True,
    basis: str = BASIS,
) -> None:
    """What the figures are, and what they do not hold; open stops are in those that are live."""
    out.print(basis, style="dim")
    if lacks is not None:
        out.print(CONVERSION, style="dim")
    for of in lacks or ():
        if of.late:
            out.print(f"Converted at a rate that came after the month was closed: {of}.")
        else:
            out.print(f"No exchange rate: {of}. See: copq currencies list")
    if left := _left_out(held, is_live):
        now = when(held.at.astimezone(zone))
        out.print(f"Not in it, as of {now}: {', '.join(left)}. See: copq unpriced")
    if held.open_stops and is_live:
        out.print(f"Open stops counted until now: {held.open_stops}. See: copq unpriced")


def _left_out(held: WaitingCounts, is_live: bool) -> list[str]:
    left = [
        (held.unpriced, "event without a price", "events without a price"),
        (held.corrections, "correction that waits", "corrections that wait"),
        (0 if is_live else held.open_stops, "stop still open", "stops still open"),
    ]
    return [count_of(*one) for one in left if one[0]]
