"""The page `/projects/PLANT/NAME`: one project on one sheet."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from itertools import accumulate
from typing import Any
from urllib.parse import quote

from copq.figures.books import Reading
from copq.figures.evidence_answer import EvidenceAnswer, read_evidence
from copq.figures.portfolio_project import EFFECTS, ProjectAnswer, ProjectMonth, answer_project
from copq.figures.portfolio_rows import PortfolioFigures
from copq.improvement.savings.over_time import Unknown
from copq.ledger.arithmetic import MONEY, ZERO
from copq.projects.store import Project
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.pages.bars import Scale
from copq.reporting.board.pages.cells import (
    NONE,
    Bar,
    Cell,
    Row,
    Table,
    day_name,
    exact_text,
    percent_text,
    signed_text,
    without_empty_columns,
)
from copq.reporting.board.pages.evidence import evidence_part
from copq.reporting.board.pages.frame import Analysis
from copq.reporting.board.pages.projects import payback_cell, waterfall_table

PARAMETERS = ("count",)
_EFFECTS = {
    "volume": "Volume: more or fewer units", "mix": "Mix: other products and lines",
    "rates": "Rates", "non_routine": "Non-routine, accepted by finance",
    "without_baseline": "Without a baseline", "performance": "Performance: the saving, below zero",
}  # fmt: skip
_COLUMNS = ("Promised", "Forecast", "Realised", "Low", "High", "First reported", "Claimed",
            "Validated", "In budget", "Finance")  # fmt: skip


async def _read(reading: Reading, asked: Asked) -> tuple[ProjectAnswer, EvidenceAnswer]:
    plant, name = asked.place["plant"], asked.place["name"]
    found = await answer_project(
        reading.conn, reading.book, plant, name, asked.text("count"), reading.now
    )
    return found, await read_evidence(reading.conn, found.account.project, reading.now)


def _show(asked: Asked, read: tuple[ProjectAnswer, EvidenceAnswer]) -> dict[str, Any]:
    found, evidence = read
    project, figures = found.account.project, found.row.figures
    currency, verdict = project.plan.currency, found.row.facts.verdict
    return {
        "title": project.name, "about": f"{project.plant}, {project.name}", "project": project,
        "currency": currency, "verdict": verdict, "facts": _facts(project),
        "evidence": evidence_part(evidence), "tiles": _tiles(figures, currency),
        "months": _months(found, currency),
        "bridge": _bridge(found.months, currency), "curve": _curve(found),
        "fall": waterfall_table(figures, currency),
        "steps": [(f"{s.at:%Y-%m-%d}", s.what, s.state, s.by, s.why or "") for s in project.steps],
        "export": f"/v1/projects/{_path(project.plant)}/{_path(project.name)}/export",
        "freeze": project.freeze, "sha": project.freeze.sha256.hex() if project.freeze else "",
        "investments": [
            (one.name, one.kind, f"{one.first_month:%Y-%m}",
             f"{one.last_month:%Y-%m}" if one.last_month else "",
             exact_text(one.amount, one.currency), one.currency)
            for one in found.account.investments
        ],
        "remarks": [*_excesses(found), found.query.basis],
    }  # fmt: skip


def _path(name: str) -> str:
    return quote(name, safe="")


def _excesses(found: ProjectAnswer) -> Iterator[str]:
    currency = found.account.project.plan.currency
    for own in found.account.excesses:
        now = f"it saves {exact_text(own.net, currency)} by its newest bridge"
        if own.net is None:
            now = "it can no longer be compared"
        yield (
            f"{own.month:%Y-%m}: {exact_text(own.validated, currency)} {currency} is validated, "
            f"but {now}. Finance validates it again."
        )


def _facts(project: Project) -> list[tuple[str, str]]:
    plan = project.plan
    scope = "; ".join(f"{name.replace('_', ' ')} {', '.join(sorted(names))}"
                      for name, names in plan.scope.items())  # fmt: skip
    return [
        ("Owner", project.owner), ("Sponsor", project.sponsor), ("State", project.state),
        ("Scope", scope or "the whole plant"),
        ("Baseline", f"{day_name(plan.baseline_first)} to {day_name(plan.baseline_last)}"),
        ("Starts", day_name(plan.starts)),
        ("Compared by", str(plan.exposure).replace("_", " ")),
        ("Yearly rate", percent_text(plan.yearly_rate * 100)),
        *plan.notes.items(),
    ]  # fmt: skip


def _tiles(figures: PortfolioFigures, currency: str) -> list[tuple[str, str, str]]:
    """The figures that come first: a name, the figure, and what it is or why there is none."""
    sums, back = figures.counted, figures.returns
    ratio = sums.realisation_rate
    of = "nothing was promised" if ratio is None else f"{percent_text(ratio * 100)} of the promise"
    payback = payback_cell(back.payback)
    return [
        ("Promised so far", exact_text(sums.promised, currency), currency),
        ("Realised, net", exact_text(figures.measured.net if figures.months else None, currency),
         currency if figures.months else "no month is measured yet"),
        ("Validated", exact_text(sums.validated, currency), of),
        ("In the budget", exact_text(sums.in_budget, currency), currency),
        ("ROI", *_percent(back.roi, "(validated − invested) / invested")),
        ("Payback", payback.text, payback.title or "savings exceed what was invested"),
        ("NPV", *_money(back.npv, currency)), ("IRR", *_percent(back.irr, "a year")),
    ]  # fmt: skip


def _percent(ratio: Decimal | Unknown, meaning: str) -> tuple[str, str]:
    if isinstance(ratio, Unknown):
        return NONE, ratio.reason
    return percent_text(ratio * 100), meaning


def _money(amount: Decimal | Unknown, currency: str) -> tuple[str, str]:
    if isinstance(amount, Unknown):
        return NONE, amount.reason
    return exact_text(amount, currency), currency


def _months(found: ProjectAnswer, currency: str) -> Table:
    """Each month: the promise outlined, the realised saving solid, else the forecast hatched."""
    rows = found.table()
    scale = Scale(
        [a for row in rows for a in (row["promised"], row["forecast"], row["net"] or ZERO)]
    )
    shown = [
        Row(Cell(row["month"]), _cells(row, currency), bar=_bar(row, scale),
            shadow=scale.bar(ZERO, row["promised"], "plan"))
        for row in rows
    ]  # fmt: skip
    note = "Outlined: promised. Solid: realised, net. Hatched: forecast of a month not measured."
    return without_empty_columns(
        Table(f"Savings by month, {currency}", "Month", _COLUMNS, shown, note, bars="Savings")
    )


def _bar(row: dict[str, Any], scale: Scale) -> Bar:
    if row["net"] is None:
        return scale.bar(ZERO, row["forecast"], "forecast")
    return scale.bar(ZERO, row["net"])


def _cells(row: dict[str, Any], currency: str) -> list[Cell]:
    names = ("promised", "forecast", "net", "low", "high", "first_reported", "claimed",
             "validated", "in_budget")  # fmt: skip
    strong = ("net", "validated")
    finance = ", ".join(row["decisions"]) or ("waits" if row["waits_since"] else NONE)
    too_much = "" if row["excess"] is None else exact_text(row["excess"], currency)
    said = f"{too_much} {currency} more is validated than the month saves now: validate it again"
    return [
        *(Cell(exact_text(row[name], currency), kind="n strong" if name in strong else "n quiet")
          for name in names),
        Cell(f"▲ {finance}", said, kind="n strong") if too_much else Cell(finance, kind="n quiet"),
    ]  # fmt: skip


def _bridge(months: Sequence[ProjectMonth], currency: str) -> Table | None:
    """All measured months together: from the baseline's losses to those that were booked."""
    bridges = [month.bridge for month in months if month.bridge]
    if not bridges:
        return None
    with localcontext(MONEY):
        sums = {name: sum((of[name] for of in bridges), ZERO)
                for name in ("baseline", *EFFECTS, "actual")}  # fmt: skip
        reached = list(accumulate((sums["baseline"], *(sums[name] for name in EFFECTS))))
    scale = Scale([sums["actual"], *reached])
    effects = [
        Row(Cell(_EFFECTS[name]),
            [Cell(signed_text(sums[name], currency), f"{sums[name]} {currency}"),
             *_by_month(bridges, name, currency)], "",
            scale.bar(start, end, "up" if sums[name] > 0 else "down"))
        for name, start, end in zip(EFFECTS, reached, reached[1:], strict=False)
        if sums[name] or name == "performance"
    ]  # fmt: skip
    first = _whole("Losses of the baseline", "baseline", bridges, sums, currency)
    last = _whole("Losses booked", "actual", bridges, sums, currency)
    rows = [
        Row(first[0], first[1], "sum", scale.bar(ZERO, sums["baseline"], "before")), *effects,
        Row(last[0], last[1], "sum", scale.bar(ZERO, sums["actual"])),
    ]  # fmt: skip
    names = ("All months", *(f"{of['month']:%Y-%m}" for of in bridges[-_SHOWN:]))
    label = f"From the losses of the baseline to those of the months, {currency}"
    return Table(label, currency, names, rows, bars="Bar", kind="waterfall")


