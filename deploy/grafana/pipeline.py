"""Pipeline: for the operator of the service, at night."""

from typing import Any

from deploy.grafana import links
from deploy.grafana.looks import BYTES, COUNT, PER_SECOND, SECONDS, thresholds
from deploy.grafana.page import board
from deploy.grafana.panels import course, one

GONE = "no worker is seen"
LATE = thresholds((None, "text"), (60, "semi-dark-orange"), (120, "semi-dark-red"))


def pipeline() -> Any:
    panels = [
        one("Events behind", "sum(copq_stream_lag_events)", COUNT, "Over all stages.",
            without=GONE),
        one("Since the last batch: the longest",
            "max(time() - copq_stream_last_commit_timestamp_seconds)", SECONDS,
            "Of the worker that waits longest; an idle plant has none either.", without=GONE),
        one("Age of the figures", "time() - max(copq_figures_timestamp_seconds)", SECONDS,
            "Where the exporter is gone there is none.", limits=LATE,
            without="no figures come: see the alerts"),
        one("Without a price", "sum(copq_unpriced_events) or vector(0)", COUNT,
            "Events that wait until finance adds what is missing.", links.UNPRICED),
        one("Refused, waiting", "sum(copq_rejected_waiting_events) or vector(0)", COUNT,
            "Messages that wait to be replayed."),
        one("Series left out", "sum(copq_exporter_series_dropped)", COUNT, "By --max-series.",
            without="none, or no exporter"),
        course("Throughput", PER_SECOND, "Events a second, by stage and outcome.",
               ("copq:stream:events_per_second", "{{stage}} {{outcome}}")),
        course("Lag", COUNT, "Messages not committed yet.",
               ("copq_stream_lag_events", "{{stage}} {{partition}}")),
        course("A batch takes", SECONDS, "95 of 100 batches take at most this.",
               ("histogram_quantile(0.95, sum by (stage, le) "
                "(rate(copq_stream_batch_seconds_bucket[$__rate_interval])))", "{{stage}}")),
        course("Events in a batch", COUNT, "On average.",
               ("sum by (stage) (rate(copq_stream_batch_events_sum[$__rate_interval])) / "
                "sum by (stage) (rate(copq_stream_batch_events_count[$__rate_interval]))",
                "{{stage}}")),
        course("Refused, by reason", PER_SECOND, "Messages a second.",
               ("sum by (code) (rate(copq_stream_rejected_events_total[$__rate_interval]))",
                "{{code}}")),
        course("Tried again", PER_SECOND, "Batches a second.",
               ("sum by (stage) (rate(copq_stream_retries_total[$__rate_interval]))", "{{stage}}")),
        course("Age of the newest event, by line", SECONDS, "A silent line climbs.",
               ("copq:newest_event:age_seconds", "{{plant}} {{line}}")),
        course("Computing the figures", SECONDS, "On average, of the exporter.",
               ("rate(copq_exporter_refresh_seconds_sum[$__rate_interval]) / "
                "rate(copq_exporter_refresh_seconds_count[$__rate_interval])", "seconds")),
        course("Memory", BYTES, "Of each process.",
               ("process_resident_memory_bytes{job=~\"copq.*\"}", "{{job}} {{instance}}")),
        course("Series of figures", COUNT, "Shown, and the limit.",
               ("copq_exporter_series", "shown"), ("copq_exporter_series_limit", "limit")),
    ]  # fmt: skip
    says = "Whether events are lost or late, and where."
    return board("copq-pipeline", "Pipeline", says, [], panels, "now-3h")
