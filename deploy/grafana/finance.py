"""Cost of quality: for the controller, by month and category."""

from typing import Any

from copq.database.queries import Queries, Query
from deploy.grafana import links
from deploy.grafana.looks import AMOUNT, COUNT, MONEY, NUMBER, OF_TARGET, PERCENT, REPORTED, SHARE
from deploy.grafana.page import board
from deploy.grafana.panels import (
    TableColumn,
    course,
    entries,
    one,
    side_by_side,
    stacked,
    waterfall,
)
from deploy.grafana.variables import BOARD, CURRENCY, MONTH, PLANT

_SQL = Queries.of(__file__)

ALL = 'category=~".+_failure"'
OF = 'plant=~"$plant",currency="$currency"'
FAILURE, QUALITY = ".+_failure", ".+"

CHOSEN = "All plants in the reporting currency. None while an exchange rate is missing."
BOOKED = "A stop that is still open is not in it until it ends; the tiles and copq periods count it until now."
"""Of every panel that reads the rollups."""

UNCONVERTED = "an exchange rate is missing, or nothing reported"
OVER_BASE = dict.fromkeys(("COPQ over base", "cost of quality over base"), PERCENT)
SUMS = dict.fromkeys(
    ("COPQ", "cost of quality", "base", "internal failure", "external failure",
     "administrative failure", "appraisal", "prevention"), AMOUNT,
)  # fmt: skip
ENTRY = dict.fromkeys(("gross", "recovered", "allowed", "net"), AMOUNT)


def finance() -> Any:
    says = "Categories of quality cost by month, in money and over cost of production."
    panels = [*_tiles(), *_all_plants(), *_months(), *_now()]
    variables = [PLANT, CURRENCY, MONTH, BOARD]
    return board("copq-finance", "Cost of quality", says, variables, panels, "now-30d")


def _cost(window: str, categories: str) -> str:
    return f'sum(copq_cost{{{OF},window="{window}",category=~"{categories}"}})'


def _tiles() -> list[Any]:
    base = f'sum(copq_base{{{OF},window="month"}})'
    month = links.to_lines("month")
    return [
        one("COPQ, this month ($currency)", _cost("month", FAILURE), MONEY,
            "Failure alone. An estimate.", month),
        one("COPQ, last month ($currency)", _cost("last_month", FAILURE), MONEY, "Failure alone.",
            links.to_lines("last_month")),
        one("COPQ over base, this month", f"{_cost('month', FAILURE)} / {base}", SHARE,
            "Over cost of production.", month),
        one("Cost of quality over base, this month", f"{_cost('month', QUALITY)} / {base}", SHARE,
            "COPQ with appraisal and prevention.", month),
        one("Budget of the month spent: the worst", f'max(copq:budget:spent{{{OF},line=""}})', SHARE,
            "Of the plant that has spent most of its own.", month, limits=OF_TARGET,
            without="no budget"),
        one("Month passed: the furthest", 'max(copq_month_elapsed_seconds{plant=~"$plant"}'
            ' / copq_month_seconds)', SHARE, "To compare the budget with.", month),
    ]  # fmt: skip


def _all_plants() -> list[Any]:
    """In the reporting currency, which each figure names."""

    def cost(window: str) -> str:
        return f'sum by (currency) (copq_reporting_cost{{{ALL},window="{window}"}})'

    found = [
        one("All plants, this month", cost("month"), REPORTED, CHOSEN, links.all_plants("month"),
            without=UNCONVERTED, legend="{{currency}}"),
        one("All plants, last month", cost("last_month"), REPORTED, CHOSEN,
            links.all_plants("last_month"), without=UNCONVERTED, legend="{{currency}}"),
        one("All plants over base, this month", 'max(copq_reporting_ratio{window="month"})', SHARE,
            "In the reporting currency.", links.all_plants("month"), without=UNCONVERTED),
        one("Without exchange rate, this month", 'sum(copq_unconverted_entries{window="month"})',
            COUNT, "Entries. See: copq currencies list.", links.all_plants("month"),
            without="no reporting currency"),
    ]  # fmt: skip
    return [tile.span(6) for tile in found]


def _months() -> list[Any]:
    behind = entries(
        "The entries of $month ($currency)", _SQL.month_entries.text,
        "The newest 500 of the ledger. A click opens the event on the board.", ENTRY, links.EVENT,
    )  # fmt: skip
    return [
        stacked("Categories by month, booked ($currency)", _SQL.categories.text, "month",
                "Thirteen months. Failure is COPQ; with appraisal and prevention it is cost of quality."
                f" {BOOKED}",
                links.MONTH),
        waterfall("What changed since $month was first reported, booked ($currency)",
                  _waterfall("'as first reported'", "'as it is now'", _SQL.figures_restated),
                  f"COPQ, by element. Two equal columns alone: nothing changed. {BOOKED}", links.MONTH_CHOSEN),
        waterfall("What changed from the month before to $month, booked ($currency)",
                  _waterfall("'the month before'", "'$month'", _SQL.figures_months),
                  f"COPQ, by element. {BOOKED}", links.MONTH_CHOSEN),
        course("By category, month to date ($currency)", MONEY, "As it grew; it begins at zero each month.",
               (f'sum by (category) (copq_cost{{{OF},window="month"}})', "{{category}}"),
               leads=[links.to_lines("month")]).height(10),
        entries("Months by category, booked", _SQL.months.text,
                "In the plant's currency, and over cost of production. A click chooses the month."
                f" {BOOKED}",
                {**SUMS, **OVER_BASE}, links.MONTH),
        entries("Months over imported bases, booked", _SQL.months_over_bases.text,
                "Over revenue and the other bases that finance has imported, each named in its row. "
                f"No base, no row. {BOOKED}",
                {"amount": AMOUNT, **dict.fromkeys(("COPQ over it", "cost of quality over it"), PERCENT)},
                links.MONTH),
        entries("As first reported, as restated, booked", _SQL.restated.text,
                "As finance signed it off with the first closing of the month, and as it is now."
                f" {BOOKED}",
                {**dict.fromkeys(("as first reported", "as restated", "difference"), AMOUNT),
                 "change": PERCENT}, links.MONTH),
        behind.id(links.BEHIND_ID),
        entries("All plants by month, booked", _SQL.reporting.text,
                f"In the reporting currency, and what lacks a rate. {BOOKED}",
                {**SUMS, **OVER_BASE, "entries without exchange rate": NUMBER}, links.MONTH),
    ]  # fmt: skip


def _waterfall(before: str, after: str, figures: Query) -> str:
    """The steps between two sums of the figures; `before` and `after` are literals of SQL."""
    return _SQL.placing(before=before, after=after, figures=figures.text).waterfall.text


def _now() -> list[Any]:
    return [
        course("How fast the budget burns", SHARE, "100 % uses it up just as the month ends.",
               (f"copq:budget:burn{{{OF}}}", "{{plant}} {{line}} {{window}}"),
               leads=[links.to_plant("month")]).span(24),
        side_by_side("Targets", "In force now, for the last 30 days.", "plant, line",
               TableColumn('copq_target_ratio{plant=~"$plant",window="30d",scope!="product"}', "target", PERCENT),
               lead=links.to_plant("30d", links.cell)),
        entries("Without a price", _SQL.unpriced.text, "Not in any figure until finance adds what is missing.",
                {"worth about": AMOUNT}, links.PLANT_ON_BOARD),
    ]  # fmt: skip
