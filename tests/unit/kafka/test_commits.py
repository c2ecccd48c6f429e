"""What a group has committed is known, or an error says that it is not."""

from typing import Any

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    UnknownTopicOrPartitionError,
)
from aiokafka.protocol.commit import OffsetFetchResponse_v3
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from copq.kafka.commits import commits

PLACES = [TopicPartition("events", partition) for partition in range(3)]
LOADING, NOT_COORDINATOR, DENIED, UNKNOWN_TOPIC = 14, 16, 30, 3


class Group:
    """A consumer whose group's broker gives one answer."""

    def __init__(self, answer: OffsetFetchResponse_v3) -> None:
        self._coordinator, self._answer = self, answer
        self.group_id, self.is_left = "group", False
        self.asked: Any = None

    async def ensure_coordinator_known(self) -> None:
        pass

    async def _send_req(self, request: Any) -> OffsetFetchResponse_v3:
        self.asked = request._partitions
        return self._answer

    def coordinator_dead(self) -> None:
        self.is_left = True


def answered(*partitions: tuple[int, int, str, int], error_code: int = 0) -> Any:
    topics = [("events", list(partitions))] if partitions else []
    return Group(OffsetFetchResponse_v3(0, topics, error_code))


async def test_a_place_without_a_commit_is_left_out() -> None:
    group = answered((0, 7, "note", 0), (1, -1, "", 0), (2, 0, "", 0))
    assert await commits(group, PLACES) == {
        PLACES[0]: OffsetAndMetadata(7, "note"), PLACES[2]: OffsetAndMetadata(0, ""),
    }  # fmt: skip
    assert group.asked == [("events", [0, 1, 2])]


@pytest.mark.parametrize(
    ("error_code", "error"),
    [(LOADING, GroupLoadInProgressError), (DENIED, GroupAuthorizationFailedError)],
)
async def test_a_broker_that_cannot_say_it_is_an_error_and_not_a_group_without_commits(
    error_code: int, error: type[Exception]
) -> None:
    group = answered(error_code=error_code)
    with pytest.raises(error):
        await commits(group, PLACES)
    assert not group.is_left


async def test_an_error_of_one_partition_is_an_error() -> None:
    with pytest.raises(UnknownTopicOrPartitionError):
        await commits(answered((0, 7, "", 0), (1, -1, "", UNKNOWN_TOPIC)), PLACES)


async def test_a_broker_that_has_not_the_group_any_more_is_left() -> None:
    group = answered(error_code=NOT_COORDINATOR)
    with pytest.raises(NotCoordinatorForGroupError):
        await commits(group, PLACES)
    assert group.is_left
