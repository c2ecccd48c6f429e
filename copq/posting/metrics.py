"""Metrics of late bookings: events and entries that lacked a rate."""

from prometheus_client import Counter

SETTLED = Counter("copq_settled_events", "Unpriced events priced later")
CONVERTED = Counter(
    "copq_converted_entries",
    "Entries booked again with a late exchange rate",
)
