"""How an entry is shown again: what was typed, under the names that the form gives it."""

from services.ingest.form.entry import MONEY
from services.ingest.form.store import KeptEntry
from services.rates.book import RateBook

LABELS = {
    "produced": "Units produced",
    "good": "Of these good",
    "sent_back": "Units sent back",
    "scrapped": "Of these scrapped in the plant",
    "transport": "Transport",
    "reworked_on_site": "Units reworked there",
    "scrapped_on_site": "Units scrapped there",
    "travel": "Travel",
    "shift": "Shift",
    "day": "Day",
    "from": "From",
    "to": "To",
}
_MADE = ("produced", "good")
_PERIOD = ("period", "day", "from", "to")


def facts_of(filled: dict[str, str], currency: str) -> list[tuple[str, str]]:
    """Label and value, in the order of the form; money that was paid with its currency."""
    values = filled | {name: f"{filled[name]} {currency}" for name in MONEY if name in filled}
    made = [(LABELS[name], values[name]) for name in _MADE if name in values]
    after = [
        (label, values[name])
        for name, label in LABELS.items()
        if name not in (*_MADE, *_PERIOD) and name in values
    ]
    return [("Period", period_shown(filled)), *made, *_rejects(filled), *after]


def _rejects(filled: dict[str, str]) -> list[tuple[str, str]]:
    stages = [name.removeprefix("reject:") for name in filled if name.startswith("reject:")]
    return [(f"Rejected at {stage}", " · ".join(_with_reason(filled, stage))) for stage in stages]


def _with_reason(filled: dict[str, str], stage: str) -> list[str]:
    return [filled[f"reject:{stage}"], *filter(None, [filled.get(f"reason:{stage}")])]


def period_shown(filled: dict[str, str]) -> str:
    if filled.get("period") == "span":
        start, end = (filled.get(name, "").replace("T", " ") for name in ("from", "to"))
        return f"{start} to {end}"
    return filled.get("day", "")


def when(kept: KeptEntry, book: RateBook) -> str:
    """When it was entered, as the plant's clock shows it."""
    site = book.sites.get(kept.plant)
    at = kept.entered_at.astimezone(site.calendar.zone) if site else kept.entered_at
    return f"{at:%Y-%m-%d %H:%M}"
