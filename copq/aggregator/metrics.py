"""The metrics of the aggregator alone; `copq/kafka/metrics.py` has those of every stage."""

from prometheus_client import Counter

STAGE = "aggregator"

KEPT = Counter("copq_rejected_kept_messages", "Refused messages kept with their bytes")
