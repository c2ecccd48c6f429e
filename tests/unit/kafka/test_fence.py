"""Where a stage reads on: at its fence, or at the start of a log that is another one."""

import pytest
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from copq.costing.commit_fence import commit_of, fence_of
from copq.kafka.fence import Fence, LogState, Place, fence_after, place_in
from copq.kafka.identity import LogIdentity, fingerprint

LOG, LATER, OTHER = LogIdentity("a", 1), LogIdentity("a", 3), LogIdentity("b", 0)
FENCE = Fence(10, LOG, "known")

CASES = {
    "as it was": (LogState(LOG, 0, 20, "known"), FENCE, Place(10)),
    "another leader of the same log": (LogState(LATER, 0, 20, "known"), FENCE, Place(10)),
    "all is read": (LogState(LOG, 0, 10, "known"), FENCE, Place(10)),
    "what was read is deleted": (LogState(LOG, 10, 20), FENCE, Place(10)),
    "what was not read is deleted": (LogState(LOG, 15, 20), FENCE, Place(15, deleted=True)),
    "never read": (LogState(LOG, 0, 20), Fence(), Place(0)),
    "never read, and the start is deleted": (LogState(LOG, 5, 20), Fence(), Place(5)),
    "made again": (
        LogState(OTHER, 0, 20, "known"), FENCE, Place(0, "the topic was deleted and made again"),
    ),
    "made again and empty": (
        LogState(OTHER, 0, 0), FENCE, Place(0, "the topic was deleted and made again"),
    ),
    "cut": (LogState(LATER, 2, 9), FENCE, Place(2, "the log ends at 9, before 10")),
    "cut and filled again": (
        LogState(LATER, 2, 20, "another"), FENCE, Place(2, "another record lies at offset 9 now"),
    ),
    "restored, with the same leader epoch": (
        LogState(LOG, 0, 20, "another"), FENCE, Place(0, "another record lies at offset 9 now"),
    ),
    "no record lies there any more": (
        LogState(LOG, 0, 20, None), FENCE, Place(0, "another record lies at offset 9 now"),
    ),
    "brokers without topic ids": (
        LogState(LogIdentity(), 0, 20, "known"), Fence(10, LogIdentity(), "known"), Place(10),
    ),
    "a commit of somebody else has an offset alone": (LogState(LOG, 0, 20), Fence(10), Place(10)),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "fence", "place"), CASES.values(), ids=CASES.keys())
def test_a_stage_reads_on_at_its_fence_in_its_own_log_only(
    seen: LogState, fence: Fence, place: Place
) -> None:
    assert place_in(seen, fence) == place


def record(**changes: object) -> ConsumerRecord:
    values = {
        "topic": "t", "partition": 0, "offset": 9, "timestamp": 5, "timestamp_type": 0,
        "key": b"k", "value": b"v", "checksum": None, "serialized_key_size": 1,
        "serialized_value_size": 1, "headers": (),
    }  # fmt: skip
    return ConsumerRecord(**{**values, **changes})


@pytest.mark.parametrize(
    "other",
    [{"timestamp": 6}, {"key": None}, {"key": b""}, {"value": None}, {"key": b"kv", "value": b""}],
)
def test_a_fingerprint_tells_records_apart(other: dict[str, object]) -> None:
    assert fingerprint(record(**other)) != fingerprint(record())
    assert fingerprint(record(offset=7, headers=(("h", b""),))) == fingerprint(record())


def test_a_fence_survives_as_a_commit_to_kafka() -> None:
    fence = fence_after([record()], LOG)
    assert fence.next_offset == 10
    assert fence_of(commit_of(fence)) == fence


@pytest.mark.parametrize("metadata", ["", "a:b", "a:b:c", "no fence of ours"])
def test_a_commit_that_somebody_else_made_is_an_offset_alone(metadata: str) -> None:
    assert fence_of(OffsetAndMetadata(7, metadata)) == Fence(7)
