"""The guide for a first plant by form: its drafts, its faults, and rates that two people set."""

from collections.abc import AsyncIterator

import pytest

from copq.access.door import OpenDoor
from copq.database.connections import DatabaseRole, connected
from copq.desk.kept import keep_upload
from copq.rates.file import parse_rates
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import plant, rates
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import ADA, BEN, Browser

PLANT = {
    "plant": "hamburg", "time_zone": "Europe/Berlin", "day_start": "06:00", "currency": "eur",
}  # fmt: skip
TABLES = {"lines": "L1\t600\nL2", "products": "valve\tP1\t1.5\nvalve\tP2\t2.5\t0.5"}
COSTS = {
    "since": "2026-01-01", "material-0": "1.5", "material-1": "2.5", "labour-1": "0.5",
    "hour-0": "600",
}  # fmt: skip
ROOT = {"Authorization": "Bearer admin:root"}


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with desk_client(database) as client:
        yield client


async def up_to_rates(person: Browser) -> None:
    await person.open("/setup/plant")
    await person.send("/setup/plant", 200, **PLANT)
    await person.send("/setup/products", 200, **TABLES)


async def test_where_people_sign_in_another_one_approves_and_the_guide_goes_on(
    desk: DeskClient, database: str
) -> None:
    ada, ben = Browser(desk.client, ADA), Browser(desk.client, BEN)
    await up_to_rates(ada)
    page = await ada.send("/setup/rates", 200, **COSTS)
    assert "Document 1 waits for another person of finance" in page
    assert "Document 1 waits" in await reached(ada)
    await ben.open("/finance/rates/1")
    await ben.send("/finance/rates/1/approve", why="as calculated")
    assert "A test event of hamburg" in await reached(ada)
    assert "A test event of hamburg" in await reached(ada, "/setup/event?quantity=%C2%B2")
    refused = await ada.send("/setup/event", 422, id="first-1", quantity="3")
    assert "Paste the token of an operator" in refused and "Authorization" in refused
    assert "curl $COPQ_INGEST/v1/events" in refused
    refused = await ada.send("/setup/event", 422, id="first-1", quantity="-1", token="manager:mia")
    assert "Rejected units" in refused and "is manager" in refused
    refused = await ada.send("/setup/event", 409, id="first-1", quantity="3", token="operator:o")
    assert "takes no events" in refused
    sql = "select distinct who, why from copq.audit where who <> 'postgres' order by who"
    assert [(row["who"], row["why"]) for row in await run(database, sql)] == [
        ("ada", "first rates, by the guide in the browser"), ("ben", "as calculated"),
    ]  # fmt: skip


async def test_a_rejected_document_is_named_and_submitted_again(desk: DeskClient) -> None:
    ada, ben = Browser(desk.client, ADA), Browser(desk.client, BEN)
    await up_to_rates(ada)
    await ada.send("/setup/rates", 200, **COSTS)
    await ben.open("/finance/rates/1")
    await ben.send("/finance/rates/1/reject", why="material is too cheap")
    page = await reached(ada)
    assert "was rejected by ben: material is too cheap" in page and 'value="1.5"' in page
    assert "Document 2 waits" in await ada.send("/setup/rates", 200, **COSTS)


async def test_wrong_input_is_named_at_its_field_and_nothing_is_lost(desk: DeskClient) -> None:
    ada = Browser(desk.client, ADA)
    await ada.open("/setup/plant")
    page = await ada.send("/setup/plant", 422, **PLANT | {"time_zone": "Mars/Base"})
    assert 'id="time_zone-fault"' in page and 'value="hamburg"' in page
    await ada.send("/setup/plant", 200, **PLANT)
    page = await ada.send(
        "/setup/products", 422, lines="L1\nL1", products="<b>\tP1\t=B2\nok\tP1\t1"
    )
    assert "row 2: &#34;L1&#34; is there twice: see row 1" in page and "is a formula" in page
    assert "&lt;b&gt;" in page and "<b>" not in page
    page = await ada.upload(b"\0" * (17 << 20), "a.csv", 413, "/setup/products/file")
    assert "larger than 16 MB" in page
    page = await ada.upload(
        b"line\nL9\n", "lines.csv", path="/setup/products/file", products="valve"
    )
    assert "L9" in page and "valve" in page
    await ada.send("/setup/products", 200, **TABLES)
    page = await ada.send("/setup/rates", 422, **COSTS | {"material-0": "-1"})
    assert "Material, valve at P1: A cost is 0 or more." in page and 'value="-1"' in page
    cheaper = COSTS | {"material-1": "0.5"}
    assert "cheaper stage" in await ada.send("/setup/rates", 200, **cheaper)
    assert "Document 1 waits" in await ada.send("/setup/rates", 200, **cheaper, seen="yes")


