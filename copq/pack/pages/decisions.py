"""Projects with their savings, what waits for a decision, and what the pack stands on."""

from collections.abc import Sequence

from copq.figures.pack import PackAnswer
from copq.figures.portfolio_rows import PortfolioFigures, PortfolioRow
from copq.ledger.money import fixed
from copq.pack.page import Chart, Page, Table
from copq.pack.texts import NONE, Money, count, month_words, name_text, share, words
from copq.periods.period import month_name
from copq.text.counts import count_of

_PROJECTS = 14


def projects_page(answer: PackAnswer) -> Page:
    """Savings as promised, claimed by owners, and validated by finance."""
    found = answer.portfolio
    again = f"copq projects portfolio --plant {answer.query.quoted}"
    heading = "What do the improvement projects save?"
    totals = [one for one in found.totals if one.by == "all"]
    if not found.all_rows:
        why = "" if answer.is_whole else " that a reader of some lines may see"
        return Page(heading, f"There are no projects{why}.", "a", again=again)
    amounts = [row.figures.counted.promised for row in found.all_rows]
    money = Money.of(answer.currency, amounts)
    message = " ".join(
        f"Of {money.text(one.figures.counted.promised)} {one.currency} promised, finance has "
        f"validated {money.text(one.figures.counted.validated)}"
        f" ({share(one.figures.counted.realisation_rate)})."
        for one in totals
    )
    rows = [_project(row, money) for row in found.all_rows[:_PROJECTS]]
    rows += [
        ["All projects", "", "", one.currency, *_sums(one.figures, money), "", NONE]
        for one in totals
    ]
    columns = ("Project", "Owner", "State", "Currency", "Promised", "Realised", "Claimed",
               "Validated", "In budget", "Invested", "ROI", "Run rate", "Lasts",
               "Waits since")  # fmt: skip
    table = Table("Projects until the end of the month", columns, rows, left=4,
                  strong=tuple(range(len(found.all_rows[:_PROJECTS]), len(rows))))  # fmt: skip
    notes = [f"The first {_PROJECTS} of {len(found.all_rows)} projects; the workbook has all."]
    return Page(
        heading, message, "a", _savings_bars(answer, money), [table],
        [*(notes if len(found.all_rows) > _PROJECTS else []), found.query.basis], again,
    )  # fmt: skip


def _project(row: PortfolioRow, money: Money) -> list[str]:
    project, figures, verdict = row.facts.project, row.figures, row.facts.verdict
    since = figures.waits_since
    return [
        name_text(project.name), name_text(project.owner), str(project.state),
        project.plan.currency, *_sums(figures, money), verdict.status if verdict else NONE,
        f"{since:%Y-%m-%d}" if since else NONE,
    ]  # fmt: skip


def _sums(figures: PortfolioFigures, money: Money) -> list[str]:
    values = figures.as_json()
    names = ("promised", "realised", "claimed", "validated", "in_budget", "invested")
    roi = values["roi"]
    return [
        *(money.text(values[name]) for name in names),
        NONE if roi is None else share(roi), money.text(values["run_rate"]),
    ]  # fmt: skip


def _savings_bars(answer: PackAnswer, money: Money) -> Chart | None:
    totals = [one for one in answer.portfolio.totals
              if one.by == "all" and one.currency == answer.currency]  # fmt: skip
    if not totals:
        return None
    sums = totals[0].figures.counted
    rows = [
        {"name": name, "value": max(float(amount), 0.0), "text": money.text(amount)}
        for name, amount in (
            ("promised", sums.promised), ("claimed", sums.claimed), ("validated", sums.validated),
            ("in budget", sums.in_budget),
        )
    ]  # fmt: skip
    spoken = "; ".join(f"{row['name']}: {row['text']}" for row in rows)
    return Chart("bars", f"Savings until the end of the month, {answer.currency}",
                 f"Bars. {spoken}.", {"rows": rows})  # fmt: skip


def waiting_page(answer: PackAnswer) -> Page:
    """What the figures do not include yet, and what somebody has to decide."""
    waits, plant = answer.waits, answer.query.quoted
    open_months = ", ".join(map(month_name, waits.not_closed[:6]))
    more = f" and {len(waits.not_closed) - 6} more" if len(waits.not_closed) > 6 else ""
    unknown = [row for row in answer.portfolio.all_rows if row.figures.waits_since]
    fading = [row for row in answer.portfolio.all_rows
              if row.facts.verdict and row.facts.verdict.status in ("eroding", "lost")]  # fmt: skip
    rejected = NONE if waits.rejected is None else count(waits.rejected)
    over = answer.month is not None and _is_over(answer)
    rows = [
        ["Events without a price", _worth(answer), "copq unpriced", count(waits.unpriced.events)],
        ["Corrections that wait for their event", "", "copq unpriced",
         count(waits.counts.corrections)],
        ["Stops that are still open", "they count until now", "copq unpriced",
         count(waits.counts.open_stops)],
        ["Rejected events, of all plants", "", "copq rejected list", rejected],
        ["Entries of the month without an exchange rate", waits.unfinished.rates_of,
         "copq currencies list", count(waits.unfinished.rates)],
        ["Months that are not signed", f"{open_months}{more}",
         f"copq periods list --plant {plant}", count(len(waits.not_closed))],
        ["Projects with claims that wait for finance", _names(unknown),
         f"copq projects portfolio --plant {plant}", count(len(unknown))],
        ["Projects whose saving erodes or is lost", _names(fading),
         f"copq projects portfolio --plant {plant}", count(len(fading))],
        ["Month over its target", _target(answer), "copq targets list", "yes" if over else "no"],
    ]  # fmt: skip
    number = sum(row[-1] not in ("0", "no", NONE) for row in rows)
    message = f"{count_of(number, 'kind of item waits', 'kinds of items wait')} for somebody."
    tables = [Table("What waits", ("What", "Which", "See", "How many"), rows, left=3)]
    if waits.unpriced.groups:
        tables.append(_unpriced(answer))
    return Page("What is open?", message if number else "Nothing waits.", tables=tables)


