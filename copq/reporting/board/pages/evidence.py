"""Whether a saving is proven and lasts, on the page of a project: figures, words and charts."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from math import log
from typing import Any
from urllib.parse import quote

from copq.figures.evidence_answer import PARTS, Evidence, EvidenceAnswer
from copq.figures.evidence_words import (
    ASSUMES,
    METHODS,
    PART_NAMES,
    demonstrated_words,
    percent_of,
    verdict_figures,
)
from copq.reporting.board.pages.cells import Cell, Row, Table, exact_text

Week = tuple[date, Decimal]
WEEK, WHOLE = 7, 5
"""Days of a week, and from how many on the last one counts."""

LEAST, MOST = -3.0, 6.0
"""Powers of ten at which the chart of the evidence is cut."""


def evidence_part(found: EvidenceAnswer) -> dict[str, Any]:
    """The values of the template; without a verdict, the reason."""
    of, currency = found.evidence, found.project.plan.currency
    if of is None:
        return {"verdict": None, "reason": found.reason}
    address = "/v1/projects/{}/{}/evidence".format(
        *(quote(name, safe="") for name in (found.project.plant, found.project.name))
    )
    titles = {name: PART_NAMES[name][:1].upper() + PART_NAMES[name][1:] for name in PARTS}
    return {
        "verdict": of.verdict, "until": of.until, "figures": _figures(of.verdict, currency),
        "computed_at": f"{of.computed_at:%Y-%m-%d %H:%M %Z}",
        "json": address, "csv": f"{address}?format=csv", "charts": list(_charts(found, of)),
        "parts": [{"name": name, "title": titles[name], "words": of.parts[name]["words"]}
                  for name in PARTS],
        "assumes": [{"name": name, "title": titles.get(name, "The verdict"), "assumes": text}
                    for name, text in ASSUMES.items()],
        "forecast": _forecast(of.parts["forecast"], currency),
        "placebos": _placebos(of.parts["placebo"]), "methods": METHODS,
    }  # fmt: skip


def _figures(verdict: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    if verdict["saving"] is None:
        return verdict_figures(verdict)
    saving, low, high = (
        exact_text(Decimal(verdict[name]), currency)
        for name in ("saving", "saving_low", "saving_high")
    )
    return [
        ("saving since the start", f"{saving} {currency}, {percent_of(verdict['share'])}"),
        ("90 % interval", f"{low} to {high} {currency}"),
        ("demonstrated", demonstrated_words(verdict)), *verdict_figures(verdict),
    ]  # fmt: skip


def _forecast(part: Mapping[str, Any], currency: str) -> Table | None:
    if part["reason"] is not None:
        return None
    rows = [
        Row(Cell(f"{one['first']} to {one['last']}"),
            [Cell(exact_text(Decimal(one[name]), currency))
             for name in ("expected", "saving", "low", "high")])
        for one in part["months"]
    ]  # fmt: skip
    columns = ("Expected losses", "Saving", "90 % from", "to")
    return Table(f"Forecast of the saving, {currency}", "Days", columns, rows)


def _placebos(part: Mapping[str, Any]) -> Table | None:
    """The scopes that fell most, and the project's own."""
    if part["reason"] is not None:
        return None
    own = {"name": "the project", "fell": part["fell"], "errors": part["errors"]}
    ranked = sorted([own, *part["others"]], key=lambda one: -Decimal(one["errors"]))
    rows = [
        Row(
            Cell(one["name"]),
            [Cell(percent_of(one["fell"])), Cell(f"{Decimal(one['errors']):.1f}")],
            "sum" if one is own else "",
        )
        for one in ranked
    ]  # fmt: skip
    note = f"As booked, by units; compared on {part['day']}. The larger, the surer losses fell."
    return Table("Scopes without a project", "Scope", ("Fell by", "Standard errors"), rows, note)


