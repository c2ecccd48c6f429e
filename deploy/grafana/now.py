"""COPQ now: for the plant manager, every morning and at a glance."""

from typing import Any

from deploy.grafana.panels import (
    COUNT,
    CURRENCY,
    MONEY,
    OF_TARGET,
    PLANT,
    SECONDS,
    SHARE,
    beside,
    board,
    course,
    one,
)

OF = 'scope="plant",plant=~"$plant",currency="$currency"'
LINES = 'scope="line",plant=~"$plant",currency="$currency"'
ESTIMATE = "An estimate at standard rates, until finance reconciles it."
LINE_BOARD = (
    "The line, and the events behind it",
    "/d/copq-line?var-plant=${__data.fields.plant}&var-line=${__data.fields.line}"
    "&var-currency=${currency}",
)


def cost(window: str) -> str:
    return f'sum(copq_failure_cost{{{OF},window="{window}"}})'


def share(window: str) -> str:
    base = f'sum(copq_base{{plant=~"$plant",currency="$currency",window="{window}"}})'
    return f"{cost(window)} / {base}"


def now() -> Any:
    panels = [
        one("COPQ, last hour", cost("1h"), MONEY, ESTIMATE),
        one("Over cost of production, last hour", share("1h"), SHARE, "Sum over sum."),
        one("Against target, last hour",
            f'max(copq:ratio:of_target{{{OF},window="1h"}} or copq:ratio:of_target{{{LINES},window="1h"}})',
            SHARE, "The plant's ratio over its target; 100 % is just at it.", OF_TARGET),
        one("Today", cost("day"), MONEY, "Since the production day began. " + ESTIMATE),
        one("Yesterday", cost("last_day"), MONEY, "The last full production day."),
        one("This month", cost("month"), MONEY, ESTIMATE),
        one("Alerts", 'count(ALERTS{alertname=~"Copq.*",alertstate="firing"}) or vector(0)', COUNT,
            "Alerts that fire now."),
        one("Budget of the month spent",
            'max(copq:budget:spent{plant=~"$plant",line=""})', SHARE,
            "COPQ of the month over its budget.", OF_TARGET),
        one("Age of the figures", "time() - max(copq_figures_timestamp_seconds)", SECONDS,
            "Over a minute old, they vanish."),
        beside(
            "Lines", "Worst against target first. A click opens the line.",
            (f'copq:ratio:of_target{{{LINES},window="1h"}}', "of target, last hour"),
            (f'copq_ratio{{{LINES},window="1h"}}', "COPQ over base, last hour"),
            (f'copq_failure_cost{{{LINES},window="1h"}}', "COPQ, last hour"),
            (f'copq_failure_cost{{{LINES},window="day"}}', "COPQ, today"),
            (f'copq_failure_cost{{{LINES},window="last_day"}}', "COPQ, yesterday"),
            link=LINE_BOARD,
        ),
        course("COPQ over base, last hour, with its target", SHARE, "Trailing hour.",
               (f'copq_ratio{{{OF},window="1h"}}', "{{plant}}"),
               ('copq_target_ratio{scope="plant",plant=~"$plant",window="1h"}', "target {{plant}}")),
        course("COPQ, last hour, by element", MONEY, "What it consists of.",
               ('sum by (element) (copq_cost{plant=~"$plant",currency="$currency",window="1h",'
                'category=~".+_failure"})', "{{element}}")),
        beside("Open stops", "What stops that no report has ended have cost so far.",
               ('copq_open_stop_cost{plant=~"$plant",currency="$currency"}', "cost so far"),
               link=LINE_BOARD),
    ]  # fmt: skip
    says = "What COPQ is now, today and this month, and where."
    return board("copq-now", "COPQ now", says, [PLANT, CURRENCY], panels)
