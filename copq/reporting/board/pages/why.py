"""The page `/why`: what explains that the losses of one window differ from those of another."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from copq.figures.answers import BASIS
from copq.figures.books import Reading
from copq.figures.why import ExplainedChange, WhyAnswer, WhyRequest, answer_why
from copq.figures.why_groups import ProductGroups
from copq.figures.why_rows import ChangePart, OneSided
from copq.figures.why_windows import MOST_WEEKS
from copq.figures.why_words import shown_amounts, way_of_testing
from copq.figures.window import Window
from copq.ledger.figures import Scope
from copq.ledger.money import fixed
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.pages.bars import Scale
from copq.reporting.board.pages.cells import (
    NONE,
    Cell,
    Row,
    Table,
    count_text,
    days_name,
    exact_text,
    money_column,
    place_name,
    signed_text,
    without_empty_columns,
)
from copq.reporting.board.pages.frame import Analysis
from copq.reporting.board.pages.notes import instead, notes, nothing_here
from copq.text.counts import count_of

_TIMES = ("month", "from", "to", "before_from", "before_to", "weeks")
PARAMETERS = ("plant", "line", "product", "group", "grouping", *_TIMES, "currency")
_KINDS = {
    "volume": "Volume: more or fewer units", "mix": "Mix: other products and lines",
    "without_baseline": "Nothing was made before", "everything_else": "Everything else",
}  # fmt: skip
_COLUMNS = ("Change", "Before", "After", "A unit before", "A unit after", "Units before",
            "Units after", "Entries before", "Entries after", "p")  # fmt: skip
_SMALL = Decimal("0.0001")


class _Read(NamedTuple):
    answer: WhyAnswer
    nothing: tuple[str, str] | None


def why_request(asked: Asked) -> WhyRequest:
    """The question. Raises `ValueError` if weeks is not a number."""
    return WhyRequest(
        plant=asked.name("plant"), line=asked.name("line"), product=asked.name("product"),
        group=asked.name("group"), grouping=asked.name("grouping"), month=asked.text("month"),
        start=asked.text("from"), end=asked.text("to"), before_start=asked.text("before_from"),
        before_end=asked.text("before_to"), weeks=asked.number("weeks", MOST_WEEKS),
        currency=asked.name("currency"),
    )  # fmt: skip


async def _read(reading: Reading, asked: Asked) -> _Read:
    request = why_request(asked)
    answer = await answer_why(reading.conn, reading.book, request, reading.now)
    scope = Scope(request.plant, request.line, request.product)
    return _Read(answer, None if answer.changes else await nothing_here(reading, scope))


def _show(asked: Asked, read: _Read) -> dict[str, Any]:
    answer = read.answer
    place = place_name(*(asked.name(name) for name in PARAMETERS[:4]))
    before, after = answer.windows.before, answer.windows.after
    return {
        "about": f"{place}: {_days(after)} against {_days(before)}",
        "nothing": read.nothing and _nothing(asked, *read.nothing),
        "changes": [_change(asked, answer, change) for change in answer.changes],
        "remarks": [*answer.left_out(), *notes(answer.waiting, answer.lacks, BASIS)],
    }  # fmt: skip


def _days(window: Window) -> str:
    days = count_of(window.days, "production day", "production days")
    return f"{days_name(window.first, window.last)} ({days})"


def _nothing(asked: Asked, why: str, last: str) -> dict[str, str]:
    """Why the page is empty, and the newest month with figures to open instead."""
    window: dict[str, str | None] = {**dict.fromkeys(_TIMES), "month": last[:7]}
    return instead(asked, why, f"Explain {last[:7]}" if last else "", **window)


def _change(asked: Asked, answer: WhyAnswer, change: ExplainedChange) -> dict[str, Any]:
    currency = change.currency
    return {
        "currency": currency, "finding": change.finding, "is_explained": change.is_explained,
        "table": _waterfall(asked, answer, change),
        "one_sided": [_one_sided(asked, one, currency) for one in change.in_one_window],
        "commands": [part.command for part in change.parts if part.command],
        "sentences": list(_sentences(change)),
    }  # fmt: skip


def _sentences(change: ExplainedChange) -> Iterator[str]:
    if change.measured_by != "units":
        yield "No units are recorded, so days count as units."
    if tested := way_of_testing([part for part in change.parts if part.kind == "cause"]):
        yield tested
    if change.provisional:
        amount = exact_text(change.provisional, change.currency)
        yield f"Open stops account for {amount} {change.currency} of both windows."


def _waterfall(asked: Asked, answer: WhyAnswer, change: ExplainedChange) -> Table:
    """From the losses before to those after: volume and mix, then the causes."""
    currency = change.currency
    amounts = shown_amounts([part.change for part in change.parts], currency)
    parts = [
        (part, amount)
        for part, amount in zip(change.parts, amounts, strict=True)
        if part.change or part.kind != "without_baseline"
    ]
    steps = [change.before]
    for part, _ in parts:
        steps.append(steps[-1] + part.change)
    scale = Scale([Decimal(0), change.before, change.after, *steps])
    money = money_column((change.before, change.after), currency)
    windows, groups = answer.windows, answer.groups
    first = _whole(asked, "Losses before", change.before, money.cell, groups, windows.before)
    last = _whole(asked, "Losses after", change.after, money.cell, groups, windows.after)
    rows = [
        Row(first.name, first.cells, "sum", scale.bar(Decimal(0), change.before, "before")),
        *(
            Row(_name(asked, part), _cells(asked, part, amount), part.kind,
                scale.bar(start, end, "up" if part.change > 0 else "down"))
            for (part, amount), start, end in zip(parts, steps, steps[1:], strict=False)
        ),
        Row(last.name, last.cells, "sum", scale.bar(Decimal(0), change.after, "actual")),
    ]  # fmt: skip
    label = f"From the losses before to the losses after, {currency}"
    return without_empty_columns(
        Table(label, currency, _COLUMNS, rows, bars="Bar", kind="waterfall")
    )


def _whole(
    asked: Asked, name: str, amount: Decimal, cell: Any, groups: ProductGroups | None,
    window: Window,
) -> Row:  # fmt: skip
    of_group = groups.selecting({}) if groups else {}
    href = asked.entries(
        plant=asked.name("plant"), line=asked.name("line"), product=asked.name("product"),
        category="copq", from_=window.first, to=window.last, **of_group,
    )  # fmt: skip
    cells = [Cell(NONE)] * len(_COLUMNS)
    cells[0] = cell(amount, href, "n strong")
    return Row(Cell(name), cells)


def _name(asked: Asked, part: ChangePart) -> Cell:
    if part.cause is None:
        return Cell(_KINDS[part.kind])
    return Cell(part.cause, "The entries of this window", asked.entries_at(part.entries))


def _cells(asked: Asked, part: ChangePart, amount: Decimal) -> list[Cell]:
    currency = part.currency
    return [
        Cell(signed_text(amount, currency), f"{part.change} {currency}", kind="n strong"),
        _opens(asked, part, part.before, part.entries_of_before),
        _opens(asked, part, part.after, part.entries),
        *(Cell(NONE if rate is None else fixed(rate, 4), kind="n quiet")
          for rate in (part.rate_before, part.rate_after)),
        *(Cell(count_text(number), kind="n quiet")
          for number in (part.units_before, part.units_after, part.entries_before,
                         part.entries_after)),
        Cell(_chance(part.p_value), kind="n quiet"),
    ]  # fmt: skip


def _opens(asked: Asked, part: ChangePart, amount: Decimal | None, entries: str | None) -> Cell:
    """An amount of a cause; it opens its entries where they are no other cause's too."""
    if amount is None:
        return Cell(NONE)
    href = "" if part.without else asked.entries_at(entries)
    return money_column([amount], part.currency).cell(amount, href)


def _chance(p_value: Decimal | None) -> str:
    if p_value is None:
        return NONE
    return "<0.0001" if p_value < _SMALL else fixed(p_value, 4)


def _one_sided(asked: Asked, one: OneSided, currency: str) -> dict[str, str]:
    """Losses under a name of one window alone."""
    is_after = bool(one.after or one.entries_after)
    entries = one.entries_after if is_after else one.entries_before
    return {
        "which": "Not in the window before" if is_after else "Only in the window before",
        "name": one.name, "entries": count_of(entries, "entry", "entries"),
        "amount": f"{exact_text(one.after if is_after else one.before, currency)} {currency}",
        "href": asked.entries_at(one.entries),
    }  # fmt: skip


WHY = Analysis("/why", "why.html", "/v1/why", PARAMETERS, _read, _show, has_workbook=True)
