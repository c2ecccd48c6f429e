"""All metrics of the door."""

from prometheus_client import Counter

from copq.telemetry.timestamps import Timestamp

TURNED_AWAY = Counter(
    "copq_door_turned_away", "Requests that were not let in: unknown, expired, role, limit", ["why"]
)
TOKENS_READ = Timestamp(
    "copq_door_tokens_read_timestamp_seconds", "When the tokens were read last from Postgres"
)
