"""What poor quality cost: by category and month, against target and budget, by line."""

from collections.abc import Sequence
from decimal import Decimal

from copq.figures.pack import PackAnswer
from copq.figures.pack_months import PackMonth
from copq.improvement.coq_report import COPQ, COQ, COSTS, FIGURES
from copq.pack.page import Chart, Page, Table
from copq.pack.texts import (
    NONE,
    Money,
    count,
    month_label,
    month_words,
    name_text,
    percent,
    points,
    words,
)
from copq.periods.period import month_name
from copq.text.counts import count_of

_LINES = 20


def cost_page(answer: PackAnswer) -> Page:
    months = answer.last_months(0)
    money = Money.of(answer.currency, [m.amount(f) for m in months for f in FIGURES])
    return Page(
        "What did poor quality cost?", _message(answer, money), "a",
        _by_category(answer, months, money), [_categories(answer, money)], _other_costs(answer),
        f"copq coq --plant {answer.query.quoted} --from {month_name(months[0].month)}"
        if months else "",
    )  # fmt: skip


def _message(answer: PackAnswer, money: Money) -> str:
    month = answer.month
    if month is None or month.copq is None:
        return f"No cost of quality is known for {month_words(answer.query.month)}."
    row = month.rows[COPQ]
    against = ""
    if row.change.amount is not None:
        against = f", {money.signed(row.change.amount)} {answer.currency} on the month before"
    share = f", {percent(month.percent)} of the cost of production" if month.percent else ""
    return f"COPQ was {money.text(month.copq)} {answer.currency}{share}{against}."


def _by_category(answer: PackAnswer, months: Sequence[PackMonth], money: Money) -> Chart | None:
    if not months:
        return None
    series = [
        {"name": words(category), "values": [float(m.amount(category) or 0) for m in months]}
        for category in COSTS
    ]
    spoken = "; ".join(
        f"{month_name(m.month)}: COPQ {money.text(m.copq)}, CoQ {money.text(m.amount(COQ))}"
        for m in months
    )
    return Chart(
        "columns", f"Cost of quality by month, {answer.currency}",
        f"Stacked columns of the cost of quality by category, in {answer.currency}. {spoken}.",
        {"labels": [month_label(m.month) for m in months], "series": series,
         "totals": [money.text(m.amount(COQ)) for m in months],
         "strong": _place(answer, months)},
    )  # fmt: skip


def _place(answer: PackAnswer, months: Sequence[PackMonth]) -> int:
    return next((n for n, m in enumerate(months) if m.month == answer.query.month), -1)


def _categories(answer: PackAnswer, money: Money) -> Table:
    columns = ("Cost", answer.currency, "% of production", "A unit", "Budget", "Over budget",
               "Month before", "Change", "Year ago", "Change")  # fmt: skip
    rows = [] if answer.month is None else [_category(answer.month, f, money) for f in FIGURES]
    strong = [n for n, figure in enumerate(FIGURES) if figure in (COPQ, COQ)]
    return Table(month_words(answer.query.month), columns, rows, strong=strong)


def _category(month: PackMonth, figure: str, money: Money) -> list[str]:
    row = month.rows[figure]
    variance = row.variance
    unit = Money(money.currency, 4)
    return [
        words(figure), money.text(row.amount), percent(row.percentage.value),
        unit.text(row.per_unit), money.text(variance.budget if variance else None),
        money.signed(variance.variance if variance else None), money.text(row.previous),
        money.signed(row.change.amount), money.text(row.year_ago),
        money.signed(row.year_change.amount),
    ]  # fmt: skip


def _other_costs(answer: PackAnswer) -> list[str]:
    """What is not in the sums, and percentages of other bases."""
    found = [
        f"Costs in {currency} are not in these figures: currencies are never added."
        for currency in answer.other_currencies
    ]
    shares = [
        f"{percent(row.percentage.value)} of {name_text(row.percentage.base)}"
        for row in answer.coq.each_row()
        if row.figure == COPQ and row.cut.period == answer.query.month
        and row.cut.currency == answer.currency and row.percentage.value is not None
    ]  # fmt: skip
    if len(shares) > 1:
        found.append(f"COPQ in percent: {', '.join(shares)}.")
    if answer.month and answer.month.rows[COPQ].provisional:
        found.append("Stops that are still open count until the instant of this pack.")
    return found


