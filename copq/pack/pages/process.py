"""Process effectiveness and efficiency, conformance of the product, and warranty."""

from collections.abc import Sequence
from decimal import Decimal

from copq.figures.conformance_answer import optimum_text
from copq.figures.kpi_report import KpiRow, missing_reasons
from copq.figures.pack import PackAnswer
from copq.figures.pack_months import TRAILING
from copq.figures.pack_request import back
from copq.ledger.figures import ReportRow
from copq.pack.page import Chart, Page, Table
from copq.pack.texts import NONE, Money, count, month_label, name_text, percent, share, words
from copq.periods.period import month_name
from copq.schemas.priced import CATEGORIES, Category

_LINES = 16
_RATIOS = {
    "oee": "OEE", "availability": "Availability", "effectiveness": "Effectiveness",
    "quality": "Quality", "first_pass_yield": "First pass yield", "scrap_ratio": "Scrap",
    "rework_ratio": "Rework",
}  # fmt: skip
EXTERNAL = tuple(
    element for element, category in CATEGORIES.items() if category is Category.EXTERNAL_FAILURE
)


def process_page(answer: PackAnswer) -> Page:
    of = answer.kpis.month
    query = answer.query
    again = f"copq kpis --plant {query.quoted} --by line --from {query.month} --to {query.end}"
    rows = of.rows[:_LINES]
    table = [[name_text(row.dims.get("line") or NONE), *_figures(row)] for row in rows]
    totals = (("Plant", of.total), ("Month before", answer.kpis.before.total),
              ("Year ago", answer.kpis.year_ago.total))  # fmt: skip
    table += [[name, *_figures(row)] for name, row in totals if row is not None]
    columns = ("Line", *_RATIOS.values(), "MTTR, min", "Produced", "Stopped, h")
    notes = list(missing_reasons(([of.total] if of.total else []) + rows))[:4]
    notes.append("By ISO 22400-2. Ratios are of sums, never a mean of ratios.")
    return Page(
        "Are the processes effective and efficient?", _process_message(of.total), "b, c, d, g",
        _ratio_bars(rows),
        [Table("Key figures of the month", columns, table,
               strong=tuple(range(len(rows), len(table))))],
        notes, again,
    )  # fmt: skip


def _process_message(total: KpiRow | None) -> str:
    if total is None:
        return "Nothing was produced and nothing stopped in this month."
    known = [
        f"{_RATIOS[name]} {share(value)}"
        for name in ("oee", "availability", "effectiveness", "quality", "first_pass_yield")
        if (value := getattr(total, name)) is not None
    ]
    return f"{', '.join(known)}." if known else "No key figure is known for this month."


def _figures(row: KpiRow) -> list[str]:
    repair = row.mean_time_to_repair
    return [
        *(share(getattr(row, name)) for name in _RATIOS),
        NONE if repair is None else count(Decimal(str(repair)) / 60),
        count(row.units.produced),
        NONE if row.of_product else count(row.time.stopped / 3600),
    ]


def _ratio_bars(rows: Sequence[KpiRow]) -> Chart | None:
    """OEE of each line, else the first pass yield."""
    for name in ("oee", "first_pass_yield", "quality"):
        bars = [
            {"name": name_text(row.dims.get("line") or NONE), "value": float(value),
             "text": share(value)}
            for row in rows
            if (value := getattr(row, name)) is not None
        ]  # fmt: skip
        if bars:
            spoken = "; ".join(f"{bar['name']}: {bar['text']}" for bar in bars)
            return Chart("bars", f"{_RATIOS[name]} by line", f"Bars. {spoken}.",
                         {"rows": bars[:12], "most": 1})  # fmt: skip
    return None


