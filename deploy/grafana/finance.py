"""Cost of quality: for the controller, by month and category."""

from typing import Any

from deploy.grafana.panels import (
    COUNT,
    CURRENCY,
    MONEY,
    OF_TARGET,
    PLANT,
    SHARE,
    beside,
    board,
    course,
    entries,
    one,
)
from services.sql_files import statement

ALL = 'category=~".+_failure"'
OF = 'plant=~"$plant",currency="$currency"'

MONTHS = statement(__file__, "months")
REPORTING = statement(__file__, "reporting")
RESTATED = statement(__file__, "restated")
UNPRICED = statement(__file__, "unpriced")


def _cost(window: str, categories: str) -> str:
    return f'sum(copq_cost{{{OF},window="{window}",category=~"{categories}"}})'


def finance() -> Any:
    base = f'sum(copq_base{{{OF},window="month"}})'
    panels = [
        one("COPQ, this month", _cost("month", ".+_failure"), MONEY, "Failure alone. An estimate."),
        one("COPQ, last month", _cost("last_month", ".+_failure"), MONEY, "Failure alone."),
        one("COPQ over base, this month", f'{_cost("month", ".+_failure")} / {base}', SHARE, ""),
        one("Cost of quality over base", f'{_cost("month", ".+")} / {base}', SHARE,
            "COPQ with appraisal and prevention."),
        one("Budget spent", 'max(copq:budget:spent{plant=~"$plant",line=""})', SHARE, "", OF_TARGET),
        one("Month passed", 'max(copq_month_elapsed_seconds{plant=~"$plant"}'
            ' / copq_month_seconds)', SHARE, "To compare the budget with."),
        course("By category, month to date", MONEY, "",
               (f'sum by (category) (copq_cost{{{OF},window="month"}})', "{{category}}")),
        course("How fast the budget burns", SHARE, "100 % uses it up just as the month ends.",
               ('copq:budget:burn{plant=~"$plant"}', "{{plant}} {{line}} {{window}}")),
        one("All plants, this month", f'sum(copq_reporting_cost{{{ALL},window="month"}})', MONEY,
            "COPQ of all plants in the reporting currency. None while an exchange rate is missing."),
        one("All plants, last month", f'sum(copq_reporting_cost{{{ALL},window="last_month"}})', MONEY,
            "COPQ of all plants in the reporting currency. None while an exchange rate is missing."),
        one("All plants over base, this month", 'max(copq_reporting_ratio{window="month"})', SHARE,
            "In the reporting currency."),
        one("Without exchange rate, this month", 'sum(copq_unconverted_entries{window="month"})',
            COUNT, "Entries. See: copq currencies list."),
        entries("All plants by month", REPORTING, "In the reporting currency, and what lacks a rate."),
        entries("Months by category", MONTHS, "In the plant's currency, and over cost of production."),
        entries("As first reported, as restated", RESTATED,
                "As finance signed it off with the first closing of the month, and as it is now."),
        beside("Targets", "In force now, for the last 30 days.",
               ('copq_target_ratio{plant=~"$plant",window="30d",scope!="product"}', "target")),
        entries("Without a price", UNPRICED, "Not in any figure until finance adds what is missing."),
    ]  # fmt: skip
    says = "Categories of quality cost by month, in money and over cost of production."
    return board("copq-finance", "Cost of quality", says, [PLANT, CURRENCY], panels, "now-30d")