def trend_page(answer: PackAnswer) -> Page:
    """Target and budget, twelve months together, and each month as signed and as restated."""
    months = answer.last_months(0)
    money = Money.of(answer.currency, [m.copq for m in months])
    now, before = answer.trailing, answer.trailing_before
    span, share = count_of(now.months, "month"), percent(now.percent)
    message = f"Over {span} COPQ was {share} of the cost of production"
    if before.months:
        span = count_of(before.months, "month")
        message += f", {points(now.percent, before.percent)} on the {span} before"
    return Page(
        "Is it within target, and is it getting worse?", f"{message}.", "a",
        _against_target(answer, months), [_signed(months, money)],
        ["A percentage of several months is the sum of their costs over the sum of their bases.",
         "As restated: with what was booked later for the month. The digest is the SHA-256 of all "
         "figures that a closing signed; copq verify recomputes it from the ledger."],
        f"copq periods list --plant {answer.query.quoted}",
    )  # fmt: skip


def _against_target(answer: PackAnswer, months: Sequence[PackMonth]) -> Chart | None:
    if not any(m.percent is not None for m in months):
        return None
    targets = [None if m.target is None else float(m.target * 100) for m in months]
    spoken = "; ".join(
        f"{month_name(m.month)}: {percent(m.percent)}"
        + ("" if m.target is None else f", target {percent(m.target * 100)}")
        for m in months
    )
    return Chart(
        "columns", "COPQ in percent of the cost of production, against target",
        f"Columns of COPQ in percent of the cost of production. {spoken}.",
        {"labels": [month_label(m.month) for m in months],
         "series": [{"name": "COPQ", "values": [float(m.percent or 0) for m in months]}],
         "totals": [percent(m.percent) for m in months], "targets": targets,
         "strong": _place(answer, months)},
    )  # fmt: skip


def _signed(months: Sequence[PackMonth], money: Money) -> Table:
    columns = ("Month", "State", "Signed by", "Digest", "As signed", "As restated", "Difference",
               "%", "Target", "Budget", "Over budget")  # fmt: skip
    rows = [
        [
            month_name(m.month), m.signature.state if m.signature else "open",
            name_text(m.signature.closed_by) if m.signature else NONE,
            m.signature.digest[:12] if m.signature else NONE,
            money.text(m.signature.copq if m.signature else None), money.text(m.copq),
            money.signed(m.restated_since), percent(m.percent),
            percent(None if m.target is None else m.target * 100), money.text(m.budget),
            money.signed(_less(m.copq, m.budget)),
        ]
        for m in months
    ]  # fmt: skip
    return Table("COPQ by month", columns, rows, left=4, strong=[len(rows) - 1] if rows else [])


def _less(amount: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if amount is None or other is None else amount - other


def lines_page(answer: PackAnswer) -> Page:
    """The lines of the plant, the most expensive first."""
    of = [
        row
        for row in answer.by_line.each_row()
        if row.figure == COPQ and row.cut.currency == answer.currency and row.amount is not None
    ]
    of.sort(key=lambda row: (-(row.amount or 0), row.cut.values))
    money = Money.of(answer.currency, [row.amount for row in of])
    shown = of[:_LINES]
    names = [name_text(row.cut.values[0]) or "no line" for row in shown]
    rows = [
        [name, money.text(row.amount), percent(row.percentage.value), count(row.units),
         money.text(row.previous), money.signed(row.change.amount)]
        for name, row in zip(names, shown, strict=True)
    ]  # fmt: skip
    first = (
        f"{names[0]} cost most: {rows[0][1]} {answer.currency}." if rows else "No line has costs."
    )
    return Page(
        "Which lines does it come from?", first, "a",
        _line_bars(answer, names, [row.amount or Decimal(0) for row in shown], money),
        [Table("COPQ by line", ("Line", answer.currency, "% of production", "Units",
                                "Month before", "Change"), rows)],
        [f"The {len(shown)} most expensive of {len(of)} lines; the workbook has all."]
        if len(of) > len(shown) else [],
        f"copq coq --plant {answer.query.quoted} --by line --from {month_name(answer.query.month)}",
    )  # fmt: skip


def _line_bars(
    answer: PackAnswer, names: Sequence[str], amounts: Sequence[Decimal], money: Money
) -> Chart | None:
    rows = [
        {"name": name, "value": float(amount), "text": money.text(amount)}
        for name, amount in zip(names, amounts, strict=True)
        if amount > 0
    ][:12]
    spoken = "; ".join(f"{row['name']}: {row['text']}" for row in rows)
    title = f"COPQ by line, {answer.currency}"
    return Chart("bars", title, f"Bars. {spoken}.", {"rows": rows}) if rows else None
