"""Improvement portfolio: for finance and owners of projects, from promise to validated savings."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana import links
from deploy.grafana.looks import AMOUNT, LASTED, MONEY, SHARE
from deploy.grafana.page import board
from deploy.grafana.panels import TableColumn, course, one, side_by_side
from deploy.grafana.variables import BOARD, by_label

_OF = 'plant=~"$plant",currency="$currency"'
_TYPED = f'{_OF},type=~"$type"'
NONE = "no project"
COUNTS = "Of the benefit types chosen at the top; hard savings alone count towards ROI."
PLANT = by_label("plant", "Plant", "label_values(copq_project_promised, plant)")
CURRENCY = by_label(
    "currency", "Currency", 'label_values(copq_project_promised{plant=~"$plant"}, currency)',
    many=False,
)  # fmt: skip
TYPE = (
    dashboard.CustomVariable("type")
    .label("Benefit type")
    .values("hard,avoidance,working_capital,soft")
)


def portfolio() -> Any:
    says = "Improvement projects: promised, realised and validated savings of the months so far."
    panels = [*_tiles(), _course(), _projects(), _lasting(), _waiting()]
    variables = [PLANT, CURRENCY, TYPE, BOARD]
    return board("copq-portfolio", "Improvement portfolio", says, variables, panels, "now-90d")


def _typed(metric: str) -> str:
    return f"copq_project_{metric}{{{_TYPED}}}"


def _whole(metric: str) -> str:
    return f"copq_project_{metric}{{{_OF}}}"


def _tiles() -> list[Any]:
    back = f"(sum({_typed('validated')}) - sum({_whole('invested')})) / sum({_whole('invested')})"
    rate = f"sum({_typed('validated')}) / sum({_typed('promised')})"
    return [
        one("Promised ($currency)", f"sum({_typed('promised')})", MONEY,
            f"For the months that are over. {COUNTS}", links.PROJECTS, without=NONE),
        one("Realised, net ($currency)", f"sum({_whole('realised')})", MONEY,
            "Measured by the bridges, of all benefit types.", links.PROJECTS,
            without="not measured yet"),
        one("Validated ($currency)", f"sum({_typed('validated')})", MONEY, COUNTS,
            links.PROJECTS, without=NONE),
        one("Validated over promised", rate, SHARE, COUNTS, links.PROJECTS,
            without="nothing promised"),
        one("Invested ($currency)", f"sum({_whole('invested')})", MONEY, "So far.",
            links.PROJECTS, without="nothing invested"),
        one("ROI", back, SHARE, f"(validated - invested) / invested. {COUNTS}", links.PROJECTS,
            without="nothing invested"),
    ]  # fmt: skip


def _course() -> Any:
    return course(
        "Promised, claimed, validated so far ($currency)", MONEY,
        f"Sums of the months that are over; they step as a month ends. {COUNTS}",
        (f"sum({_typed('promised')})", "promised"), (f"sum({_typed('claimed')})", "claimed"),
        (f"sum({_typed('validated')})", "validated"), leads=[links.PROJECTS],
    ).span(24)  # fmt: skip


def _projects() -> Any:
    def of(metric: str) -> str:
        return f"sum by (plant, project) (copq_project_{metric})"

    return side_by_side(
        "Projects ($currency)", f"The 500 with the largest promise; the others are one. {COUNTS}",
        "plant, project",
        TableColumn(of(f"validated{{{_TYPED}}}"), "validated", AMOUNT),
        TableColumn(of(f"promised{{{_TYPED}}}"), "promised", AMOUNT),
        TableColumn(of(f"claimed{{{_TYPED}}}"), "claimed", AMOUNT),
        TableColumn(of(f"realised{{{_OF}}}"), "realised, net", AMOUNT),
        TableColumn(of(f"invested{{{_OF}}}"), "invested", AMOUNT),
        lead=links.PROJECT,
    )  # fmt: skip


def _lasting() -> Any:
    status = 'copq_project_status{plant=~"$plant"}'
    money = f"sum by (plant, project) ({_typed('validated')})"
    return side_by_side(
        "Does the saving last ($currency)",
        "The newest verdict of the daily tests, and what finance has validated.",
        "plant, project, owner, status",
        TableColumn(f"{status} * on (plant, project) group_left () {money}", "validated", AMOUNT),
        lead=links.PROJECT,
    )


def _waiting() -> Any:
    since = 'copq_project_oldest_waiting_claim_timestamp_seconds{plant=~"$plant"}'
    return side_by_side(
        "Claims that wait for finance", "How long the oldest of each project has waited.",
        "plant, project, owner",
        TableColumn(f"time() - {since}", "waits", LASTED),
        lead=links.PROJECT,
    )  # fmt: skip
