"""Group commit: items that arrive while a group is stored form the next group."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Passes items to `store` in order of arrival, one group at a time.

    A group weighs at most `most`, and has at least one item. An error of `store` is raised in each
    caller of the group.
    """

    def __init__(
        self,
        store: Callable[[list[Item]], Awaitable[list[Result]]],
        weigh: Callable[[Item], int],
        most: int,
    ) -> None:
        self._store = store
        self._weigh = weigh
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """The result of the item, after its group is stored."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            group = self._take()
            try:
                results = await self._store([item for item, _ in group])
            except Exception as error:
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), result in zip(group, results, strict=True):
                    if not future.done():
                        future.set_result(result)

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        group = [self._waiting.popleft()]
        weight = self._weigh(group[0][0])
        while self._waiting:
            weight += self._weigh(self._waiting[0][0])
            if weight > self._most:
                break
            group.append(self._waiting.popleft())
        return group
