"""Metrics of packs that are sent by a schedule."""

from prometheus_client import Counter, Gauge

from copq.telemetry.timestamps import Timestamp

SENT = Counter("copq_packs_sent_total", "Packs that were sent, by mail or into a folder", ["way"])
FAILED = Counter("copq_pack_failures_total", "Attempts to send a pack that failed", ["way"])
WAITING = Gauge(
    "copq_packs_waiting", "Packs that are due and not sent yet, by the schedule of this service"
)
LOOKED = Timestamp(
    "copq_packs_looked_timestamp_seconds",
    "When the schedule of packs was last looked at; no sample without a schedule",
)
