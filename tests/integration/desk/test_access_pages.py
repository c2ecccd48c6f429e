"""Tokens by form: made, shown once, revoked; and sessions that an administrator ends."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from copq.access.door import OpenDoor, Role
from copq.access.session import Access, Person, new_session_id
from copq.access.session_store import Times, begin_session
from copq.access.token import fits
from copq.database.connections import DatabaseRole, connected
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import plant, rates
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import Browser

PATH = "/admin"
ROOT, SAM = (
    {"Authorization": f"Bearer {who}"} for who in ("admin:root", "admin:sam:south")
)  # fmt: skip

CARLA: dict[str, Any] = {"name": "carla", "role": "finance", "plant:north": "on"}
OWN: dict[str, Any] = {"name": "own", "role": "operator", "plant:south": "on"}


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    async with desk_client(database) as client:
        yield client


def token_in(page: str) -> str:
    [found] = re.findall(r'<code class="secret">([^<]+)</code>', page)
    return str(found)


async def test_a_token_is_shown_once_and_revoked(desk: DeskClient, database: str) -> None:
    root = Browser(desk.client, ROOT)
    assert "There is none" in await root.open(PATH)
    before = root.page
    page = await root.send(
        f"{PATH}/tokens", name="press-7", role="operator", lines="north/L1, south/L1",
        expires="90d", events_per_second="50", why="new press",
    )  # fmt: skip
    [stored] = await run(database, "select hash, created_by, lines::text from copq.token")
    assert fits(token_in(page), stored["hash"]) and stored["created_by"] == "root"
    assert stored["lines"] == '[["north", "L1"], ["south", "L1"]]'
    root.page = before
    again = await root.send(
        f"{PATH}/tokens", name="press-7", role="operator", lines="north/L1, south/L1",
        expires="90d", events_per_second="50", why="new press",
    )  # fmt: skip
    assert "secret" not in again and "was made by the first press" in again
    listed = await root.open(PATH)
    assert "press-7" in listed and "north/L1, south/L1" in listed and "never" in listed
    await root.open(f"{PATH}?revoke=press-7")
    gone = await root.send(f"{PATH}/tokens/revoke", name="press-7", why="lost")
    assert "Revoked: it is refused" in gone and "by root" in gone
    [row] = await run(
        database, "select who, why from copq.audit where subject = 'copq.token' "
        "order by seq desc limit 1"
    )  # fmt: skip
    assert (row["who"], row["why"]) == ("root", "lost")


async def test_an_admin_of_one_plant_makes_tokens_for_it_alone(desk: DeskClient) -> None:
    root, sam = Browser(desk.client, ROOT), Browser(desk.client, SAM)
    await root.open(PATH)
    await root.send(f"{PATH}/tokens", **CARLA)
    page = await sam.open(PATH)
    assert "carla" not in page and "All of south" in page and "All of north" not in page
    refused = await sam.send(f"{PATH}/tokens", 403, name="all", role="operator")
    assert "Nothing was changed" in refused and 'value="all"' in refused
    assert "secret" in await sam.send(f"{PATH}/tokens", **OWN)
    await sam.send(f"{PATH}/tokens/revoke", 403, name="carla")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "Name: fill it in"), ({"expires": "soon"}, "expires is 12h"),
        ({"lines": "north"}, "write it as PLANT/LINE"), ({"role": "boss"}, "Role: "),
        ({"events_per_second": "0"}, "Events a second: "),
    ],
)  # fmt: skip
async def test_a_wrong_token_is_told_at_its_field(
    desk: DeskClient, wrong: dict[str, str], says: str
) -> None:
    root = Browser(desk.client, ROOT)
    await root.open(PATH)
    asked = {"name": "new", "role": "operator", "why": "x"} | wrong
    page = await root.send(f"{PATH}/tokens", 422, **asked)
    assert says.lower() in page.lower() and "Nothing was changed" in page


async def test_without_tokens_the_page_says_to_begin_with_an_administrator(database: str) -> None:
    async with desk_client(database, OpenDoor()) as client:
        page = await Browser(client.client, {}).open(PATH)
    assert "Make the one of an administrator first" in page and "Your name" in page


async def test_an_admin_ends_a_session(desk: DeskClient, database: str) -> None:
    root = Browser(desk.client, ROOT)
    assert "Nobody is signed in" in await root.open(f"{PATH}/sessions")
    conn = await asyncpg.connect(database)
    text, now = new_session_id(), datetime.now(UTC)
    person = Person("https://idp", "1", "Olga (acme)")
    await begin_session(conn, text, person, Access(Role.MANAGER), Times(), now)
    await conn.close()
    page = await root.open(f"{PATH}/sessions")
    [number] = re.findall(r"/admin/sessions/(\d+)/end", page)
    assert "Olga" not in await Browser(desk.client, SAM).open(f"{PATH}/sessions")
    before = root.page
    for _ in range(2):
        root.page = before
        page = await root.send(f"{PATH}/sessions/{number}/end", why="lost")
    assert "The session is ended." in page and "Nobody is signed in" in page
    await root.send(f"{PATH}/sessions/{number}/end", 409, key="other")