async def test_a_person_of_another_plant_sees_no_rates_of_it(
    desk: DeskClient, database: str
) -> None:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant("north"), plant("hamburg")), "rates.yaml", "test")
    nora = Browser(desk.client, {"Authorization": "Bearer finance:nora:north"})
    await up_to_rates(nora)
    assert "jump" not in await nora.send("/setup/rates", 403, **COSTS)


async def test_a_draft_outlives_other_files_of_the_person(desk: DeskClient, database: str) -> None:
    ada = Browser(desk.client, ADA)
    await up_to_rates(ada)
    for _ in range(6):
        async with connected(database, DatabaseRole.FINANCE) as conn:
            await keep_upload(conn, "ada", "set-up", b"not a draft")
    assert "valve" in await ada.open("/setup/rates")


async def test_costs_of_another_draft_are_asked_for_again(desk: DeskClient) -> None:
    ada, elsewhere = Browser(desk.client, ADA), Browser(desk.client, ADA)
    await up_to_rates(ada)
    await elsewhere.open("/setup/products")
    await elsewhere.send("/setup/products", 200, **TABLES | {"products": "cap\tP1\nlid\tP1"})
    assert "have changed since" in await ada.send("/setup/rates", 422, **COSTS)


async def test_the_rates_are_downloaded_before_they_are_set(desk: DeskClient) -> None:
    ada = Browser(desk.client, ADA)
    await up_to_rates(ada)
    rates = parse_rates(await ada.send("/setup/rates", 200, **COSTS, what="file"))
    assert [plant.lines for plant in rates.plants] == [("L1", "L2")]
    assert (await desk.get("/v1/rate-documents")).json()["rows"] == []


async def test_one_person_sets_rates_where_nobody_signs_in(database: str) -> None:
    async with desk_client(database, OpenDoor()) as desk:
        eve = Browser(desk.client, {})
        assert "Set up your plant" in await reached(eve)
        await up_to_rates(eve)
        assert "Say who does it" in await eve.send("/setup/rates", 422, **COSTS)
        page = await eve.send("/setup/rates", 200, **COSTS, by="eve")
        assert "--no-auth" in page and "/setup/event?plant=hamburg" in page
        taken = await eve.send("/setup/plant", 422, **PLANT)
        assert "in the rate book already" in taken
        refused = await eve.send("/setup/token", 409, person="eve", machine="mes")
        assert "asks for no token" in refused
    [row] = await run(database, "select decided_by, alone from copq.rate_decision")
    assert (row["decided_by"], row["alone"]) == ("eve", True)


async def test_an_admin_makes_the_token_of_a_machine_and_sees_no_rates(desk: DeskClient) -> None:
    root = Browser(desk.client, ROOT)
    page = await reached(root)
    assert "Machine or program" in page
    assert "Name the machine" in await root.send("/setup/token", 422, machine="")
    before = root.page
    assert "copq_" in (await root.send("/setup/token", machine="press-7")).replace("copq_…", "")
    root.page = before
    assert "shown once" in await root.send("/setup/token", machine="press-7")
    await root.open("/setup/rates", 403)


async def reached(person: Browser, path: str = "/setup") -> str:
    """The page to which the guide leads."""
    answer = await person.client.get(path, headers=person.headers, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    person.page = answer.text
    return person.page
