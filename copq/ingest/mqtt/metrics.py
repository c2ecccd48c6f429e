"""All metrics of the MQTT way in."""

from prometheus_client import Counter, Gauge, Histogram

from copq.telemetry.timestamps import Timestamp

MESSAGES = Counter(
    "copq_mqtt_messages", "Messages acknowledged, by format and outcome", ["format", "outcome"]
)
"""Outcomes: events, noted (it makes none by itself), refused, ignored, redelivered."""

REFUSED = Counter(
    "copq_mqtt_refused", "Messages and metrics refused, by format and code", ["format", "code"]
)
"""Each is in the log and in `copq rejected list`."""

UNCOUNTED = Counter(
    "copq_mqtt_uncounted_readings", "Sparkplug readings that add nothing, by reason", ["reason"]
)
"""Reasons: held (the next reading decides), dip, counted_already, too_late. Each is in the log."""

EVENTS = Counter("copq_mqtt_events", "Events made of messages, by what the intake said", ["status"])
CONNECTED = Gauge("copq_mqtt_connected", "1 while connected to the broker")
CONNECTIONS = Counter("copq_mqtt_connections", "Connections made to the broker")
UNAVAILABLE = Counter("copq_mqtt_unavailable", "Batches handed over again: the intake was away")
REBIRTHS = Counter("copq_mqtt_rebirths", "Sparkplug nodes asked for a new birth certificate")
BATCH_SECONDS = Histogram("copq_mqtt_batch_seconds", "One batch, from taken to acknowledged")
LAST_ACKED = Timestamp("copq_mqtt_last_batch_timestamp_seconds", "When a batch was acknowledged")
