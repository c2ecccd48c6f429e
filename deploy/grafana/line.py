"""Line and product: what a figure is made of, down to the events behind it."""

from typing import Any

from copq.database.queries import Queries
from deploy.grafana import links
from deploy.grafana.looks import (
    AGAINST_TARGET,
    AMOUNT,
    BAR,
    LASTED,
    MINUTES,
    MONEY,
    OF_TARGET,
    PERCENT,
    RUNNING,
    SECONDS,
    SHARE,
)
from deploy.grafana.page import board
from deploy.grafana.panels import TableColumn, course, entries, one, ranked, side_by_side
from deploy.grafana.variables import BOARD, CURRENCY, LINE, PLANT, PRODUCT, WINDOW

_SQL = Queries.of(__file__)

WHERE = 'plant=~"$plant",line=~"$line"'
UNITS = f'{{{WHERE},product=~"$product",window="$window"}}'
COST = f'copq_cost{{{WHERE},product=~"$product",currency="$currency",window="$window",category=~".+_failure"}}'
OF_GROUPS = '{plant=~"$plant",currency="$currency",window="$window"}'
GROUPS = f"copq_group_failure_cost{OF_GROUPS}"
GROUP_BASE = f"copq_group_base{OF_GROUPS}"
BASE = f'copq_base{{{WHERE},product=~"$product",currency="$currency",window="$window"}}'
OF_LINES = f'{{scope="line",{WHERE},window="$window"}}'
MONEY_OF_LINES = f'{{scope="line",{WHERE},currency="$currency",window="$window"}}'
FIRST_PASS = (
    f"clamp_min(sum(copq_good_units{UNITS}) - (sum(copq_reworked_units{UNITS}) or vector(0)), 0)"
    f" / sum(copq_units{UNITS})"
)

ENTRY = dict.fromkeys(("gross", "recovered", "allowed", "net"), AMOUNT)


def line() -> Any:
    says = "One line or several: what COPQ consists of, down to single entries."
    variables = [PLANT, LINE, PRODUCT, WINDOW, CURRENCY, BOARD]
    panels = [*_tiles(), *_figures(), *_ledger()]
    return board("copq-line", "Line and product", says, variables, panels)


def _tiles() -> list[Any]:
    no_rate = "no ideal rate, or nothing reported"
    return [
        one("COPQ, $window ($currency)", f"sum({COST})", MONEY,
            "An estimate. A stop that is open counts until now.", links.BEHIND),
        one("Over cost of production, $window", f"sum({COST}) / sum({BASE})", SHARE, "Sum over sum.",
            links.BEHIND),
        one("Against target, $window: the worst line", f"max(copq:ratio:of_target{MONEY_OF_LINES})",
            SHARE, "Of all products of a line; 100 % is just at it.", links.BEHIND,
            limits=OF_TARGET, without="no target, or no base"),
        one("First pass yield, $window", FIRST_PASS, SHARE, "(GQ - RQ) / PQ, sums over sums.",
            links.BEHIND),
        one("OEE, $window: the worst line", f"min(copq_oee_ratio{OF_LINES})", SHARE,
            "Of all products of a line; each line's own stands below.", links.BEHIND,
            without=no_rate),
        one("MTTR, $window: the worst line", f"max(copq_mean_time_to_repair_seconds{OF_LINES})",
            SECONDS, "Of unplanned stops that ended; each line's own stands below.", links.BEHIND,
            without="no stop that ended"),
    ]  # fmt: skip


def _figures() -> list[Any]:
    return [
        side_by_side(
            "Each line, $window ($currency)", "All products. Worst against target first.",
            "plant, line",
            TableColumn(f"copq:ratio:of_target{MONEY_OF_LINES}", "of target", AGAINST_TARGET),
            TableColumn(f"copq_ratio{MONEY_OF_LINES}", "COPQ over base", PERCENT),
            TableColumn(f"copq_failure_cost{MONEY_OF_LINES}", "COPQ", AMOUNT),
            TableColumn(f"copq_first_pass_yield_ratio{OF_LINES}", "first pass yield", PERCENT),
            TableColumn(f"copq_oee_ratio{OF_LINES}", "OEE", PERCENT),
            TableColumn(f"copq_mean_time_to_repair_seconds{OF_LINES}", "MTTR", LASTED),
            lead=links.to_line("${window}"),
        ),
        ranked("By element, $window ($currency)", f"sum by (element) ({COST})",
               "{{element}}", "The largest first.", links.BEHIND),
        ranked("By product, $window ($currency)", f"topk(10, sum by (product) ({COST}))",
               "{{product}}", "The ten most expensive.", links.BEHIND_PRODUCT),
        course("COPQ by element, $window ($currency)", MONEY,
               "The window chosen, as it was at each time.",
               (f"sum by (element) ({COST})", "{{element}}"), leads=[links.BEHIND]),
        course("COPQ over base, $window, and target", SHARE, "Of the lines, all products.",
               (f"copq_ratio{MONEY_OF_LINES}", "{{plant}} {{line}}"),
               (f"copq_target_ratio{OF_LINES}", "target {{plant}} {{line}}"),
               leads=[links.to_line("${window}", links.label)]),
        ranked("By product group, $window ($currency)", f"topk(10, sum by (group) ({GROUPS}))",
               "{{group}}", "The ten most expensive of the plant, all lines.", links.BEHIND),
        course("COPQ over base by product group, $window", SHARE, "Of the plant, all lines.",
               (f"sum by (group) ({GROUPS}) / sum by (group) ({GROUP_BASE})", "{{group}}"),
               leads=[links.BEHIND]),
    ]  # fmt: skip


def _ledger() -> list[Any]:
    event = links.EVENT
    behind = entries(
        "The events behind it, $window ($currency)",
        _SQL.behind.text, "Entries of the ledger, newest first. `counted` is the part that lies in the window."
        " A click opens the event on the board.", {**ENTRY, "counted": PERCENT}, event,
    )  # fmt: skip
    return [
        entries("Pareto, $window ($currency)", _SQL.pareto.text,
                "By element, stage and code. Past 80 % the running share is grey. What is booked: an "
                "open stop is in it once it ends.",
                {"net": BAR, "share": PERCENT, "running_share": RUNNING}, links.BEHIND),
        entries("Stops, $window ($currency)", _SQL.stops.text, "What stood still in the window, open stops too.",
                {"minutes": MINUTES, "per_minute": AMOUNT}, event),
        behind.id(links.BEHIND_ID),
    ]  # fmt: skip
