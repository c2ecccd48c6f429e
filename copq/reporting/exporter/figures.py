"""All metrics of the exporter's figures: name, labels and help. All of them are gauges."""

from typing import NamedTuple

_SCOPE = ("scope", "plant", "line", "product")
_LINE = ("plant", "line")


class Figure(NamedTuple):
    name: str
    labels: tuple[str, ...]
    help: str


COST = Figure(
    "copq_cost",
    ("plant", "line", "product", "category", "element", "currency", "window"),
    "Net cost of quality: failure (that is COPQ), appraisal and prevention by category",
)
BASE = Figure(
    "copq_base",
    ("plant", "line", "product", "currency", "window"),
    "Cost of production: units that left the line at the cost of the finished unit",
)
UNITS = Figure("copq_units", (*_SCOPE[1:], "window"), "Units that left the line (PQ)")
GOOD = Figure(
    "copq_good_units", (*_SCOPE[1:], "window"), "Good units (GQ) among the units that left the line"
)
SCRAPPED = Figure("copq_scrapped_units", (*_SCOPE[1:], "window"), "Units rejected (SQ)")
REWORKED = Figure("copq_reworked_units", (*_SCOPE[1:], "window"), "Units reworked (RQ)")
FAILURE = Figure(
    "copq_failure_cost", (*_SCOPE, "currency", "window"), "COPQ: net cost of failure alone"
)
RATIO = Figure(
    "copq_ratio", (*_SCOPE, "currency", "window"),
    "COPQ over cost of production, sum over sum; absent without a base",
)  # fmt: skip
TARGET = Figure("copq_target_ratio", (*_SCOPE, "window"), "The most specific target for copq_ratio")
SCRAP = Figure("copq_scrap_ratio", (*_SCOPE, "window"), "SQ / PQ")
REWORK = Figure("copq_rework_ratio", (*_SCOPE, "window"), "RQ / PQ")
FIRST_PASS = Figure(
    "copq_first_pass_yield_ratio", (*_SCOPE, "window"), "(GQ - RQ) / PQ: good without rework"
)
QUALITY = Figure("copq_quality_ratio", (*_SCOPE, "window"), "GQ / PQ")
AVAILABILITY = Figure(
    "copq_availability_ratio", (*_SCOPE, "window"), "APT / PBT, of lines with an ideal rate"
)
EFFECTIVENESS = Figure(
    "copq_effectiveness_ratio", (*_SCOPE, "window"), "PRI x PQ / APT, of lines with an ideal rate"
)
OEE = Figure(
    "copq_oee_ratio", (*_SCOPE, "window"), "Overall equipment effectiveness by ISO 22400-2"
)
REPAIR = Figure(
    "copq_mean_time_to_repair_seconds", (*_SCOPE, "window"), "MTTR of unplanned stops that ended"
)
OEE_MISSING = Figure(
    "copq_oee_input_missing", (*_LINE, "input"), "1 if OEE is absent because this input is unknown"
)
OPEN_STOPS = Figure("copq_open_stops", _LINE, "Stops that no report has ended")
STOP_COST = Figure(
    "copq_open_stop_cost", (*_LINE, "work_unit", "defect_code", "currency"),
    "The cost so far of an open stop; overlaps cost once",
)  # fmt: skip
STOP_START = Figure(
    "copq_open_stop_start_timestamp_seconds", (*_LINE, "work_unit", "defect_code"),
    "When an open stop began",
)  # fmt: skip
CAUSE = Figure(
    "copq_main_cause_cost",
    (*_LINE, "element", "stage", "defect_code", "work_unit", "currency"),
    "The main cause of a line above its target in the last hour",
)
CAUSE_START = Figure(
    "copq_main_cause_start_timestamp_seconds", _LINE,
    "When the main cause began; absent if it began before the window, or is over",
)  # fmt: skip
UTC_OFFSET = Figure(
    "copq_plant_utc_offset_seconds",
    ("plant", "zone"),
    "The plant's offset from UTC; east is positive",
)
CONVERTED_COST = Figure(
    "copq_reporting_cost", ("category", "currency", "window"),
    "Net cost of quality of all plants in the reporting currency; absent if a rate is missing",
)  # fmt: skip
CONVERTED_BASE = Figure(
    "copq_reporting_base", ("currency", "window"),
    "Cost of production of all plants in the reporting currency",
)  # fmt: skip
CONVERTED_RATIO = Figure(
    "copq_reporting_ratio", ("currency", "window"),
    "COPQ over cost of production of all plants in the reporting currency",
)  # fmt: skip
UNCONVERTED = Figure(
    "copq_unconverted_entries", ("currency", "window"),
    "Entries of a currency that lack an exchange rate; copq_reporting_cost is then absent",
)  # fmt: skip
_GROUP = ("plant", "grouping", "group", "currency", "window")
GROUP_FAILURE = Figure("copq_group_failure_cost", _GROUP, "COPQ by product group")
GROUP_BASE = Figure("copq_group_base", _GROUP, "Cost of production by product group")
GROUP_UNITS = Figure("copq_group_units", _GROUP, "Units that left the line by product group")
_PROJECT = ("plant", "project", "type", "currency")
PROJECT_PROMISED = Figure(
    "copq_project_promised", _PROJECT,
    "Savings that a project promised for the months that are over, by benefit type",
)  # fmt: skip
PROJECT_CLAIMED = Figure("copq_project_claimed", _PROJECT, "What the owner has claimed of them")
PROJECT_VALIDATED = Figure("copq_project_validated", _PROJECT, "What finance has validated of them")
PROJECT_REALISED = Figure(
    "copq_project_realised", ("plant", "project", "currency"),
    "Net savings of a project's bridges, of all types; absent until a month is measured",
)  # fmt: skip
PROJECT_INVESTED = Figure(
    "copq_project_invested", ("plant", "project", "currency"), "What was put into a project so far"
)
_OWNED = ("plant", "project", "owner")
PROJECT_STATE = Figure("copq_project_state", (*_OWNED, "state"), "1 for the state of a project")
PROJECT_STATUS = Figure(
    "copq_project_status", (*_OWNED, "status"),
    "1 for the newest verdict about the saving of an approved project: holding, eroding, lost or "
    "not enough data",
)  # fmt: skip
PROJECT_WAITS = Figure(
    "copq_project_oldest_waiting_claim_timestamp_seconds", _OWNED,
    "When the oldest claim that waits for finance was made, or a month was restated below what is "
    "validated of it; absent where nothing waits",
)  # fmt: skip
STEP = Figure(
    "copq_currency_step", ("currency",), "The smallest displayed amount of a currency by ISO 4217"
)
UNPRICED = Figure("copq_unpriced_events", _LINE, "Events that wait for a price")
UNPRICED_WORTH = Figure(
    "copq_unpriced_worth", (*_LINE, "currency"),
    "Estimated cost of unpriced events at the nearest known rates, without unknown ones",
)  # fmt: skip
UNPRICED_UNKNOWN = Figure(
    "copq_unpriced_unknown_events", _LINE, "Unpriced events that have no estimate"
)
REJECTED = Figure(
    "copq_rejected_waiting_events", ("code",), "Refused messages that wait to be replayed"
)
HEARD = Figure(
    "copq_newest_event_timestamp_seconds", _LINE, "When the newest event of a line occurred"
)
USUAL_COST = Figure(
    "copq_usual_cost", (*_LINE, "currency"),
    "COPQ of the same hour as the last full one, mean of the last four weeks that have a base",
)  # fmt: skip
USUAL_BASE = Figure("copq_usual_base", (*_LINE, "currency"), "The base of copq_usual_cost")
BUDGET = Figure(
    "copq_budget", (*_LINE, "currency"), "The COPQ budget of a month; a plant's has no line"
)
MONTH = Figure("copq_month_seconds", ("plant",), "The length of the plant's month")
MONTH_PASSED = Figure(
    "copq_month_elapsed_seconds", ("plant",), "The elapsed time of the plant's month"
)
AT = Figure("copq_figures_timestamp_seconds", (), "The instant for which the figures were computed")
SERIES = Figure("copq_exporter_series", (), "The number of shown series")
LIMIT = Figure(
    "copq_exporter_series_limit", (), "The maximum number of shown series (--max-series)"
)
DROPPED = Figure(
    "copq_exporter_series_dropped", ("window",),
    "Series left out by the limit; coarser series include their sums",
)  # fmt: skip
DETAIL = Figure("copq_exporter_detail", ("window", "detail"), "1 for the detail of a window")

FIGURES = (
    COST, BASE, UNITS, GOOD, SCRAPPED, REWORKED, FAILURE, RATIO, TARGET, SCRAP, REWORK, FIRST_PASS,
    QUALITY, AVAILABILITY, EFFECTIVENESS, OEE, REPAIR, OEE_MISSING, OPEN_STOPS, STOP_COST,
    STOP_START, CAUSE, CAUSE_START, UTC_OFFSET, CONVERTED_COST, CONVERTED_BASE, CONVERTED_RATIO,
    UNCONVERTED, GROUP_FAILURE, GROUP_BASE, GROUP_UNITS, PROJECT_PROMISED,
    PROJECT_CLAIMED, PROJECT_VALIDATED, PROJECT_REALISED, PROJECT_INVESTED, PROJECT_STATE,
    PROJECT_STATUS, PROJECT_WAITS, STEP, UNPRICED,
    UNPRICED_WORTH, UNPRICED_UNKNOWN, REJECTED, HEARD, USUAL_COST, USUAL_BASE, BUDGET, MONTH,
    MONTH_PASSED, AT, SERIES, LIMIT, DROPPED, DETAIL,
)  # fmt: skip
