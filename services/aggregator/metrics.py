"""All metrics of the aggregator alone; `services/kafka/metrics.py` has those of any stage."""

from prometheus_client import Counter

STAGE = "aggregator"

SETTLED = Counter("copq_settled_events", "Unpriced events priced again")
KEPT = Counter("copq_rejected_kept_messages", "Refused messages kept with their bytes")
CONVERTED = Counter(
    "copq_converted_entries",
    "Entries booked again because an exchange rate came that they lacked",
)
