"""The result of a batch in the metrics, the log and the trace."""

import logging

from copq.aggregator import metrics
from copq.aggregator.booking import BookedBatch
from copq.aggregator.fetched_batch import Fetched
from copq.kafka import metrics as stream_metrics

log = logging.getLogger(__name__)


def count_batch(fetched: Fetched, booked: BookedBatch) -> None:
    """Count the records of a committed batch by outcome, and report those below the fence."""
    for outcome, number in _outcomes(fetched, booked).items():
        stream_metrics.EVENTS.labels(metrics.STAGE, outcome).inc(max(number, 0))
    for refused in fetched.broken:
        stream_metrics.REFUSED.labels(refused.code).inc()
    stream_metrics.BATCH_EVENTS.labels(metrics.STAGE).observe(len(fetched))
    stream_metrics.LAST_COMMIT.labels(metrics.STAGE).set_to_current_time()
    _report_fenced(booked, fetched.reading.topic)


def span_attributes(fetched: Fetched, booked: BookedBatch) -> dict[str, int]:
    """The attributes of the batch's span; `fenced` are records that Kafka delivered again."""
    return {
        "messaging.batch.message_count": len(fetched),
        "copq.fresh": booked.posted.fresh,
        "copq.duplicates": _duplicates(fetched, booked),
        "copq.rejected": len(booked.posted.taken),
        "copq.fenced": booked.fenced,
    }


def _outcomes(fetched: Fetched, booked: BookedBatch) -> dict[str, int]:
    """`fenced` are records that Kafka delivered again, `duplicate` events that were already known,
    `rejected` events whose ids belong to other events, and `refused` records that are not
    events."""
    known = booked.fenced - booked.unknown
    return {
        "posted": booked.posted.fresh - booked.unknown,
        "duplicate": _duplicates(fetched, booked) - known,
        "rejected": len(booked.posted.taken),
        "refused": len(fetched.broken),
        "fenced": known,
        "fenced_unknown": booked.unknown,
    }


def _report_fenced(booked: BookedBatch, topic: str) -> None:
    if known := booked.fenced - booked.unknown:
        log.info("%d records were delivered again and are already booked", known)
    if booked.unknown:
        log.error(
            "%d of %d records below the fence were not in the ledger, and are booked now: the "
            "fence of %s was not that of its log. See the runbook kafka-lost-data",
            booked.unknown, booked.fenced, topic,
        )  # fmt: skip


def _duplicates(fetched: Fetched, booked: BookedBatch) -> int:
    return fetched.batch.events - booked.posted.fresh - len(booked.posted.taken)
