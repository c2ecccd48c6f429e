"""The pack as an Excel workbook: figures, and live formulas for sums, differences and percentages.

The same sheets each time are the same bytes. A name is always text, never a formula.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from copq.figures.pack import PackAnswer
from copq.figures.pack_months import TRAILING, PackMonth, trailing
from copq.figures.pack_request import back
from copq.figures.why import WhyAnswer
from copq.improvement.coq_report import COPQ, COQ, COSTS
from copq.ledger.arithmetic import MONEY, hours_of, quotient
from copq.pack.contents import PAGES, creation_date
from copq.pack.pages.process import EXTERNAL
from copq.pack.texts import words
from copq.periods.period import month_name
from copq.text.workbook import About, Chart, Formula, Sheet, cell_name, workbook

_MOST_BARS = 25
_HUNDRED = Decimal(100)


def pack_workbook(answer: PackAnswer) -> bytes:
    """The bytes of the file. Raises `ValueError` if a sheet has too many rows."""
    month = month_name(answer.query.month)
    title = f"Cost of poor quality, {answer.query.plant}, {month}"
    return workbook(pack_sheets(answer), About(title, creation_date(answer)))


def pack_sheets(answer: PackAnswer) -> list[Sheet]:
    return [
        _about(answer), _months(answer), _lines(answer), _change(answer), _problems(answer),
        _key_figures(answer), _conformance(answer), _external(answer), _projects(answer),
        _open(answer),
    ]  # fmt: skip


def _about(answer: PackAnswer) -> Sheet:
    signed = answer.signature
    rows: list[list[Any]] = [
        ["Plant", answer.query.plant], ["Month", month_name(answer.query.month)],
        ["Status", answer.status], ["Digest", signed.digest if signed else "not signed"],
        ["Currency", answer.currency], ["Figures as of", answer.at],
        ["Revision of the rate book", answer.revision],
        ["Entries of the plant that stand", answer.entries],
    ]  # fmt: skip
    rows += [[page.heading, page.message] for page in (make(answer) for make in PAGES)]
    return Sheet("Pack", ("What", "Value"), rows)


def _percent(amount: str, base: str, value: Decimal | None) -> Formula | None:
    return None if value is None else Formula(f"100*{amount}/{base}", value)


def _less(one: str, other: str, value: Decimal | None) -> Formula | None:
    return None if value is None else Formula(f"{one}-{other}", value)


def _column_sum(rows: int, column: int, values: Iterable[Decimal]) -> Formula:
    span = f"{cell_name(1, column)}:{cell_name(rows, column)}"
    return Formula(f"SUM({span})", sum(values, Decimal(0)))


_MONTHS = (
    "month", "state", "signed by", "digest", *(words(category) for category in COSTS), "COPQ",
    "CoQ", "cost of production", "COPQ %", "target %", "budget", "over budget", "as signed",
    "restated since", "COPQ % of twelve months", "units",
)  # fmt: skip


def _months(answer: PackAnswer) -> Sheet:
    rows = [_month(answer.months, number) for number in range(len(answer.months))]
    place = {name: number for number, name in enumerate(_MONTHS)}
    first = max(1, len(rows) - TRAILING + 1)
    costs = [place[words(category)] for category in COSTS]
    chart = Chart(
        f"Cost of quality, {answer.currency}, and COPQ %", (0, 0), costs, first, len(rows),
        line=(place["COPQ %"],),
    )  # fmt: skip
    return Sheet("Months", _MONTHS, rows, chart if rows else None)


def _month(months: Sequence[PackMonth], number: int) -> list[Any]:
    month, row = months[number], number + 1
    at = {name: cell_name(row, column) for column, name in enumerate(_MONTHS)}
    signed, is_known = month.signature, month.copq is not None
    failures = [at[words(category)] for category in COSTS[2:]]
    conformance = [at[words(category)] for category in COSTS[:2]]
    over = None if month.budget is None or month.copq is None else month.copq - month.budget
    return [
        month_name(month.month), signed.state if signed else "open",
        signed.closed_by if signed else None, signed.digest if signed else None,
        *(month.amount(category) for category in COSTS),
        Formula("+".join(failures), month.copq) if is_known else None,
        Formula("+".join([*conformance, at["COPQ"]]), month.amount(COQ)) if is_known else None,
        month.base, _percent(at["COPQ"], at["cost of production"], month.percent),
        None if month.target is None else month.target * _HUNDRED, month.budget,
        _less(at["COPQ"], at["budget"], over), signed.copq if signed else None,
        _less(at["COPQ"], at["as signed"], month.restated_since),
        _twelve(months, number), month.rows[COPQ].units,
    ]  # fmt: skip


def _twelve(months: Sequence[PackMonth], number: int) -> Formula | None:
    """The percentage of up to twelve months: the sum of costs over the sum of bases."""
    begins = back(months[number].month, TRAILING - 1)
    of = [one for one in months[: number + 1] if one.month >= begins]
    value = trailing(of).percent
    first, last = number + 2 - len(of), number + 1
    amount, base = (
        f"SUM({cell_name(first, column)}:{cell_name(last, column)})"
        for column in (_MONTHS.index("COPQ"), _MONTHS.index("cost of production"))
    )
    return _percent(amount, base, value)


def _lines(answer: PackAnswer) -> Sheet:
    columns = ("line", "COPQ", "cost of production", "COPQ %", "units", "month before", "change")
    of = [
        row
        for row in answer.by_line.each_row()
        if row.figure == COPQ and row.cut.currency == answer.currency and row.amount is not None
    ]
    of.sort(key=lambda row: (-(row.amount or 0), row.cut.values))
    rows: list[list[Any]] = []
    for number, row in enumerate(of, 1):
        at = [cell_name(number, column) for column in range(len(columns))]
        rows.append([
            row.cut.values[0] or "no line", row.amount, row.base_amount,
            _percent(at[1], at[2], row.percentage.value), row.units, row.previous,
            _less(at[1], at[5], row.change.amount),
        ])  # fmt: skip
    if of:
        amount = sum((row.amount or Decimal(0) for row in of), Decimal(0))
        base = sum((row.base_amount or Decimal(0) for row in of), Decimal(0))
        at = [cell_name(len(of) + 1, column) for column in range(len(columns))]
        share = quotient(MONEY.multiply(amount, _HUNDRED), base) if base else None
        rows.append([
            "all lines", _column_sum(len(of), 1, (row.amount or Decimal(0) for row in of)),
            _column_sum(len(of), 2, (row.base_amount or Decimal(0) for row in of)),
            _percent(at[1], at[2], share),
        ])  # fmt: skip
    return Sheet("Lines", columns, rows, _bars("COPQ by line", len(of)))


def _bars(title: str, rows: int) -> Chart | None:
    return Chart(title, (0, 0), (1,), 1, min(rows, _MOST_BARS), "bar") if rows else None


def _change(answer: PackAnswer) -> Sheet:
    columns = ("part", "change", "before", "expected", "after", "p", "kind")
    why = answer.why
    if not isinstance(why, WhyAnswer):
        return Sheet("Change", ("why there is none",), [[why]])
    rows: list[list[Any]] = []
    for change in why.changes:
        if change.currency != answer.currency:
            continue
        rows = [
            [part.cause or words(part.kind), part.change, part.before, part.expected, part.after,
             part.p_value, part.kind]
            for part in change.parts
        ]  # fmt: skip
        total = _column_sum(len(rows), 1, (part.change for part in change.parts))
        rows.append(["all of it", total, change.before, change.expected, change.after])
    return Sheet("Change", columns, rows)


def _problems(answer: PackAnswer) -> Sheet:
    columns = ("problem", "cost", "share %", "cumulative %", "function", "hours", "entries")
    losses = answer.losses.get(answer.currency)
    ranked = losses.ranked if losses else []
    rows: list[list[Any]] = []
    span = f"$B$2:$B${len(ranked) + 1}"
    for number, one in enumerate(ranked, 1):
        cost, share = cell_name(number, 1), cell_name(number, 2)
        before = "" if number == 1 else f"{cell_name(number - 1, 3)}+"
        rows.append([
            one.problem.problem, one.problem.cost,
            Formula(f"100*{cost}/SUM({span})", one.share * 100),
            Formula(f"{before}{share}", one.cumulative_share * 100), one.problem.function,
            one.problem.hours, one.problem.frequency,
        ])  # fmt: skip
    return Sheet("Problems", columns, rows, _bars("Problems by cost", len(ranked)))


_KPIS = ("oee", "availability", "effectiveness", "quality", "first_pass_yield", "scrap_ratio",
         "rework_ratio")  # fmt: skip


def _key_figures(answer: PackAnswer) -> Sheet:
    columns = ("of", *map(words, _KPIS), "produced", "scrapped", "reworked", "scrapped / produced",
               "stopped, h", "planned, h", "mean time to repair, s")  # fmt: skip
    of = answer.kpis
    named = [(row.dims.get("line") or "no line", row) for row in of.month.rows]
    totals = (("plant", of.month.total), ("month before", of.before.total),
              ("year ago", of.year_ago.total))  # fmt: skip
    named += [(name, row) for name, row in totals if row is not None]
    rows = []
    for number, (name, row) in enumerate(named, 1):
        made, scrapped = (cell_name(number, len(_KPIS) + n) for n in (1, 2))
        value = row.scrap_ratio
        rows.append([
            name, *(getattr(row, kpi) for kpi in _KPIS), row.units.produced, row.units.scrapped,
            row.units.reworked, None if value is None else Formula(f"{scrapped}/{made}", value),
            hours_of(row.time.stopped), hours_of(row.time.planned), row.mean_time_to_repair,
        ])  # fmt: skip
    return Sheet("Key figures", columns, rows)


def _conformance(answer: PackAnswer) -> Sheet:
    columns = ("month", "units", "good", "level", "conformance", "failure", "total",
               "total a unit", "is lowest", "why it is left out")  # fmt: skip
    rows = []
    of = [row for row in answer.conformance.rows if row.figures.currency == answer.currency]
    for number, row in enumerate(of, 1):
        at = [cell_name(number, column) for column in range(len(columns))]
        shown, point = row.as_json(), row.point
        total = shown["total"]
        rows.append([
            month_name(row.month), row.figures.units, row.figures.good,
            Formula(f"{at[2]}/{at[1]}", point.level) if point else None,
            shown["conformance"], shown["failure"],
            None if total is None else Formula(f"{at[4]}+{at[5]}", total),
            Formula(f"{at[6]}/{at[1]}", point.total) if point else None,
            "yes" if row.is_lowest else None, row.reason,
        ])  # fmt: skip
    return Sheet("Conformance", columns, rows)


def _external(answer: PackAnswer) -> Sheet:
    """Warranty, returns and complaints by month."""
    known: dict[tuple[Any, str], Decimal] = {
        (row.bucket, row.dims["element"]): row.net
        for row in answer.elements
        if row.currency == answer.currency
    }
    months: list[date] = [
        back(answer.query.month, TRAILING - 1 - number) for number in range(TRAILING)
    ]
    columns = ("month", *map(words, EXTERNAL), "external failure")
    rows = []
    for number, month in enumerate(months, 1):
        values = [known.get((month, element), Decimal(0)) for element in EXTERNAL]
        span = f"{cell_name(number, 1)}:{cell_name(number, len(EXTERNAL))}"
        total = Formula(f"SUM({span})", sum(values, Decimal(0)))
        rows.append([month_name(month), *values, total])
    chart = Chart(
        f"External failure, {answer.currency}", (0, 0), range(1, len(EXTERNAL) + 1), 1, TRAILING
    )
    return Sheet("External failure", columns, rows, chart)


_SAVINGS = ("promised", "claimed", "validated", "in_budget", "realised", "invested", "roi",
            "run_rate")  # fmt: skip


def _projects(answer: PackAnswer) -> Sheet:
    columns = ("project", *map(words, _SAVINGS), "validated %", "currency", "state", "owner",
               "sponsor", "lasts", "waits since")  # fmt: skip
    rows = []
    for number, row in enumerate(answer.portfolio.all_rows, 1):
        shown = row.as_json()
        promised, validated = cell_name(number, 1), cell_name(number, 3)
        rate = shown["realisation_rate"]
        rows.append([
            shown["project"], *(shown[name] for name in _SAVINGS),
            _percent(validated, promised, None if rate is None else rate * 100),
            *(shown[name] for name in ("currency", "state", "owner", "sponsor", "status")),
            shown["waits_since"],
        ])  # fmt: skip
    return Sheet("Projects", columns, rows)


def _open(answer: PackAnswer) -> Sheet:
    """What waits, and the steps of the month: the pages have them as tables."""
    tables = [table for make in PAGES[-2:] for table in make(answer).tables]
    rows: list[list[Any]] = []
    for table in tables:
        rows += [[table.title], list(table.columns), *map(list, table.rows), []]
    width = max((len(row) for row in rows), default=1)
    return Sheet("Open and signed", [""] * width, rows)
