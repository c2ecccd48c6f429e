"""Where a service listens: a port that is taken, and who waits while it is unknown who sends."""

import asyncio
import socket
from pathlib import Path

import pytest

from copq.access.door import Bearer, Role
from copq.access.sender import Sender
from copq.access.token_door import TokenDoor
from copq.ingest.http.events import WAITING
from copq.ingest.mqtt.config_file import read_config
from copq.ingest.mqtt.service import MqttSource, beside_mqtt
from copq.web.serving import CannotListen
from copq.web.unavailable import Unavailable
from tests.support.access.serving import grant
from tests.support.building import defect
from tests.support.faults.processes import COPQ
from tests.support.ingest.http.serving import JSON, Kept, served
from tests.support.ingest.mqtt.listing import config_text

AT = "2026-03-02T10:00:00Z"
STRANGER = "copq_0123456789ab_" + "x" * 43


@pytest.mark.parametrize("command", ["up", "reporting"])
async def test_a_port_in_use_is_told_with_exit_code_3_and_no_address_before(
    database: str, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = await asyncio.create_subprocess_exec(
            COPQ, command, "--database", database, "--port", port,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 3
    said = " ".join(err.decode().split())
    assert f"cannot listen on 127.0.0.1:{port}: something listens there already" in said
    assert b"http://" not in out and "Traceback" not in said


async def test_what_fails_beside_mqtt_is_known_by_its_own_type(tmp_path: Path) -> None:
    async def main() -> None:
        raise CannotListen("the port is taken")

    file = tmp_path / "mqtt.yaml"
    file.write_text(config_text(1, '  - {topic: "x/{plant}/{line}", format: copq}'))
    source = MqttSource(read_config(file), tmp_path)
    with pytest.raises(CannotListen, match="the port is taken"):
        await asyncio.wait_for(beside_mqtt(main(), source, Kept(), asyncio.Event()), 30)


class Knows:
    """Knows one token; all others wait for a Postgres that hangs."""

    def __init__(self) -> None:
        self.waiting = 0
        self.over = asyncio.Event()

    def knows(self, token: str | None) -> bool:
        return token == "known"

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        if not self.knows(token):
            self.waiting += 1
            await self.over.wait()
            raise Unavailable("Postgres is away")
        return Bearer(Role.OPERATOR, Sender("press-4"))

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        """Nothing is counted."""


async def test_unknown_tokens_take_no_place_from_known_ones() -> None:
    door = Knows()
    async with served(Kept(), door) as service:

        async def send(token: str) -> int:
            headers = {**JSON, "authorization": f"Bearer {token}"}
            return (await service.post(defect("e", AT), headers)).status_code

        many = [asyncio.create_task(send("stranger")) for _ in range(WAITING + 20)]
        done, _ = await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
        assert {task.result() for task in done} == {503}
        assert await send("known") == 202
        door.over.set()
        assert set(await asyncio.gather(*many)) == {503}
        assert door.waiting <= WAITING


async def test_the_door_knows_what_it_need_not_look_up(database: str) -> None:
    token = await grant(database, "press-4")
    door = TokenDoor(database)
    assert not door.knows(token), "nothing is read yet"
    reading = asyncio.create_task(door.run())
    await door.admit(token)
    assert door.knows(token) and door.knows(None) and door.knows("no token at all")
    assert not door.knows(STRANGER)
    reading.cancel()