def _names(rows: Sequence[PortfolioRow]) -> str:
    more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
    return ", ".join(name_text(row.facts.project.name) for row in rows[:4]) + more


def _is_over(answer: PackAnswer) -> bool:
    month = answer.month
    known = month is not None and month.percent is not None and month.target is not None
    return known and month.percent > month.target * 100  # type: ignore[union-attr,operator]


def _target(answer: PackAnswer) -> str:
    month = answer.month
    if month is None or month.target is None:
        return "no target is set"
    return f"target {fixed(month.target * 100, 2)} %"


def _worth(answer: PackAnswer) -> str:
    unpriced = answer.waits.unpriced
    known = [f"about {fixed(worth, 0)} {currency}" for currency, worth in unpriced.worth.items()]
    if unpriced.unknown:
        known.append(f"{unpriced.unknown} of unknown worth")
    return ", ".join(known)


def _unpriced(answer: PackAnswer) -> Table:
    groups = answer.waits.unpriced.groups
    rows = [
        [name_text(one.line), name_text(one.product or NONE), words(one.event_type),
         name_text(one.reason, 240), count(one.events)]
        for one in groups
    ]  # fmt: skip
    return Table("Events without a price: the largest groups",
                 ("Line", "Product", "Event", "Why", "Events"), rows, left=4)  # fmt: skip


def signing_page(answer: PackAnswer) -> Page:
    """Who signed what, what the pack stands on, and what it does not hold."""
    query, signed = answer.query, answer.signature
    steps = [
        [str(step.step), str(step.what), f"{step.at.astimezone(answer.zone):%Y-%m-%d %H:%M %Z}",
         name_text(step.by), name_text(step.why, 240), step.digest or NONE]
        for step in answer.steps
    ]  # fmt: skip
    facts = [
        ["Figures as of", f"{answer.at.astimezone(answer.zone):%Y-%m-%d %H:%M %Z}"],
        ["Rate book", f"revision {answer.revision}"],
        ["Ledger", f"{count_of(answer.entries, 'entry', 'entries')} of the plant stand"],
        ["Signed digest", signed.digest if signed and answer.is_whole else "not signed"],
    ]
    tables = [Table("What the pack stands on", ("What", "Value"), facts, left=2)]
    if steps:
        columns = ("Step", "What", "When", "Who", "Why", "Digest of the signed figures")
        tables.append(Table(f"Steps of {month_words(query.month)}", columns, steps, left=6))
    tables.append(Table("Inputs of IATF 16949, 9.3.2.1", ("", "Input", "Where"), _INPUTS, left=3))
    return Page(
        "Who signed it, and what does it not hold?", answer.status, tables=tables,
        notes=["COPQ is an estimate at standard rates, for finance to reconcile. Each figure opens "
               "down to the entries of the ledger: copq entries, copq explain."],
        again=f"copq periods show {query.quoted} {month_name(query.month)}",
    )  # fmt: skip


_ELSEWHERE = "not in this pack: add it"
_INPUTS = (
    ("a", "cost of poor quality (internal and external nonconformance)", "pages marked a"),
    ("b", "measures of process effectiveness", "page marked b"),
    ("c", "measures of process efficiency for product realisation", "page marked c"),
    ("d", "product conformance", "pages marked d"),
    ("e", "feasibility of manufacturing for changed or new operations and products", _ELSEWHERE),
    ("f", "customer satisfaction", _ELSEWHERE),
    ("g", "performance against maintenance objectives", "time to repair and stops; the objectives "
     "are not in this pack"),
    ("h", "warranty performance", "its cost, on the page marked h"),
    ("i", "customer scorecards", _ELSEWHERE),
    ("j", "potential field failures from risk analysis (such as FMEA)", _ELSEWHERE),
    ("k", "actual field failures, and their impact on safety or the environment",
     "their cost, on the page marked k; their impact is not in this pack"),
)  # fmt: skip

NOT_HELD = tuple((letter, name) for letter, name, where in _INPUTS if where == _ELSEWHERE)
"""The inputs that a review needs from elsewhere."""
