"""The result of a batch in the metrics and the trace."""

from copq.costing import metrics
from copq.costing.batches import PricedBatch
from copq.kafka import metrics as stream_metrics


def count_batch(batch: PricedBatch, revision: int) -> None:
    """Count the events of a published batch, priced with this revision of the rate book."""
    stage = metrics.STAGE
    refused = batch.reasons.total()
    for outcome, number in (*batch.outcomes.items(), ("refused", refused)):
        stream_metrics.EVENTS.labels(stage, outcome).inc(number)
    for code, number in batch.reasons.items():
        stream_metrics.REFUSED.labels(code).inc(number)
    stream_metrics.BATCH_EVENTS.labels(stage).observe(batch.outcomes.total() + refused)
    stream_metrics.RATES_REVISION.set(revision)
    stream_metrics.LAST_COMMIT.labels(stage).set_to_current_time()


def span_attributes(batch: PricedBatch, partition: int) -> dict[str, str | int]:
    """The attributes of the batch's span."""
    refused = batch.reasons.total()
    return {
        "messaging.destination.partition.id": str(partition),
        "messaging.batch.message_count": batch.outcomes.total() + refused,
        "copq.refused": refused,
    }
