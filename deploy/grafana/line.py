"""Line and product: what a figure is made of, down to the events behind it."""

from typing import Any

from deploy.grafana.panels import (
    CURRENCY,
    LINE,
    MONEY,
    OF_TARGET,
    PLANT,
    PRODUCT,
    SECONDS,
    SHARE,
    WINDOW,
    board,
    course,
    entries,
    one,
    ranked,
)
from services.sql_files import statement

WHERE = 'plant=~"$plant",line=~"$line"'
COST = f'copq_cost{{{WHERE},product=~"$product",currency="$currency",window="$window",category=~".+_failure"}}'
BASE = f'copq_base{{{WHERE},product=~"$product",currency="$currency",window="$window"}}'

BEHIND = statement(__file__, "behind")
PARETO = statement(__file__, "pareto")
STOPS = statement(__file__, "stops")


def _ratio(name: str) -> str:
    return f'max({name}{{scope="line",{WHERE},window="$window"}})'


def line() -> Any:
    panels = [
        one("COPQ", f"sum({COST})", MONEY, "In the window chosen above. An estimate."),
        one("Over cost of production", f"sum({COST}) / sum({BASE})", SHARE, "Sum over sum."),
        one("Against target", f'max(copq:ratio:of_target{{scope="line",{WHERE},window="$window"}})',
            SHARE, "The worst of the lines; 100 % is just at it.", OF_TARGET),
        one("First pass yield", _ratio("copq_first_pass_yield_ratio"), SHARE, "(GQ - RQ) / PQ"),
        one("OEE", _ratio("copq_oee_ratio"), SHARE, "Needs the line's ideal rate."),
        one("MTTR", _ratio("copq_mean_time_to_repair_seconds"), SECONDS, "Stops that ended."),
        ranked("By element", f"sort_desc(sum by (element) ({COST}))", "{{element}}", MONEY,
               "COPQ of the window."),
        ranked("By product", f"sort_desc(topk(10, sum by (product) ({COST})))", "{{product}}", MONEY,
               "The ten dearest."),
        course("COPQ by element", MONEY, "In the window chosen, over time.",
               (f"sum by (element) ({COST})", "{{element}}")),
        course("COPQ over base, and target", SHARE, "Of the lines.",
               (f'copq_ratio{{scope="line",{WHERE},currency="$currency",window="$window"}}', "{{line}}"),
               (f'copq_target_ratio{{scope="line",{WHERE},window="$window"}}', "target {{line}}")),
        entries("Pareto", PARETO, "By element, stage and code in the time above, with its running share."),
        entries("Stops", STOPS, "Started in the time above."),
        entries("The events behind it", BEHIND, "Entries of the ledger in the time above, newest first."),
    ]  # fmt: skip
    says = "One line or several: what COPQ consists of, down to single entries."
    variables = [PLANT, LINE, PRODUCT, WINDOW, CURRENCY]
    return board("copq-line", "Line and product", says, variables, panels)
