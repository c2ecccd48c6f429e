"""All metrics of the costing service."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("copq_costing_events", "Events read, by outcome", ["outcome"])
REJECTED = Counter("copq_costing_rejected", "Events refused, by reason", ["code"])
BATCH_SECONDS = Histogram("copq_costing_batch_seconds", "Pricing of one batch")
PUBLISH_RETRIES = Counter("copq_costing_publish_retries", "Batches published again after an error")
RATES_REVISION = Gauge("copq_costing_rates_revision", "Revision of the rate book in use")
LAST_ACKED = Gauge("copq_costing_last_batch_timestamp_seconds", "When a batch was last published")
