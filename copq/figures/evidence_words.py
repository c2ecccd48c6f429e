"""What each part of a project's evidence says and assumes, in plain words."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import exp
from typing import Any

from copq.text.counts import count_of

Part = Mapping[str, Any]
METHODS = "docs/statistics-of-savings.md"
"""The page that states methods, assumptions and measured error rates."""

_MOST_SHOWN = Decimal("13.8")
"""The logarithm of a million: larger odds are not read as numbers."""

PART_NAMES = {
    "regression": "step and slope", "placebo": "placebo scopes",
    "trend_before": "trend before the start", "trend": "trend since the start",
    "levels": "changes of level", "forecast": "forecast", "single": "single days (XmR)",
    "average": "moving average (EWMA)", "counts": "counts (u′)",
}  # fmt: skip

ASSUMES = {
    "verdict": "The mean of a week or more is about normal, and losses vary, relative to their "
    "level, as in the baseline; it may be looked at daily.",
    "regression": "Errors follow the three days before, and weekdays differ; there are no seasons. "
    "Its p-value is of one look, so it errs more often when it is read daily.",
    "placebo": "The other scopes are alike but for the project, and are compared as booked, by "
    "units. It is made again each week.",
    "trend_before": "At least 13 weeks; a season looks like a trend.",
    "trend": "At least 13 weeks; a season looks like a trend.",
    "levels": "A level lasts at least four weeks; a slow decay appears as steps.",
    "forecast": "Weeks go on as they did, and as much is made as in the last quarter; it knows no "
    "plan.",
    "single": "Single days against limits of the baseline; neighbouring days that resemble each "
    "other give more signals than the tests promise.",
    "average": "Each day counts a fifth in the moving average; its limits are of the baseline.",
    "counts": "Laney's u' chart of loss entries per unit, with limits of the baseline.",
}


def percent_of(share: Any) -> str:
    """A share as 12.3 %."""
    return f"{Decimal(str(share)) * 100:z.1f} %"


def chance(p_value: Any) -> str:
    value = Decimal(str(p_value))
    return "below 0.0001" if value < Decimal("0.0001") else f"{value:.4f}"


def e_value_words(log_evidence: Any) -> str:
    """How many times as likely the days are if losses fell: 1,234 : 1."""
    value = Decimal(str(log_evidence))
    if value > _MOST_SHOWN:
        return "more than a million : 1"
    return f"{exp(float(value)):,.{0 if value > 2 else 2}f} : 1"


def _interval(of: Part) -> str:
    return f"90 % interval {percent_of(of['low'])} to {percent_of(of['high'])}"


def _regression(of: Part) -> str:
    average, step, slope = of["average"], of["step"], of["slope"]
    text = (
        f"Since the start losses are {percent_of(average['value'])} lower on average "
        f"({_interval(average)}, p {chance(average['p_value'])}): a step of "
        f"{percent_of(step['value'])} at the start, and {percent_of(slope['value'])} more a year."
    )
    drift = of["drift_before"]
    if of["fell_before"]:
        return f"{text} Losses fell before the start already, by {percent_of(drift['value'])} a "\
            "year: a part of the saving would have come anyway."  # fmt: skip
    return f"{text} Before the start they did not fall ({_interval(drift)} a year)."


def _placebo(of: Part) -> str:
    scopes = count_of(of["scopes"], "scope without a project", "scopes without a project")
    text = (
        f"As booked, the project's losses fell by {percent_of(of['fell'])}. Of {scopes}, "
        f"{of['at_least_as_large']} fell as much in relation to how they vary: a share of "
        f"{percent_of(of['share'])} of all, the project among them."
    )
    return text if of["are_enough"] else f"{text} With fewer than 19 it cannot be as small as 5 %."


def _trend(of: Part) -> str:
    rises = "rise" if of["rises"] else "fall" if of["falls"] else "neither rise nor fall for sure"
    return (
        f"Losses {rises}: {percent_of(of['slope'])} of the expectation a year ({_interval(of)}, "
        f"p {chance(of['p_value'])})."
    )


def _levels(of: Part) -> str:
    levels = ", ".join(f"{one['first']}: {percent_of(one['level'])}" for one in of["periods"])
    return f"Levels of losses, in % of the baseline, from the day on: {levels}."


def _forecast(of: Part) -> str:
    if not of["months"]:
        return "No month is forecast."
    due = sum(Decimal(str(one["expected"])) for one in of["months"])
    saved = sum(Decimal(str(one["saving"])) for one in of["months"])
    months = count_of(len(of["months"]), "month", "months")
    share = percent_of(saved / due) if due else percent_of(0)
    return f"In the coming {months} {share} of the expected losses are saved, if it goes on so."


def _single(of: Part) -> str:
    if not of["signals"]:
        return "No day is unusual against the baseline."
    met = "; ".join(f"{one['says']}: {one['days']}" for one in of["signals"])
    return f"Days that meet a test of Nelson: {met}."


def _average(of: Part) -> str:
    return (
        f"Of {count_of(of['days'], 'day', 'days')} the moving average is below its limits on "
        f"{of['days_below']} and above them on {of['days_above']}."
    )


_WORDS: dict[str, Callable[[Part], str]] = {
    "regression": _regression, "placebo": _placebo, "trend_before": _trend, "trend": _trend,
    "levels": _levels, "forecast": _forecast, "single": _single, "average": _average,
    "counts": _single,
}  # fmt: skip


def words_of(name: str, part: Part) -> str:
    """What a part says, or why it is missing."""
    if part["reason"] is not None:
        reason = str(part["reason"])
        return f"Not known: {reason}."
    return _WORDS[name](part)


def demonstrated_words(verdict: Part) -> str:
    """Whether the saving is demonstrated (ASHRAE Guideline 14)."""
    yes = verdict["is_demonstrated"]
    return (
        f"{'yes' if yes else 'no'}: half the width of the 68 % interval is "
        f"{'at most' if yes else 'more than'} half of the saving"
    )


def verdict_figures(verdict: Part) -> list[tuple[str, str]]:
    """The figures of a verdict but for its money, as they are read."""
    proven, needed = verdict["proven_after"], verdict["days_needed"]
    late = verdict["share_of_late"]
    return [
        ("days tested", f"{verdict['days']} production days since the start"),
        ("e-value", f"{verdict['e_value']}; proven from 100 : 1 on, on any day"),
        ("proven", f"after {proven} production days, on {verdict['proven_on']}"
         if proven else "no"),
        ("usual time to prove it", f"{needed} production days for {percent_of(verdict['sought'])}"
         if needed else "not within five years: losses vary too much"),
        ("promise", verdict["promised"]),
        ("saved in the last quarter", "–" if late is None else percent_of(late)),
        ("alarm", f"losses rise again since {verdict['alarm_on']}"
         if verdict["alarm_on"] else "none"),
    ]  # fmt: skip
