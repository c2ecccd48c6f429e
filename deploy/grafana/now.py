"""COPQ now: for the plant manager, every morning and at a glance."""

from typing import Any

from deploy.grafana import links
from deploy.grafana.looks import (
    AGAINST_TARGET,
    AMOUNT,
    COUNT,
    INSTANT,
    LASTED,
    MONEY,
    OF_TARGET,
    PERCENT,
    SECONDS,
    SHARE,
)
from deploy.grafana.page import board
from deploy.grafana.panels import TableColumn, course, one, side_by_side
from deploy.grafana.variables import CURRENCY, PLANT

OF = 'scope="plant",plant=~"$plant",currency="$currency"'
LINES = 'scope="line",plant=~"$plant",currency="$currency"'
ESTIMATE = "An estimate at standard rates, until finance reconciles it."
CAUSE = 'copq_main_cause_cost{plant=~"$plant",currency="$currency"}'
STOP = 'plant=~"$plant"'


def cost(window: str) -> str:
    return f'sum(copq_failure_cost{{{OF},window="{window}"}})'


def share(window: str) -> str:
    base = f'sum(copq_base{{plant=~"$plant",currency="$currency",window="{window}"}})'
    return f"{cost(window)} / {base}"


def now() -> Any:
    says = "What COPQ is now, today and this month, and where."
    return board(
        "copq-now", "COPQ now", says, [PLANT, CURRENCY], [*_tiles(), *_state(), *_panels()]
    )


def _tiles() -> list[Any]:
    hour, day = links.to_lines("1h"), links.to_lines("day")
    return [
        one("COPQ, last hour ($currency)", cost("1h"), MONEY, ESTIMATE, hour),
        one("Over cost of production, last hour", share("1h"), SHARE, "Sum over sum.", hour),
        one("Against target, last hour: the worst",
            f'max(copq:ratio:of_target{{{OF},window="1h"}} or copq:ratio:of_target{{{LINES},window="1h"}})',
            SHARE, "The plant or line that is furthest over its target; 100 % is just at it.", hour,
            limits=OF_TARGET, without="no target, or no base"),
        one("COPQ, today ($currency)", cost("day"), MONEY,
            "Since the production day began. " + ESTIMATE, day),
        one("COPQ, yesterday ($currency)", cost("last_day"), MONEY, "The last full production day.",
            links.to_lines("last_day")),
        one("COPQ, this month ($currency)", cost("month"), MONEY, ESTIMATE,
            links.to_lines("month")),
    ]  # fmt: skip


def _state() -> list[Any]:
    found = [
        one("Alerts", 'count(ALERTS{alertname=~"Copq.*",alertstate="firing"}) or vector(0)', COUNT,
            "Alerts that fire now.", links.ALERTS),
        one("Budget of the month spent: the worst",
            'max(copq:budget:spent{plant=~"$plant",currency="$currency",line=""})', SHARE,
            "COPQ of the month over its budget, of the plant that has spent most of its own.",
            links.to_lines("month"), limits=OF_TARGET, without="no budget"),
        one("Age of the figures", "time() - max(copq_figures_timestamp_seconds)", SECONDS,
            "Where the exporter is gone there is none.", links.PIPELINE,
            without="no figures come: see Pipeline"),
    ]  # fmt: skip
    return [tile.span(8) for tile in found]


def _panels() -> list[Any]:
    return [
        side_by_side(
            "Lines", "Worst against target first. A click opens the line.", "plant, line, currency",
            TableColumn(f'copq:ratio:of_target{{{LINES},window="1h"}}', "of target, last hour", AGAINST_TARGET),
            TableColumn(f'copq_ratio{{{LINES},window="1h"}}', "COPQ over base, last hour", PERCENT),
            TableColumn(f'copq_failure_cost{{{LINES},window="1h"}}', "COPQ, last hour", AMOUNT),
            TableColumn(f'copq_failure_cost{{{LINES},window="day"}}', "COPQ, today", AMOUNT),
            TableColumn(f'copq_failure_cost{{{LINES},window="last_day"}}', "COPQ, yesterday", AMOUNT),
            lead=links.to_line("1h"),
        ),
        side_by_side(
            "Main cause on lines above target", "What cost such a line most in the last hour.",
            "plant, line, element, stage, defect_code, work_unit, currency",
            TableColumn(CAUSE, "cost, last hour", AMOUNT),
            TableColumn(f"1000 * (0 * {CAUSE} + on (plant, line) group_left () "
                  "copq_main_cause_start_timestamp_seconds)", "since", INSTANT),
            lead=links.to_line("1h"),
        ),
        side_by_side(
            "Open stops ($currency)", "What stops that no report has ended have cost so far.",
            "plant, line, work_unit, defect_code",
            TableColumn(f'copq_open_stop_cost{{{STOP},currency="$currency"}}', "cost so far", AMOUNT),
            TableColumn(f"time() - copq_open_stop_start_timestamp_seconds{{{STOP}}}", "lasts", LASTED),
            lead=links.to_line("1h"),
        ),
        course("COPQ over base, last hour, with its target", SHARE, "Trailing hour.",
               (f'copq_ratio{{{OF},window="1h"}}', "{{plant}}"),
               ('copq_target_ratio{scope="plant",plant=~"$plant",window="1h"}', "target {{plant}}"),
               leads=[links.to_plant("1h")]),
        course("COPQ, last hour, by element ($currency)", MONEY, "What it consists of.",
               ('sum by (element) (copq_cost{plant=~"$plant",currency="$currency",window="1h",'
                'category=~".+_failure"})', "{{element}}"), leads=[links.to_lines("1h")]),
    ]  # fmt: skip
