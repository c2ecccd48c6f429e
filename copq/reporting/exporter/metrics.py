"""The exporter's metrics of itself; `figures.py` has those of its figures."""

from prometheus_client import Counter, Histogram

from copq.telemetry.timestamps import Timestamp

REFRESHES = Counter(
    "copq_exporter_refreshes", "Times the figures were recomputed, by outcome", ["outcome"]
)
REFRESH_SECONDS = Histogram(
    "copq_exporter_refresh_seconds", "Reading Postgres and rendering the figures once"
)
LAST_SUCCESS = Timestamp(
    "copq_exporter_last_success_timestamp_seconds", "When the figures were last recomputed"
)
