"""The page `/what-if`: what a past window would have cost with some changes."""

from typing import Any, NamedTuple

from copq.figures.answers import BASIS
from copq.figures.books import Reading
from copq.figures.what_if import AppliedChange, WhatIfAnswer, answer_what_if
from copq.figures.what_if_entries import ChangedEntry
from copq.figures.what_if_query import WhatIfRequest
from copq.figures.what_if_rows import WhatIfRow, WhatIfTotal
from copq.ledger.arithmetic import MONEY, hours_of
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.pages.bars import Scale
from copq.reporting.board.pages.cells import (
    Cell,
    MoneyColumn,
    Row,
    Table,
    count_text,
    days_name,
    exact_text,
    money_column,
    money_text,
    place_name,
    signed_text,
)
from copq.reporting.board.pages.frame import Analysis
from copq.reporting.board.pages.notes import instead, notes, nothing_here
from copq.text.counts import count_of

PARAMETERS = ("change", "plant", "line", "product", "group", "grouping", "month", "from", "to",
              "by")  # fmt: skip
MOST_ENTRIES = 25
"""Entries that the page lists; the CSV has all."""

EXAMPLES = (
    ("halve type=defect", "half as many rejects"), ("remove type=downtime", "no stops"),
    ("scale type=scrap by 0.8", "a fifth less scrap"),
)  # fmt: skip
_BY = "category,element"
_COLUMNS = ("Booked", "With the changes", "Difference", "Hours booked", "Hours with them",
            "Entries that differ")  # fmt: skip


class _Read(NamedTuple):
    answer: WhatIfAnswer | None
    nothing: tuple[str, str] | None


async def _read(reading: Reading, asked: Asked) -> _Read:
    """Without a change there is nothing to price."""
    if not asked.text("change"):
        return _Read(None, None)
    request = WhatIfRequest(
        change=asked.text("change"), plant=asked.name("plant"), line=asked.name("line"),
        product=asked.name("product"), group=asked.name("group"),
        grouping=asked.name("grouping"), month=asked.text("month"), start=asked.text("from"),
        end=asked.text("to"), by=asked.text("by", _BY),
    )  # fmt: skip
    answer = await answer_what_if(
        reading.conn, reading.books, reading.book, request, reading.now, MOST_ENTRIES
    )
    empty = None if answer.cells else await nothing_here(reading, answer.query.scope)
    return _Read(answer, empty)


def _show(asked: Asked, read: _Read) -> dict[str, Any]:
    place = place_name(*(asked.name(name) for name in ("plant", "line", "product", "group")))
    if read.answer is None:
        examples = [(change, meaning, f"{asked.path}?{asked.query(change=change)}")
                    for change, meaning in EXAMPLES]  # fmt: skip
        return {"about": place, "examples": examples, "nothing": None, "parts": [], "remarks": []}
    answer = read.answer
    window = answer.query.window
    currencies = dict.fromkeys(cell.currency for cell in answer.cells)
    return {
        "about": f"{place}: {days_name(window.first, window.last)}", "examples": [],
        "nothing": read.nothing and _nothing(asked, *read.nothing),
        "parts": [_part(asked, answer, currency) for currency in currencies],
        "applied": [sentence for one in answer.changes for sentence in _applied(one)],
        "entries": _entries(asked, answer) if answer.entries else None,
        "entries_csv": f"/v1/what-if?{asked.query(table='entries', format='csv')}",
        "remarks": [*notes(answer.waiting, None, BASIS), "Stops still open are not in it."],
    }  # fmt: skip


def _nothing(asked: Asked, why: str, last: str) -> dict[str, str]:
    name = f"Change {last[:7]}" if last else ""
    return instead(asked, why, name, from_=None, to=None, month=last[:7])


def _part(asked: Asked, answer: WhatIfAnswer, currency: str) -> dict[str, Any]:
    totals = [total for total in answer.totals if total.currency == currency]
    return {
        "currency": currency, "tiles": [_tile(asked, answer, total) for total in totals],
        "table": _rows(asked, answer, currency),
    }  # fmt: skip


