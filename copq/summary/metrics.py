"""Metrics of the summary."""

from copq.telemetry.timestamps import Timestamp

HELD = Timestamp(
    "copq_summary_held_timestamp_seconds",
    "When the summary of the ledger was last brought up to date",
)
