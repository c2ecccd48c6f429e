"""All metrics of the aggregator."""

from prometheus_client import Counter, Gauge, Histogram

POSTED = Counter("copq_aggregator_events", "Events posted for the first time")
DUPLICATES = Counter("copq_aggregator_duplicates", "Events whose id was known already")
FENCED = Counter("copq_aggregator_fenced", "Messages below the fence: delivered again by Kafka")
POST_SECONDS = Histogram("copq_aggregator_post_seconds", "One batch in Postgres, commit included")
RETRIES = Counter("copq_aggregator_retries", "Batches posted again after an error")
SETTLED = Counter("copq_aggregator_settled", "Unpriced events priced anew")
REJECTED = Counter("copq_aggregator_rejected", "Refused messages kept")
LAST_COMMIT = Gauge("copq_aggregator_last_commit_timestamp_seconds", "When a batch was committed")