def conformance_page(answer: PackAnswer) -> Page:
    """What is spent on conformance against what failures cost, at each level of conformance."""
    currency, query = answer.currency, answer.query
    rows = [row for row in answer.conformance.rows if row.figures.currency == currency]
    found = answer.conformance.optima.get(currency)
    money = Money(currency, 4)
    points = [
        {"x": float(row.point.level * 100), "y": float(row.point.total),
         "conformance": float(row.point.conformance), "failure": float(row.point.failure),
         "is_strong": row.month == query.month}
        for row in rows if row.point
    ]  # fmt: skip
    table = [
        [month_name(row.month), percent(row.point.level * 100) if row.point else NONE,
         *(money.text(getattr(row.point, name, None))
           for name in ("conformance", "failure", "total")),
         "lowest" if row.is_lowest else row.reason or ""]
        for row in rows[-TRAILING:]
    ]  # fmt: skip
    spoken = "; ".join(f"level {p['x']:.2f} %: {p['y']:.4f}" for p in points[-TRAILING:])
    chart = Chart(
        "scatter", f"Conformance and failure cost a unit, {currency}, by level of conformance",
        f"Points by month of conformance cost, failure cost and their total a unit. {spoken}.",
        {"points": points, "x": "level of conformance, %", "y": f"{currency} a unit"},
    )  # fmt: skip
    return Page(
        "Does prevention pay, and does the product conform?",
        optimum_text(currency, found) if found else "No month has units and costs.", "a, d",
        chart if points else None,
        [Table("The last twelve months, for each unit",
               ("Month", "Level", "Conformance", "Failure", "Total", ""), table)],
        ["Conformance is prevention and appraisal, failure is COPQ. The level is good units over "
         "units made."],
        f"copq conformance --plant {query.quoted} --from {month_name(query.first)}",
    )  # fmt: skip


def field_page(answer: PackAnswer) -> Page:
    """Warranty, returns and complaints: what failed at customers, over twelve months."""
    months = [back(answer.query.month, TRAILING - 1 - number) for number in range(TRAILING)]
    known = {
        (row.bucket, row.dims["element"]): row
        for row in answer.elements
        if row.currency == answer.currency and row.dims["element"] in EXTERNAL
    }
    elements = [e for e in EXTERNAL if any((month, e) in known for month in months)]
    money = Money.of(answer.currency, [row.net for row in known.values()])
    if not elements:
        return Page("What failed at customers?", "No warranty, return or complaint in twelve "
                    "months.", "h, k", again=_again(answer))  # fmt: skip
    values = {e: [_net(known.get((month, e))) for month in months] for e in elements}
    sums = [sum((values[e][n] for e in elements), Decimal(0)) for n in range(TRAILING)]
    spoken = "; ".join(
        f"{month_name(month)}: {money.text(total)}"
        for month, total in zip(months, sums, strict=True)
    )
    chart = Chart(
        "columns", f"External failure by month, {answer.currency}", f"Stacked columns. {spoken}.",
        {"labels": [month_label(month) for month in months],
         "series": [{"name": words(e), "values": list(map(float, values[e]))} for e in elements],
         "totals": list(map(money.text, sums)), "strong": TRAILING - 1},
    )  # fmt: skip
    rows = [
        [words(e), money.text(values[e][-1]), money.text(values[e][-2]),
         money.text(sum(values[e], Decimal(0)))]
        for e in elements
    ]  # fmt: skip
    rows.append(["External failure", money.text(sums[-1]), money.text(sums[-2]),
                 money.text(sum(sums, Decimal(0)))])  # fmt: skip
    message = (
        f"External failure cost {money.text(sums[-1])} {answer.currency} in this month and "
        f"{money.text(sum(sums, Decimal(0)))} in twelve months."
    )
    return Page(
        "What failed at customers?", message, "h, k", chart,
        [Table("External failure", ("Cost", "This month", "Month before", "Twelve months"), rows,
               strong=[len(rows) - 1])],
        ["The cost of field failures alone: their impact on safety and the environment is not "
         "recorded."],
        _again(answer),
    )  # fmt: skip


def _again(answer: PackAnswer) -> str:
    first = month_name(back(answer.query.month, TRAILING - 1))
    return f"copq report --plant {answer.query.quoted} --by element --grain month --from {first}-01"


def _net(row: ReportRow | None) -> Decimal:
    return row.net if row else Decimal(0)
