"""Metrics of the summary."""

from copq.telemetry.timestamps import Timestamp

HELD = Timestamp(
    "copq_summary_held_timestamp_seconds",
    "When the summary of the ledger was last brought up to date",
)
OCCURRED_BEFORE = Timestamp(
    "copq_summary_occurred_before_timestamp_seconds",
    "While the summary takes in many entries in steps: it has those that occurred before then",
)
