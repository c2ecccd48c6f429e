"""What fails because a server is away is tried again, and nothing else is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tenacity import RetryCallState, wait_exponential, wait_fixed

from copq.process.retry import Backoff, error_of, keep_trying

AT_ONCE = wait_fixed(0)


def failing(*errors: BaseException) -> Callable[[], Awaitable[str]]:
    """Work that raises these errors, one at a call, and then ends."""
    left = list(errors)

    async def work() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


class Waits:
    """What was reported, and how long each wait was; no time passes."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, float]] = []
        self.slept: list[float] = []

    def report(self, error: BaseException, seconds: float) -> None:
        self.reported.append((str(error), seconds))

    async def pause(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_work_is_tried_again_until_it_is_done_and_each_error_is_reported() -> None:
    waits = Waits()
    work = failing(OSError("away"), OSError("still away"))
    result = await keep_trying(work, OSError, wait_fixed(3), waits.report, pause=waits.pause)
    assert result == "done"
    assert waits.reported == [("away", 3), ("still away", 3)]
    assert waits.slept == [3, 3]


async def test_waits_double_up_to_the_longest() -> None:
    waits = Waits()
    wait = wait_exponential(multiplier=0.1, max=1)
    work = failing(*[OSError("away")] * 6)
    await keep_trying(work, OSError, wait, waits.report, pause=waits.pause)
    assert waits.slept == [0.1, 0.2, 0.4, 0.8, 1, 1]


async def test_a_wait_may_depend_on_the_error() -> None:
    waits = Waits()

    def wait(state: RetryCallState) -> float:
        return float(str(error_of(state)))

    await keep_trying(
        failing(OSError("5"), OSError("7")), OSError, wait, waits.report, pause=waits.pause
    )
    assert waits.slept == [5, 7]


async def test_another_error_is_raised_at_once() -> None:
    waits = Waits()
    with pytest.raises(ValueError, match="wrong"):
        await keep_trying(failing(ValueError("wrong")), OSError, AT_ONCE, waits.report)
    assert waits.reported == []


async def test_the_error_is_raised_once_the_waits_amount_to_the_patience() -> None:
    waits = Waits()
    work = failing(*[OSError(str(n)) for n in range(9)])
    with pytest.raises(OSError, match="3"):
        await keep_trying(
            work, OSError, wait_fixed(4), waits.report, pause=waits.pause, patience_s=10
        )
    assert waits.slept == [4, 4, 4]


@pytest.mark.parametrize("longest", ["wait", "attempt"])
async def test_a_cancellation_ends_the_attempt_and_the_wait(longest: str) -> None:
    async def work() -> None:
        if longest == "wait":
            raise OSError
        await asyncio.sleep(60)

    trying = asyncio.create_task(keep_trying(work, OSError, wait_fixed(60), Waits().report))
    await asyncio.sleep(0.01)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(trying, 1)


async def test_an_error_of_the_pause_ends_it() -> None:
    class StoppedError(Exception):
        pass

    async def pause(_: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        await keep_trying(failing(OSError()), OSError, AT_ONCE, Waits().report, pause=pause)


async def test_an_error_that_is_excluded_is_raised_at_once_though_its_kind_is_tried_again() -> None:
    waits = Waits()
    with pytest.raises(BrokenPipeError):
        await keep_trying(
            failing(BrokenPipeError()), OSError, AT_ONCE, waits.report, but=BrokenPipeError
        )
    assert waits.reported == []


def test_a_backoff_doubles_and_begins_again_after_a_reset() -> None:
    backoff = Backoff(0.5, 3)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1, 2, 3, 3]
    backoff.reset()
    assert [backoff.next_s() for _ in range(2)] == [0.5, 1]
