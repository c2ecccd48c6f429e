"""What a costing worker is told."""

from dataclasses import dataclass

from copq.kafka.brokers import Brokers

FETCH_BYTES = 400 * 1024
"""From one partition at once: priced, it still fits into one record batch, so one round trip."""


@dataclass(frozen=True, slots=True)
class CostingSettings:
    brokers: Brokers
    database: str
    group: str = "copq-costing"
    max_reject_share: float = 0.5
    session_timeout_s: float = 30.0
    """A worker without a sign of life for this long loses its partitions to the others."""
    data: str = "/tmp/copq-faust"  # noqa: S108 - Faust insists on a folder; nothing is kept in it
