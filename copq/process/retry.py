"""Trying again what failed because a server was away: one way for the whole product."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

T = TypeVar("T")

Errors = type[Exception] | tuple[type[Exception], ...]
Wait = Callable[[RetryCallState], float]
"""The seconds before the next attempt: `tenacity.wait_fixed`, `wait_exponential`, or your own."""
Report = Callable[[BaseException, float], None]
"""Logs or counts an error; the number is how many seconds pass before the next attempt."""


async def keep_trying(
    work: Callable[[], Awaitable[T]], on: Errors, wait: Wait, report: Report, *, but: Errors = (),
    pause: Callable[[float], Awaitable[None]] | None = None, patience_s: float = math.inf,
) -> T:  # fmt: skip
    """The result of `work`, which is called again after each error in `on`.

    Any other error is raised at once, and so is one in `but`, which may be in `on` too. Once the
    waits amount to `patience_s`, the last error is raised. A cancellation ends an attempt and a
    wait; so does an error that `pause` raises.
    """

    async def attempt() -> T:
        return await work()

    def is_temporary(error: BaseException) -> bool:
        return isinstance(error, on) and not isinstance(error, but)

    trying = AsyncRetrying(
        retry=retry_if_exception(is_temporary),
        wait=wait, sleep=pause or asyncio.sleep, reraise=True,
        before_sleep=lambda state: report(error_of(state), state.upcoming_sleep),
        stop=lambda state: state.idle_for >= patience_s,
    )  # fmt: skip
    return await trying(attempt)


class Backoff:
    """A wait that doubles, from the first one to the longest, until `reset`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._next_s = first_s

    def reset(self) -> None:
        """Begin with the first wait again: what failed has worked."""
        self._next_s = self._first_s

    def next_s(self) -> float:
        """The next wait, in seconds."""
        wait_s, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        return wait_s

    def __call__(self, _: RetryCallState) -> float:
        return self.next_s()


def error_of(state: RetryCallState) -> BaseException:
    """The error of the last attempt, for a wait that depends on it."""
    error = state.outcome.exception() if state.outcome else None
    assert error is not None, "only failed attempts are followed by a wait"
    return error
