"""Restarts an embedded server that dies under a service, as an init system would."""

import asyncio
import errno
import logging

from copq.embedded_postgres.account import EmbeddedPostgresError
from copq.embedded_postgres.server import EmbeddedPostgres

LOOK_EVERY_S = 1.0
_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
log = logging.getLogger("copq.standalone")


async def keep_running(postgres: EmbeddedPostgres) -> None:
    """Restart the server whenever it dies, for ever. Postgres replays its log: no commit is lost.

    Meanwhile all who need it wait, as for any Postgres that is away. Raises
    `EmbeddedPostgresError`, with the end of the server's log, where it does not come up.
    """
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            if not postgres.runs():
                log.warning("the embedded Postgres has died: it is started again")
                await asyncio.to_thread(postgres.revive)
                log.warning("the embedded Postgres runs again")
        except (OSError, EmbeddedPostgresError) as error:
            if not _is_short_of_resources(error):
                raise
            log.warning("nobody can look after the embedded Postgres now: %s", error)


def _is_short_of_resources(error: BaseException | None) -> bool:
    """Whether this process lacks files or memory, which says nothing about Postgres."""
    if isinstance(error, EmbeddedPostgresError):
        return _is_short_of_resources(error.__cause__)
    return isinstance(error, OSError) and error.errno in _SHORTAGES
