"""What a pack shows: its cover and its pages, as texts and numbers that a template draws."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from copq.figures.pack import PackAnswer
from copq.figures.pack_months import PackMonth
from copq.improvement.coq_report import COPQ
from copq.pack.page import Page
from copq.pack.pages.change import change_page, problems_page
from copq.pack.pages.cost import cost_page, lines_page, trend_page
from copq.pack.pages.decisions import projects_page, signing_page, waiting_page
from copq.pack.pages.process import conformance_page, field_page, process_page
from copq.pack.texts import NONE, Money, month_words, name_text, percent, points
from copq.periods.period import month_name
from copq.text.counts import count_of


def creation_date(answer: PackAnswer) -> datetime:
    """When the month was signed, else the instant of its figures: never the clock."""
    signed = answer.signature
    at = max(answer.at, signed.closed_at) if signed else answer.at
    return at.replace(microsecond=0)


PAGES = (
    cost_page, trend_page, change_page, problems_page, lines_page, process_page,
    conformance_page, field_page, projects_page, waiting_page, signing_page,
)  # fmt: skip


def contents(answer: PackAnswer) -> dict[str, Any]:
    """The cover and the pages, for the template. `digest` is that of everything else."""
    found = {
        **_cover(answer),
        "pages": [page.as_json() for page in _pages(answer)],
    }
    text = json.dumps(found, sort_keys=True, default=list)
    return {**found, "digest": sha256(text.encode()).hexdigest()}


def _pages(answer: PackAnswer) -> list[Page]:
    return [make(answer) for make in PAGES]


def _cover(answer: PackAnswer) -> dict[str, Any]:
    signed = answer.signature
    at = answer.at.astimezone(answer.zone)
    return {
        "title": f"Cost of poor quality, {answer.query.plant}, {month_name(answer.query.month)}",
        "plant": name_text(answer.query.plant), "month": month_words(answer.query.month),
        "is_signed": signed is not None, "status": answer.status,
        "badge": f"SIGNED · {signed.digest[:12]}" if signed else "PROVISIONAL · not signed",
        "as_of": f"Figures as of {at:%Y-%m-%d %H:%M %Z}",
        "created": list(creation_date(answer).astimezone(UTC).timetuple()[:6]),
        "tiles": _tiles(answer),
    }  # fmt: skip


def _tiles(answer: PackAnswer) -> list[dict[str, str]]:
    month, currency = answer.month, answer.currency
    if month is None:
        nothing = {"name": "COPQ", "value": NONE, "note": "nothing is booked in this month",
                   "tone": ""}  # fmt: skip
        return [nothing]
    money = Money.of(currency, [month.copq])
    return [
        _copq_tile(month, money), _share_tile(month), _trailing_tile(answer),
        _savings_tile(answer), _waiting_tile(answer),
    ]  # fmt: skip


def _copq_tile(month: PackMonth, money: Money) -> dict[str, str]:
    row = month.rows[COPQ]
    note = f"{money.signed(row.change.amount)} on the month before"
    if month.signature is not None:
        note += f"; signed at {money.text(month.signature.copq)}"
    name = f"COPQ, {money.currency}"
    return {"name": name, "value": money.text(month.copq), "note": note, "tone": ""}


def _share_tile(month: PackMonth) -> dict[str, str]:
    name = "COPQ of the cost of production"
    if month.percent is None:
        reason = month.rows[COPQ].percentage.reason or ""
        return {"name": name, "value": NONE, "note": reason, "tone": ""}
    if month.target is None:
        return {"name": name, "value": percent(month.percent), "note": "no target is set",
                "tone": ""}  # fmt: skip
    target = month.target * 100
    over = month.percent > target
    where = "over" if over else "within"
    return {
        "name": name, "value": percent(month.percent),
        "note": f"{where} the target of {percent(target)}", "tone": "over" if over else "within",
    }  # fmt: skip


def _trailing_tile(answer: PackAnswer) -> dict[str, str]:
    now, before = answer.trailing, answer.trailing_before
    note = f"{points(now.percent, before.percent)} on the {count_of(before.months, 'month')} before"
    if not before.months:
        note = "no earlier year to compare with"
    name = f"COPQ over {count_of(now.months, 'month')}"
    return {"name": name, "value": percent(now.percent), "note": note, "tone": ""}


def _savings_tile(answer: PackAnswer) -> dict[str, str]:
    of = [one for one in answer.portfolio.totals if one.by == "all"]
    own = [one for one in of if one.currency == answer.currency] or of
    if not own:
        return {"name": "Validated savings", "value": NONE, "note": "no projects", "tone": ""}
    sums, money = (
        own[0].figures.counted,
        Money.of(own[0].currency, [own[0].figures.counted.promised]),
    )
    note = f"of {money.text(sums.promised)} promised so far"
    return {"name": f"Validated savings, {own[0].currency}", "value": money.text(sums.validated),
            "note": note, "tone": ""}  # fmt: skip


def _waiting_tile(answer: PackAnswer) -> dict[str, str]:
    waits = answer.waits
    number = Decimal(waits.unpriced.events + waits.counts.corrections)
    note = "events without a price and corrections that are not in the figures"
    return {"name": "Not in the figures", "value": f"{number:,}", "note": note,
            "tone": "over" if number else "within"}  # fmt: skip
