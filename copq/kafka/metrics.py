"""The metrics that all stages of the stream share. The label `stage` names the stage."""

from prometheus_client import Counter, Gauge, Histogram

_SIZES = (1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

EVENTS = Counter("copq_stream_events", "Events that a stage has finished", ["stage", "outcome"])
BATCH_EVENTS = Histogram(
    "copq_stream_batch_events", "Events of one batch", ["stage"], buckets=_SIZES
)
BATCH_SECONDS = Histogram(
    "copq_stream_batch_seconds", "Work on one batch", ["stage"], buckets=_SECONDS
)
LOG_CHANGES = Counter(
    "copq_stream_log_changes",
    "Partitions that are read again from the start, since their log is another one",
    ["stage", "topic"],
)
DELETED = Counter(
    "copq_stream_deleted_records", "Records that Kafka deleted unread", ["stage", "topic"]
)
RETRIES = Counter("copq_stream_retries", "Batches tried again after an error", ["stage"])
LAST_COMMIT = Gauge(
    "copq_stream_last_commit_timestamp_seconds",
    "When a stage last finished a batch; before the first batch, when the stage started",
    ["stage"],
)
LAG = Gauge("copq_stream_lag_events", "Messages not committed yet", ["stage", "topic", "partition"])
"""For the partitions of this worker: over all workers, each partition occurs once."""
STALLED = Gauge(
    "copq_stream_stalled_seconds",
    "Seconds for which a partition has had messages and no commit; 0 while it advances",
    ["stage", "topic", "partition"],
)
CLOCK_ERRORS = Counter(
    "copq_clock_errors",
    "Messages that Kafka refused because the clock of this host is more than an hour ahead",
    ["stage"],
)
REFUSED = Counter("copq_stream_rejected_events", "Events refused, by reason", ["code"])
RATES_REVISION = Gauge("copq_rate_book_revision", "Revision of the rate book in use")
"""Of the stage that prices events."""