def _tile(asked: Asked, answer: WhatIfAnswer, total: WhatIfTotal) -> dict[str, Any]:
    """COPQ or CoQ: by how much it differs, booked and changed."""
    currency = total.currency
    return {
        "name": {"copq": "COPQ: failure alone", "coq": "CoQ: prevention + appraisal + COPQ"}[
            total.figure
        ],
        "difference": signed_text(total.difference, currency),
        "booked": money_text(total.booked, currency),
        "changed": money_text(total.changed, currency),
        "title": exact_text(total.booked, currency),
        "href": _booked(asked, answer, category=total.figure),
    }  # fmt: skip


def _booked(asked: Asked, answer: WhatIfAnswer, **filters: object) -> str:
    """The address of the booked entries."""
    scope, window = answer.query.scope, answer.query.window
    of = {**scope.places(), "group": scope.group, **filters}
    grouping = scope.grouping if of["group"] else None
    return asked.entries(**of, grouping=grouping, from_=window.first, to=window.last)


def _rows(asked: Asked, answer: WhatIfAnswer, currency: str) -> Table:
    """Booked in grey, and with the changes; the largest difference first."""
    by = answer.query.scope.by
    rows = [
        row for row in answer.rows() if row.currency == currency and (row.booked or row.entries)
    ]
    rows.sort(key=lambda row: (-abs(row.difference), -row.booked))
    scale = Scale([amount for row in rows for amount in (row.booked, row.changed)])
    money = money_column((a for row in rows for a in (row.booked, row.changed)), currency)
    shown = [
        Row(
            Cell(", ".join((getattr(row, name) or "none").replace("_", " ") for name in by)),
            _cells(asked, answer, row, money), bar=scale.bar(MONEY.create_decimal(0), row.changed),
            shadow=scale.bar(MONEY.create_decimal(0), row.booked, "before"),
        )
        for row in rows
    ]  # fmt: skip
    label = f"Booked, and with the changes, {currency}"
    first = ", ".join(by).capitalize()
    return Table(label, first, _COLUMNS, shown, bars="Bar: booked in grey, changed in blue")


def _cells(asked: Asked, answer: WhatIfAnswer, row: WhatIfRow, money: MoneyColumn) -> list[Cell]:
    names = {name: getattr(row, name) for name in answer.query.scope.by if getattr(row, name)}
    hours = (row.seconds, MONEY.add(row.seconds, row.seconds_difference))
    return [
        money.cell(row.booked, _booked(asked, answer, **names)),
        money.cell(row.changed),
        Cell(signed_text(row.difference, row.currency), kind="n strong"),
        *(Cell(count_text(hours_of(seconds)), kind="n quiet") for seconds in hours),
        Cell(count_text(row.entries), kind="n quiet"),
    ]


def _applied(one: AppliedChange) -> list[str]:
    """What a change applied to, and what it left as booked."""
    left = [
        f"{count_of(part.events, 'event', 'events')} left as booked: {part.reason}."
        for part in one.left
    ]
    return [f"{one.change}: {count_of(one.events, 'event', 'events')}.", *left]


def _entries(asked: Asked, answer: WhatIfAnswer) -> Table:
    """The entries that would differ, the largest difference first."""
    shown = answer.entries[:MOST_ENTRIES]
    note = f"{len(shown):,} of {len(answer.entries):,} entries; the CSV has all." * (
        len(shown) < len(answer.entries)
    )
    columns = ("Day", "Of", "Booked", "With the changes", "Difference")
    return Table("Entries that would differ", "Entry", columns,
                 [_entry(asked, one) for one in shown], note, kind="words")  # fmt: skip


def _entry(asked: Asked, one: ChangedEntry) -> Row:
    what = [one.element.replace("_", " "), one.defect_code]
    name = one.event_id if one.entry_no is None else f"{one.event_id}#{one.entry_no}"
    return Row(
        Cell(", ".join(filter(None, what)), f"Open {name}", asked.event(one.event_id)),
        [
            Cell(str(one.day)), Cell(f"{one.plant}, line {one.line}"),
            Cell(exact_text(one.booked, one.currency)), Cell(exact_text(one.changed, one.currency)),
            Cell(f"{signed_text(one.difference, one.currency)} {one.currency}", kind="n strong"),
        ],
    )  # fmt: skip


WHAT_IF = Analysis("/what-if", "what_if.html", "/v1/what-if", PARAMETERS, _read, _show)
