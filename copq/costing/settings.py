"""The settings of a costing worker."""

from dataclasses import dataclass

from copq.kafka.brokers import Brokers

FETCH_BYTES = 400 * 1024
"""Bytes of one fetch from a partition. Priced, they still fit into one record batch: one round
trip."""


@dataclass(frozen=True, slots=True)
class CostingSettings:
    brokers: Brokers
    database: str
    group: str = "copq-costing"
    max_reject_share: float = 0.5
    session_timeout_s: float = 30.0
    """A worker that sends no heartbeat for this long loses its partitions to the others."""
    data: str = "/tmp/copq-faust"  # noqa: S108 - Faust insists on a folder; nothing is kept in it
