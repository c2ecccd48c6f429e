"""The metrics of costing alone; `copq/kafka/metrics.py` has those of every stage."""

from prometheus_client import Counter, Gauge

STAGE = "costing"

REFUSED = Counter("copq_stream_rejected_events", "Events refused, by reason", ["code"])
RATES_REVISION = Gauge("copq_rate_book_revision", "Revision of the rate book in use")
