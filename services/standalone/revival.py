"""An embedded server that dies under a service is started again, as an init system would."""

import asyncio
import logging

from services.standalone.postgres import EmbeddedPostgres

LOOK_EVERY_S = 1.0
log = logging.getLogger("services.standalone")


async def keep_running(postgres: EmbeddedPostgres) -> None:
    """For ever. What was committed is there again: Postgres replays its log first.

    Meanwhile all who need it wait, as for any Postgres that is away. Raises
    `EmbeddedPostgresError`, with the end of the server's log, where it does not come up.
    """
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if not postgres.runs():
            log.warning("the embedded Postgres has died: it is started again")
            await asyncio.to_thread(postgres.revive)
            log.warning("the embedded Postgres runs again")
