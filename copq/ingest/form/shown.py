"""An entry for display: its values under the labels of the form."""

from babel import Locale

from copq.ingest.form.entry import MONEY, UNITS, Entry
from copq.ingest.form.numbers import display_text, read_number
from copq.ingest.form.problem import NUMBERS, PAID
from copq.ingest.form.store import StoredEntry
from copq.rates.book import RateBook

LABELS = {
    "produced": "Units produced",
    "good": "Of these good",
    "sent_back": "Units sent back, all together",
    "scrapped": "Of these scrapped in the plant",
    "transport": "Transport",
    "reworked_on_site": "Units reworked or scrapped there, all together",
    "scrapped_on_site": "Of these scrapped there",
    "none_came_back": "None of the scrapped came back",
    "travel": "Travel",
    "problem_function": "Function that had the problem",
    "problem_code": "Problem",
    "problem_minutes": "Minutes to put it right, all together",
    "problem_paid": "Paid for it",
    "interventions": "Times that management stepped in",
    "wrong_routings": "Wrong routings",
    "other_master_data": "Other errors in master data",
    "shift": "Shift",
    "day": "Day",
    "from": "From",
    "to": "To",
}
_MADE = ("produced", "good")
_PAID = (*MONEY, PAID)
_PERIOD = ("period", "day", "from", "to")


def facts_of(filled: dict[str, str], currency: str, locale: Locale) -> list[tuple[str, str]]:
    """Labels and values in the order of the form; numbers as they were understood."""
    values = {name: _value(name, text, currency, locale) for name, text in filled.items()}
    made = [(LABELS[name], values[name]) for name in _MADE if name in values]
    after = [
        (label, values[name])
        for name, label in LABELS.items()
        if name not in (*_MADE, *_PERIOD) and name in values
    ]
    return [("Period", period_text(filled)), *made, *_rejects(filled, values), *after]


def _value(name: str, text: str, currency: str, locale: Locale) -> str:
    if name not in (*UNITS, *_PAID, *NUMBERS) and not name.startswith("reject:"):
        return text
    number = read_number(text, locale)
    said = text if number is None else display_text(number, locale)
    return f"{said} {currency}" if name in _PAID else said


def _rejects(filled: dict[str, str], values: dict[str, str]) -> list[tuple[str, str]]:
    stages = [name.removeprefix("reject:") for name in filled if name.startswith("reject:")]
    return [(f"Rejected at {stage}", " · ".join(_with_reason(values, stage))) for stage in stages]


def _with_reason(values: dict[str, str], stage: str) -> list[str]:
    return [values[f"reject:{stage}"], *filter(None, [values.get(f"reason:{stage}")])]


def consequences(entry: Entry, locale: Locale) -> list[tuple[str, str]]:
    """The derived numbers: units that were not typed."""
    site = entry.on_site
    units = {
        "Reworked in the plant": entry.amounts["sent_back"] - entry.amounts["scrapped"],
        "Reworked at the customer's site": site.reworked,
        "Scrapped in the plant": entry.amounts["scrapped"],
        "Scrapped at the customer's site, counted there": site.scrapped,
        "Scrapped at the customer's site, among those scrapped in the plant: counted once":
            site.shared,
    }  # fmt: skip
    return [(label, display_text(number, locale)) for label, number in units.items() if number]


def period_text(filled: dict[str, str]) -> str:
    if filled.get("period") == "span":
        start, end = (filled.get(name, "").replace("T", " ") for name in ("from", "to"))
        return f"{start} to {end}"
    return filled.get("day", "")


def when(kept: StoredEntry, book: RateBook) -> str:
    """The time of the entry, in the plant's local time."""
    site = book.sites.get(kept.plant)
    at = kept.entered_at.astimezone(site.calendar.zone) if site else kept.entered_at
    return f"{at:%Y-%m-%d %H:%M}"