_SHOWN = 12
"""The newest months of the bridge; the CSV has all."""


def _by_month(bridges: Sequence[dict[str, Any]], name: str, currency: str) -> list[Cell]:
    return [Cell(exact_text(of[name], currency), kind="n quiet") for of in bridges[-_SHOWN:]]


def _whole(
    title: str, name: str, bridges: Sequence[dict[str, Any]], sums: dict[str, Decimal],
    currency: str,
) -> tuple[Cell, list[Cell]]:  # fmt: skip
    total = Cell(exact_text(sums[name], currency), f"{sums[name]} {currency}", kind="n strong")
    return Cell(title), [total, *_by_month(bridges, name, currency)]


def _curve(found: ProjectAnswer) -> dict[str, Any] | None:
    """What was validated, promised and put in so far, month by month from the first one. A single
    month makes no line."""
    facts = found.row.facts
    own = {month.month: month for month in found.months}
    months = sorted(month for month in {*own, *facts.invested} if month < facts.end)
    if len(months) < 2:
        return None
    counted = found.query.counted
    with localcontext(MONEY):
        series = {
            name: list(accumulate(own[m].total(field, counted) if m in own else ZERO
                                  for m in months))
            for name, field in (("Validated", "validated"), ("Promised", "promised"))
        } | {"Invested": list(accumulate(facts.invested.get(m, ZERO) for m in months))}  # fmt: skip
    return {
        "kind": "lines", "step": "month", "steps": list(range(1, len(months) + 1)),
        "series": [{"name": name, "values": [str(v) for v in values]}
                   for name, values in series.items()],
        "first": f"{months[0]:%Y-%m}",
    }  # fmt: skip


PROJECT = Analysis(
    "/projects/{plant}/{name:path}", "project.html", "/v1/projects/{plant}/{name}", PARAMETERS,
    _read, _show,
)  # fmt: skip
