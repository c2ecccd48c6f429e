"""UMH and Sparkplug histories make the same rollups as the same facts sent as our own events."""

from pathlib import Path

import pytest

from copq.access.sender import ANYONE, Sender
from copq.database.connections import OWNER, connected
from copq.figures.verify import verify
from copq.ingest.intake import Answer
from copq.ingest.mqtt.link import Link
from copq.ingest.mqtt.memory import Memory
from copq.standalone.intake import LedgerIntake, pool_of
from copq.web.unavailable import Unavailable
from tests.support.faults.processes import until
from tests.support.ingest.mqtt.broker import Mosquitto
from tests.support.ingest.mqtt.listing import reading
from tests.support.ingest.mqtt.recorded import (  # fmt: skip
    config_of,
    in_the_end,
    own_events,
    recorded,
    rollups,
    send,
    with_rates,
)

pytestmark = pytest.mark.mosquitto

HISTORIES = pytest.mark.parametrize("name", ["umh", "sparkplug"])


async def _own(dsn: str, name: str) -> list[dict[str, object]]:
    await with_rates(dsn)
    async with await pool_of(dsn, size=2) as pool:
        answers = await LedgerIntake(pool).accept(own_events(name))
    assert {answer.status.value for answer in answers} == {"accepted"}
    return await rollups(dsn)


@HISTORIES
async def test_a_history_makes_the_rollups_of_the_same_facts(
    mosquitto: Mosquitto, database: str, other_database: str, name: str
) -> None:
    wanted = await _own(other_database, name)
    assert len(wanted) > 10
    await with_rates(database)
    async with await pool_of(database, size=2) as pool:
        async with reading(config_of(name, mosquitto, f"history-{name}"), LedgerIntake(pool)):
            await send(mosquitto, recorded(name))

            async def same() -> bool:
                return await rollups(database) == wanted

            await until(same, "the rollups are those of our own events")
        async with connected(database, OWNER) as conn:
            assert await verify(conn) == []


@HISTORIES
@pytest.mark.parametrize("moment", ["before it is remembered", "before it is acknowledged"])
async def test_a_history_broken_off_at_each_message_counts_once(
    mosquitto: Mosquitto,
    database: str,
    other_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    moment: str,
) -> None:
    """Nothing is ever acknowledged but by the last process: each reads all that came before."""
    wanted = await _own(other_database, name)
    await with_rates(database)
    remembers = moment == "before it is acknowledged"
    text = config_of(name, mosquitto, f"{moment.split()[-1]}-{name}")
    async with await pool_of(database, size=2) as pool:
        intake = LedgerIntake(pool)
        for message in [None, *recorded(name)]:
            with monkeypatch.context() as patch:
                patch.setattr(Link, "ack", lambda self, messages: None)
                memory = Memory(tmp_path / "memory.sqlite")
                breaking = intake if remembers else _BreaksOff(intake)
                async with reading(text, breaking, memory):
                    if message:
                        await send(mosquitto, [message])
                memory.close()
        memory = Memory(tmp_path / "memory.sqlite")
        async with reading(text, intake, memory):

            async def same() -> bool:
                return await rollups(database) == wanted

            await until(same, "the rollups are those of our own events")
        async with connected(database, OWNER) as conn:
            assert await verify(conn) == []


async def test_what_was_set_anew_makes_the_rollups_of_what_is_true_in_the_end(
    mosquitto: Mosquitto, database: str, other_database: str
) -> None:
    await with_rates(other_database)
    async with await pool_of(other_database, size=2) as pool:
        await LedgerIntake(pool).accept(in_the_end("umh"))
    wanted = await rollups(other_database)
    await with_rates(database)

    async def same() -> bool:
        return await rollups(database) == wanted

    text = config_of("umh", mosquitto, "in-the-end")
    async with await pool_of(database, size=2) as pool, reading(text, LedgerIntake(pool)):
        await send(mosquitto, recorded("umh"))
        await until(same, "the rollups are those of the final facts")


class _BreaksOff:
    """Stores the events and seems to be away, so that their messages are done once more."""

    def __init__(self, intake: LedgerIntake) -> None:
        self._intake = intake

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        await self._intake.accept(raws, sender)
        raise Unavailable("broken off")
