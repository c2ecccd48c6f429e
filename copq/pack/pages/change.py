"""What changed since the month before, and the problems that cost most."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from copq.figures.pack import PackAnswer
from copq.figures.why import ExplainedChange
from copq.figures.why_rows import ChangePart
from copq.improvement.un_quality import Ranked
from copq.pack.page import Chart, Page, Table
from copq.pack.texts import NONE, Money, count, name_text, percent, share, with_minus
from copq.periods.period import month_name

_CAUSES, _PROBLEMS = 7, 15
_KINDS = {
    "volume": "volume", "mix": "mix", "without_baseline": "new products",
    "everything_else": "everything else",
}  # fmt: skip


def change_page(answer: PackAnswer) -> Page:
    again = f"copq why --plant {answer.query.quoted} --month {month_name(answer.query.month)}"
    heading = "What drove the change?"
    if isinstance(answer.why, str):
        return Page(heading, f"The change cannot be explained: {answer.why}", "a", again=again)
    found = [one for one in answer.why.changes if one.currency == answer.currency]
    if not found:
        return Page(heading, "There are no losses in this month or the month before.", "a",
                    again=again)  # fmt: skip
    [change] = found
    money = Money.of(answer.currency, [change.before, change.after])
    parts = _shown(change.parts)
    return Page(
        heading, with_minus(change.finding), "a", _waterfall(change, parts, money),
        [_parts(change, parts, money)], answer.why.left_out(), again,
    )  # fmt: skip


def _shown(parts: Sequence[ChangePart]) -> list[ChangePart]:
    """Volume and mix, the largest causes, and the rest; parts of zero are left out."""
    causes = [part for part in parts if part.kind == "cause"]
    kept = {id(part) for part in causes[:_CAUSES]}
    return [p for p in parts if p.change and (p.kind != "cause" or id(p) in kept)]


def _name(part: ChangePart) -> str:
    return name_text(part.cause or "") if part.kind == "cause" else _KINDS[part.kind]


def _waterfall(change: ExplainedChange, parts: Sequence[ChangePart], money: Money) -> Chart:
    steps: list[dict[str, Any]] = [_step("month before", Decimal(0), change.before, money, "total")]
    reached = change.before
    for part in parts:
        kind = "more" if part.change > 0 else "less"
        steps.append(_step(_name(part), reached, reached + part.change, money, kind))
        reached += part.change
    if reached != change.after:
        kind = "more" if change.after > reached else "less"
        steps.append(_step("other causes", reached, change.after, money, kind))
    steps.append(_step("this month", Decimal(0), change.after, money, "total"))
    spoken = "; ".join(f"{step['name']}: {step['text']}" for step in steps)
    return Chart(
        "waterfall", f"From the month before to this month, {change.currency}",
        f"Waterfall of COPQ. {spoken}.", {"steps": steps},
    )  # fmt: skip


def _step(name: str, start: Decimal, end: Decimal, money: Money, kind: str) -> dict[str, Any]:
    text = money.text(end) if kind == "total" else money.signed(end - start)
    return {"name": name, "from": float(start), "to": float(end), "text": text, "kind": kind}


def _parts(change: ExplainedChange, parts: Sequence[ChangePart], money: Money) -> Table:
    columns = ("Part of the change", change.currency, "Before", "Expected", "After", "p")
    rows = [
        [_name(part), money.signed(part.change), money.text(part.before),
         money.text(part.expected), money.text(part.after), _chance(part)]
        for part in parts
    ]  # fmt: skip
    rows.append(["All of it", money.signed(change.change), money.text(change.before),
                 money.text(change.expected), money.text(change.after), NONE])  # fmt: skip
    return Table("Parts of the change", columns, rows, strong=[len(rows) - 1])


def _chance(part: ChangePart) -> str:
    return NONE if part.p_value is None else f"{float(part.p_value):.2g}"


def problems_page(answer: PackAnswer) -> Page:
    """The problems of all functions on one scale."""
    query = answer.query
    again = f"copq problems --plant {query.quoted} --month {month_name(query.month)}"
    losses = answer.losses.get(answer.currency)
    if losses is None or not losses.ranked:
        return Page("Which problems cost most?", "No problem cost anything in this month.", "a, k",
                    again=again)  # fmt: skip
    ranked = losses.ranked
    money = Money.of(answer.currency, [one.problem.cost for one in ranked])
    vital = next(n for n, one in enumerate(ranked, 1) if one.cumulative_share >= Decimal("0.8"))
    message = f"{vital} of {len(ranked)} problems make 80 % of the losses; the largest is "
    message += f"{_problem(ranked[0])}, {money.text(ranked[0].problem.cost)} {answer.currency}."
    notes = [f"The {_PROBLEMS} largest of {len(ranked)} problems; the workbook has all."]
    earned = [f"Problems that earned money are left out: {money.text(losses.earned)}."]
    return Page(
        "Which problems cost most?", message, "a, k", _pareto(answer, ranked, money),
        [_problems(answer.currency, ranked[:_PROBLEMS], money)],
        [*(notes if len(ranked) > _PROBLEMS else []), *(earned if losses.earned else [])], again,
    )  # fmt: skip


def _problem(one: Ranked) -> str:
    function = f" ({name_text(one.problem.function)})" if one.problem.function else ""
    return f"{name_text(one.problem.problem)}{function}"


def _pareto(answer: PackAnswer, ranked: Sequence[Ranked], money: Money) -> Chart:
    rows = [
        {"name": _problem(one), "value": float(one.problem.cost),
         "text": money.text(one.problem.cost), "cumulative": float(one.cumulative_share)}
        for one in ranked[:12]
    ]  # fmt: skip
    spoken = "; ".join(
        f"{row['name']}: {row['text']}, cumulative {percent(Decimal(str(row['cumulative'])) * 100)}"
        for row in rows
    )
    title = f"Problems by cost, {answer.currency}, and their cumulative share"
    return Chart("bars", title, f"Pareto chart. {spoken}.", {"rows": rows, "is_pareto": True})


def _problems(currency: str, ranked: Sequence[Ranked], money: Money) -> Table:
    columns = ("Problem", "Function", currency, "Share", "Cumulative", "Hours", "Entries")
    rows = [
        [name_text(one.problem.problem), name_text(one.problem.function or NONE),
         money.text(one.problem.cost), share(one.share), share(one.cumulative_share),
         count(one.problem.hours), count(one.problem.frequency)]
        for one in ranked
    ]  # fmt: skip
    return Table("Problems of all functions", columns, rows, left=2)
