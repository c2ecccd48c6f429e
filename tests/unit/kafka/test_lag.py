"""How far behind, and since when a partition does not get on."""

import logging

import pytest

from copq.kafka.lag import PartitionLag, Stalls, _Watch, lag_of
from copq.telemetry.health import Health


@pytest.mark.parametrize(
    ("start", "end", "done", "lag"),
    [
        (0, 10, 10, 0),
        (0, 10, 4, 6),
        (7, 10, 4, 3),  # the first were deleted
        (0, 10, 16_011, 10),  # the commit is of another log, of which nothing is done
        (0, 0, 16_011, 0),
    ],
)
def test_lag_is_what_is_not_done_of_the_log_as_it_is(
    start: int, end: int, done: int, lag: int
) -> None:
    assert lag_of(start, end, done) == lag


_MEASURED = ((0, 5, 3), (10, 9, 3), (20, 4, 8), (30, 4, 8), (40, 0, 12), (90, 0, 12))
"""Seconds, lag, and offset that is committed."""


def test_a_partition_stalls_while_it_has_records_and_no_commit() -> None:
    now = [0.0]
    stalls = Stalls(lambda: now[0])
    seen = []
    for now[0], lag, done in (
        (0, 5, 3),
        (10, 9, 3),
        (20, 4, 8),
        (30, 4, 8),
        (40, 0, 12),
        (90, 0, 12),
    ):
        seen.append(stalls.seconds({1: PartitionLag(lag, done)})[1])
    assert seen == [0, 10, 0, 10, 0, 0]


def test_a_stuck_partition_is_named_and_its_worker_is_not_ready(
    caplog: pytest.LogCaptureFixture,
) -> None:
    health = Health(lambda: 0)
    health.mark_turn()
    health.missing = None
    watch = _Watch("costing", "quality.events", health, stuck_s=0)
    watch._stalls = Stalls(lambda: 0)
    watch._stuck_s = 1e-9
    watch.show({0: PartitionLag(0, 7), 3: PartitionLag(2_000, 1)})
    assert health.unready() is None
    watch._stalls._clock = lambda: 61
    with caplog.at_level(logging.ERROR):
        watch.show({0: PartitionLag(0, 7), 3: PartitionLag(2_000, 1)})
    assert "quality.events, partition 3: 2000 records after offset 1" in (health.unready() or "")
    assert "partition 0" not in caplog.text
    watch.show({0: PartitionLag(0, 7), 3: PartitionLag(0, 2_001)})
    assert health.unready() is None
