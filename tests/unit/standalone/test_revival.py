"""What a process that is short of open files makes of its embedded Postgres: nothing."""

import asyncio
import errno
from contextlib import suppress
from typing import Any

import pytest

from copq.embedded_postgres import revival
from copq.embedded_postgres.account import EmbeddedPostgresError


class Postgres:
    """Raises or answers what the test says, look by look."""

    def __init__(self, *looks: bool | OSError, revived: Exception | None = None) -> None:
        self._looks = list(looks)
        self._revived = revived
        self.revivals = 0
        self.seen = asyncio.Event()

    def runs(self) -> bool:
        if not self._looks:
            self.seen.set()
            return True
        look = self._looks.pop(0)
        if isinstance(look, OSError):
            raise look
        return look

    def revive(self) -> None:
        self.revivals += 1
        if self._revived is not None:
            raise self._revived


async def looked_after(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revival, "LOOK_EVERY_S", 0.001)
    running = asyncio.create_task(revival.keep_running(postgres))
    seen = asyncio.create_task(postgres.seen.wait())
    await asyncio.wait([running, seen], return_when=asyncio.FIRST_COMPLETED, timeout=5)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
async def test_no_more_files_to_open_is_no_death(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres = Postgres(OSError(number, "too many"), OSError(number, "too many"))
    await looked_after(postgres, monkeypatch)
    assert postgres.seen.is_set() and not postgres.revivals


async def test_a_revival_without_files_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    short = EmbeddedPostgresError("cannot start Postgres again")
    short.__cause__ = OSError(errno.EMFILE, "too many open files")
    postgres = Postgres(False, False, revived=short)
    await looked_after(postgres, monkeypatch)
    assert postgres.seen.is_set() and postgres.revivals == 2


async def test_one_that_does_not_come_up_ends_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    postgres = Postgres(False, revived=EmbeddedPostgresError("its log ends with: no space"))
    with pytest.raises(EmbeddedPostgresError, match="no space"):
        await looked_after(postgres, monkeypatch)