def _charts(found: EvidenceAnswer, of: Evidence) -> Iterator[dict[str, Any]]:
    starts = found.project.plan.starts
    marks = [{"at": _second(starts), "name": "start"}]
    if of.verdict["alarm_on"]:
        alarm = date.fromisoformat(of.verdict["alarm_on"])
        marks.append({"at": _second(alarm), "name": "alarm"})
    yield {
        "name": "weeks", "title": "Losses by week, % of what the baseline lets expect",
        "plot": _weeks_plot(of, starts, marks),
        "label": "Losses by week with the levels and the forecast; the CSV has the days",
        "note": "Band: nine of ten weeks of the baseline lie in it. The forecast has its 90 % "
        "interval.",
    }  # fmt: skip
    days = [one for one in of.days if one["log_evidence"] is not None]
    if days:
        yield {
            "name": "evidence", "title": "Evidence after each day: odds that losses fell",
            "plot": _evidence_plot(days, marks[1:]),
            "label": "The e-value after each day; the CSV has its logarithm",
            "note": "Proven once it has exceeded 100 : 1, however often it is looked at. Cut at a "
            "million : 1.",
        }  # fmt: skip
    averaged = [one for one in of.days if one["moving_average"] is not None]
    if averaged:
        limits = of.parts["average"]
        yield {
            "name": "average", "title": "Moving average of the days since the start, %",
            "plot": {
                "kind": "series", "unit": "%", "marks": marks[1:], "lines": [],
                "band": [_percent(limits["low"]), _percent(limits["high"])],
                "steps": [_second(one["day"]) for one in averaged],
                "series": [{"name": "Moving average",
                            "values": [_percent(one["moving_average"]) for one in averaged]}],
            },
            "label": "The moving average of losses per expectation; the CSV has it by day",
            "note": "Band: the control limits of the baseline (EWMA).",
        }  # fmt: skip


def _weeks_plot(of: Evidence, starts: date, marks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Weeks, the level that each belongs to, and the months of the forecast after them."""
    weeks, months = _weeks(of.days, starts), of.parts["forecast"].get("months") or []
    coming = [date.fromisoformat(one["first"]) for one in months]
    gap: list[str | None] = [None] * len(coming)
    before: list[str | None] = [None] * max(len(weeks) - 1, 0)
    ahead = {name: [*before, *_ahead(months, name, weeks)] for name in ("saving", "low", "high")}
    band = of.band and [_percent(of.band["low"]), _percent(of.band["high"])]
    return {
        "kind": "series", "unit": "%", "marks": marks, "lines": [], "band": band,
        "steps": [_second(day) for day in [*(day for day, _ in weeks), *coming]],
        "between": [4, 3] if coming else None,
        "series": [
            {"name": "Week", "values": [*(_percent(level) for _, level in weeks), *gap]},
            {"name": "Level", "stepped": True,
             "values": [*_levels(of.parts["levels"], weeks), *gap]},
            *([{"name": "Forecast", "values": ahead["saving"]},
               {"name": "90 % from", "values": ahead["high"]},
               {"name": "to", "values": ahead["low"]}] if coming else []),
        ],
    }  # fmt: skip


def _ahead(
    months: Sequence[Mapping[str, Any]], name: str, weeks: Sequence[Week]
) -> Iterator[str | None]:
    """The level that each coming month has, from that of the last week on."""
    if weeks:
        yield _percent(weeks[-1][1])
    for one in months:
        due = Decimal(one["expected"])
        yield _percent(1 - Decimal(one[name]) / due) if due else None


def _levels(part: Mapping[str, Any], weeks: Sequence[Week]) -> list[str | None]:
    periods = part.get("periods") or []
    found: list[str | None] = []
    for day, _ in weeks:
        known = [one for one in periods if date.fromisoformat(one["first"]) <= day]
        found.append(_percent(known[-1]["level"]) if known else None)
    return found


def _weeks(days: Sequence[Mapping[str, Any]], starts: date) -> list[Week]:
    """The level of each week of seven days from the start on, and before it; the last one only if
    it is about whole."""
    lost: dict[int, Decimal] = defaultdict(Decimal)
    due: dict[int, Decimal] = defaultdict(Decimal)
    for one in days:
        number = (one["day"] - starts).days // WEEK
        lost[number] += one["lost"]
        due[number] += one["expected"]
    if days and (days[-1]["day"] - starts).days % WEEK + 1 < WHOLE:
        lost.pop((days[-1]["day"] - starts).days // WEEK)
    return [
        (date.fromordinal(starts.toordinal() + WEEK * number), lost[number] / due[number])
        for number in sorted(lost)
        if due[number]
    ]


def _evidence_plot(
    days: Sequence[Mapping[str, Any]], marks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    powers = (float(one["log_evidence"]) / log(10) for one in days)
    return {
        "kind": "series", "unit": "odds", "marks": marks, "band": None,
        "lines": [{"at": 2, "name": "100 : 1"}], "steps": [_second(one["day"]) for one in days],
        "series": [{"name": "e-value",
                    "values": [f"{min(max(power, LEAST), MOST):.3f}" for power in powers]}],
    }  # fmt: skip


def _second(day: date) -> int:
    """Since 1970, of the day's midnight in UTC: charts know no other zone."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _percent(share: Any) -> str | None:
    return None if share is None else f"{Decimal(share) * 100:.2f}"
