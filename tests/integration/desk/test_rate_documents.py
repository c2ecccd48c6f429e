"""Rates by API: submitted by one person, approved by another, each act done once."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator

import pytest

from copq.access.door import OpenDoor
from copq.database.connections import DatabaseRole, connected
from copq.rates.store import import_rates
from copq.rates.yaml_text import yaml_of
from tests.support.access.serving import run
from tests.support.building import plant, rates
from tests.support.desk.asking import DeskClient, desk_client

PATH = "/v1/rate-documents"
FILE = yaml_of(rates()).encode()
NEW = FILE.replace(b"rate_per_minute: 3", b"rate_per_minute: 4")
SENT = {"name": "rates.yaml", "why": "2027"}
ADA, BEN = "finance:ada", "finance:ben"


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with desk_client(database) as client:
        yield client


async def test_one_person_submits_and_another_approves(desk: DeskClient, database: str) -> None:
    sent = await desk.post(PATH, 201, content=FILE, **SENT)
    draft = sent.json()
    assert (draft["state"], draft["submitted_by"]) == ("draft", "ada")
    assert sent.headers["location"] == f"{PATH}/1" and len(draft["differences"]) == 5
    read = await desk.get(f"{PATH}/1", by=BEN)
    assert read.headers["etag"] == sent.headers["etag"]
    own = await desk.post(f"{PATH}/1/approve", 409, match=read.headers["etag"])
    assert "another person approves it" in own.json()["detail"]
    done = await desk.post(f"{PATH}/1/approve", by=BEN, match=read.headers["etag"])
    assert done.json()["state"] == "in force" and done.json()["decision"]["by"] == "ben"
    assert (await desk.get(f"{PATH}/1/file")).content == FILE
    audited = await run(database, "select distinct who from copq.audit where who <> 'postgres'")
    assert {row["who"] for row in audited} == {"ada", "ben"}


async def test_a_decision_names_the_version_that_was_read(desk: DeskClient) -> None:
    etag = (await desk.post(PATH, 201, content=FILE, **SENT)).headers["etag"]
    other = await desk.post(PATH, 201, content=FILE + b"\n# again", **SENT)
    await desk.post(f"{PATH}/1/approve", 428, by=BEN)
    await desk.post(f"{PATH}/1/approve", 412, by=BEN, match='"1.draft.7"')
    await desk.post(f"{PATH}/1/approve", by=BEN, match=etag)
    stale = await desk.post(f"{PATH}/2/approve", 412, by=BEN, match=other.headers["etag"])
    assert "read it again" in stale.json()["detail"]  # the book has changed since
    await desk.post(f"{PATH}/1/approve", 412, by="finance:cat", match=etag)
    now = (await desk.get(f"{PATH}/2")).headers["etag"]
    await desk.post(f"{PATH}/2/reject", 422, by=BEN, match=now, json={})
    done = await desk.post(f"{PATH}/2/reject", by=BEN, match=now, json={"why": "twice"})
    assert done.json()["state"] == "rejected"


async def test_of_two_people_who_approve_at_once_one_does(desk: DeskClient) -> None:
    etag = (await desk.post(PATH, 201, content=FILE, **SENT)).headers["etag"]
    both = await asyncio.gather(*(
        desk.client.post(
            f"{PATH}/1/approve", headers={"Authorization": f"Bearer {by}", "If-Match": etag}
        )
        for by in (BEN, "finance:cat")
    ))  # fmt: skip
    assert sorted(answer.status_code for answer in both)[0] == 200
    assert sorted(answer.status_code for answer in both)[1] in (409, 412)


async def test_a_key_makes_an_act_happen_once(desk: DeskClient) -> None:
    first, *rest = await asyncio.gather(*(
        desk.post(PATH, 201, content=FILE, key="k", **SENT) for _ in range(4)
    ))  # fmt: skip
    assert {answer.text for answer in rest} == {first.text}
    assert {answer.headers["etag"] for answer in rest} == {first.headers["etag"]}
    replayed = [a for a in (first, *rest) if a.headers.get("idempotency-replayed") == "true"]
    assert len(replayed) == 3 and len((await desk.get(PATH)).json()["rows"]) == 1
    other = await desk.post(PATH, 422, content=NEW, key="k", **SENT)
    assert "was sent with another request" in other.json()["detail"]
    await desk.post(PATH, 201, by=BEN, content=FILE, key="k", **SENT)  # a key of its own
    etag = first.headers["etag"]
    for _ in range(2):  # the answer is kept though the version has changed
        await desk.post(f"{PATH}/1/approve", by=BEN, match=etag, key="a")


async def test_what_was_refused_may_be_sent_again_with_its_key(desk: DeskClient) -> None:
    etag = (await desk.post(PATH, 201, content=FILE, **SENT)).headers["etag"]
    await desk.post(f"{PATH}/1/approve", 409, match=etag, key="k")
    await desk.post(f"{PATH}/1/reject", match=etag, key="r", json={"why": "mine"})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rates.yaml", b"plants: 1", "plants"),
        ("rates.yaml", b"\xff\xfe\x00", "is not UTF-8"),
        ("rates.pdf", b"%PDF-1.7", "no ending that is known"),
        ("rates.xlsm", b"PK", "may hold macros"),
        ("rates.xlsx", b"PK\x03\x04 no workbook", "is not an Excel workbook"),
        ("rates.csv", b"a,b\n1,2\n", "rates.csv"),
        ("rates.yaml", b"", "a rate file has plants"),
    ],
)
async def test_a_file_of_the_wrong_kind_is_refused_with_its_faults(
    desk: DeskClient, name: str, content: bytes, says: str
) -> None:
    for path in (PATH, f"{PATH}/check"):
        more = {"why": "x"} if path == PATH else {}
        answer = await desk.post(path, 422, content=content, name=name, **more)
        assert says in answer.text and answer.json()["errors"], answer.text
    assert (await desk.get(PATH)).json()["rows"] == []


async def test_a_file_of_50_mb_is_refused_before_it_is_read_whole(desk: DeskClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(50):
            sent.append(number)
            yield bytes(1 << 20)

    sent: list[int] = []
    answer = await desk.client.post(
        PATH, params=SENT, content=parts(), headers={"Authorization": f"Bearer {ADA}"}
    )
    assert answer.status_code == 413 and "16 MiB" in answer.json()["detail"]


async def test_a_check_stores_nothing(desk: DeskClient) -> None:
    found = (await desk.post(f"{PATH}/check", content=FILE, name="rates.yaml")).json()
    assert found["compared_with"] == 0 and len(found["differences"]) == 5
    assert (await desk.get(PATH)).json() | {"at": ""} == {"at": "", "rows": [], "next": None}


async def test_pages_of_documents_follow_the_cursor(desk: DeskClient) -> None:
    for number in range(5):
        await desk.post(PATH, 201, content=FILE + b"\n#%d" % number, **SENT)
    pages, cursor = [], ""
    while True:
        page = (await desk.get(f"{PATH}?limit=2{cursor}")).json()
        pages.append([row["document"] for row in page["rows"]])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == [[5, 4], [3, 2], [1]]


async def test_a_token_of_one_plant_sees_and_decides_its_own(
    desk: DeskClient, database: str
) -> None:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    etag = (await desk.post(PATH, 201, content=NEW, **SENT)).headers["etag"]
    of_south = "finance:sue:south"
    hidden = await desk.post(f"{PATH}/check", 403, by=of_south, content=NEW, name="rates.yaml")
    assert (
        'line "L2" of plant "north"' in hidden.json()["detail"]
        and "rate_per_minute" not in hidden.text
    )
    rows = (await desk.get(PATH, by=of_south)).json()["rows"]
    assert rows == []
    await desk.get(f"{PATH}/2", 404, by=of_south)
    await desk.post(f"{PATH}/2/approve", 403, by=of_south, match=etag)
    await desk.post(f"{PATH}/2/approve", by="finance:nat:north", match=etag)


async def test_an_open_service_asks_who_it_is(database: str) -> None:
    async with desk_client(database, OpenDoor()) as desk:
        nobody = await desk.post(PATH, 422, content=FILE, **SENT)
        assert "say who does it" in nobody.text
        named = await desk.post(f"{PATH}?by=eve&name=rates.yaml&why=2027", 201, content=FILE)
        assert named.json()["submitted_by"] == "eve"


async def test_the_rate_book_is_exported_in_each_format_and_as_it_was(desk: DeskClient) -> None:
    path = "/v1/rate-book"
    assert "is empty" in (await desk.get(path, 404)).text
    submitted = await desk.post(PATH, 201, content=FILE, name="rates.yaml", why="new")
    await desk.post(f"{PATH}/1/approve", match=submitted.headers["etag"], by="finance:ben")
    for kind in ("yaml", "xlsx"):
        file = await desk.get(f"{path}?format={kind}")
        name = f"rates-1.{kind}"
        assert name in file.headers["content-disposition"] and file.headers["etag"]
        same = await desk.post(f"{PATH}/check", content=file.content, name=name)
        assert same.json()["differences"] == []
    archive = (await desk.get(f"{path}?format=csv&at=1")).content
    assert "cost_tables.csv" in zipfile.ZipFile(io.BytesIO(archive)).namelist()
    for at, says in (("9", "the newest is 1"), ("soon", "neither a revision"),
                     ("2026-01-01", "no offset")):  # fmt: skip
        assert says in (await desk.get(f"{path}?at={at}", 422)).text
    await desk.get(path, 403, by="finance:sue:south")
