"""Metrics of late bookings (events and entries that lacked a rate), and of standing costs."""

from prometheus_client import Counter

from copq.telemetry.timestamps import Timestamp

SETTLED = Counter("copq_settled_events", "Unpriced events priced later")
CONVERTED = Counter(
    "copq_converted_entries",
    "Entries booked again with a late exchange rate",
)
STANDING = Timestamp(
    "copq_standing_costs_posted_timestamp_seconds",
    "Start of the last production day with posted standing costs, of the plant furthest behind",
)
