"""Files that finance sets by API: through the functions of the commands, once, all or nothing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from copq.database.connections import DatabaseRole, connected
from copq.desk.imports import IMPORTS, Importable
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import plant, rates
from tests.support.desk.asking import DeskClient, desk_client

CURRENCY = "/v1/reporting-currency"


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    async with desk_client(database) as client:
        yield client


async def set_currency(desk: DeskClient, currency: str = "EUR", status: int = 200) -> None:
    etag = (await desk.get(CURRENCY)).headers["etag"]
    await desk.put(CURRENCY, status, match=etag, json={"currency": currency})


async def test_each_kind_of_file_is_imported_once_by_the_name_of_its_sender(
    desk: DeskClient, database: str
) -> None:
    await set_currency(desk)
    for kind in IMPORTS:
        named: dict[str, Any] = dict(kind.sample.query)
        sent: dict[str, Any] = {"content": kind.sample.text, "key": kind.noun, **named}
        first = await desk.post(kind.path, **sent)
        again = await desk.post(kind.path, **sent)
        assert again.text == first.text and again.headers["idempotency-replayed"] == "true"
        known = await desk.post(kind.path, content=kind.sample.text, by="finance:ben", **named)
        assert known.json()["unchanged"] >= 1 and known.headers["etag"] == first.headers["etag"]
        await desk.post(kind.path, 412, content=kind.sample.text, match='"old"', **named)
        await desk.post(kind.path, 403, content=kind.sample.text, by="manager:mia", **named)
        await desk.post(kind.path, 403, content=kind.sample.text, by="finance:sue:south", **named)
    found = await run(
        database,
        "select distinct who, why from copq.audit where who not in ('postgres', 'test')",
    )
    assert {(row["who"], row["why"]) for row in found} == {
        ("ada", "reviewed"), ("ada", "figures are added in EUR")
    }  # fmt: skip


@pytest.mark.parametrize("kind", IMPORTS, ids=lambda kind: kind.noun)
async def test_a_wrong_file_is_refused_with_its_faults_and_stores_nothing(
    desk: DeskClient, database: str, kind: Importable
) -> None:
    await set_currency(desk)
    path = kind.path
    decided = "select max(seq) as seq from copq.audit"
    before = await run(database, decided)
    for name, content in [
        ("file.yaml", b"\xff\xfe"), ("file.csv", b"a,b\n1,2\n"), ("file.pdf", b"%PDF-1.7"),
        ("file.xlsm", b"PK"), ("file.yaml", b""), ("file.csv", b""),
    ]:  # fmt: skip
        answer = await desk.post(path, 422, content=content, name=name)
        assert answer.json()["errors"], (name, answer.text)
    await desk.post(path, 422, content=b"x")  # without a name
    assert await run(database, decided) == before


async def test_a_target_names_the_version_that_was_read_where_it_names_one(
    desk: DeskClient,
) -> None:
    version = (await desk.get("/v1/targets")).headers["etag"]
    one = {"plant": "north", "ratio": "0.03"}
    await desk.post("/v1/targets/set", json=one, match=version, key="k")
    await desk.post("/v1/targets/set", json=one, match=version, key="k")  # sent again
    stale = await desk.post("/v1/targets/set", 412, json={**one, "ratio": "0.02"}, match=version)
    assert "read it again" in stale.text
    budget = {"plant": "north", "amount": "9"}
    await desk.post("/v1/targets/budget", 412, json=budget, match=version)
    await desk.post("/v1/targets/budget", json=budget)


async def test_one_target_and_one_budget_begin_at_the_plants_midnight(desk: DeskClient) -> None:
    set_to = {"plant": "north", "line": "L1", "ratio": 0.02, "effective_from": "2026-04-01"}
    done = await desk.post("/v1/targets/set", json=set_to)
    assert (done.json()["ratio"], done.json()["effective_from"]) == (
        "0.02", "2026-04-01T00:00:00+02:00"
    )  # fmt: skip
    again = await desk.post("/v1/targets/set", json=set_to)
    assert again.json()["unchanged"] is True
    budget = {"plant": "south", "amount": "40000.5", "effective_from": "2026-04-01"}
    await desk.post("/v1/targets/budget", json=budget)
    both = await desk.get("/v1/targets", by="manager:mia")
    assert [(one["plant"], one["ratio"]) for one in both.json()["targets"]] == [("north", "0.02")]
    assert [one["amount"] for one in both.json()["budgets"]] == ["40000.5"]
    of_south = (await desk.get("/v1/targets", by="finance:sue:south")).json()
    assert (len(of_south["targets"]), len(of_south["budgets"])) == (0, 1)
    await desk.get("/v1/targets", 403, by="operator:olga")


@pytest.mark.parametrize(
    ("path", "sent", "says"),
    [
        ("set", {"ratio": 3}, "less than or equal to 1"),
        ("set", {"line": "L1", "ratio": "0.1"}, "needs its plant"),
        ("set", {"plant": "nort", "ratio": "0.1"}, "its plants: north, south"),
        ("set", {"plant": "north"}, "ratio"),
        ("set", {"ratio": "0.1", "window": "week"}, "window"),
        ("set", {"ratio": "0.1", "effective_from": "soon"}, "is not a date"),
        ("budget", {"plant": "north", "amount": "-1"}, "greater than or equal to 0"),
        ("budget", {"plant": "north", "amount": "1", "plnat": "north"}, "plnat"),
    ],
)
async def test_a_wrong_target_is_refused_by_its_field(
    desk: DeskClient, path: str, sent: dict[str, object], says: str
) -> None:
    answer = await desk.post(f"/v1/targets/{path}", 422, json=sent)
    assert says in answer.text


async def test_the_reporting_currency_is_set_before_there_are_rates(desk: DeskClient) -> None:
    rates_file: dict[str, Any] = {
        "content": "date,currency,rate\n2026-03-02,SEK,0.09\n",
        "name": "rates.csv",
    }
    missing = await desk.post("/v1/exchange-rates", 409, **rates_file)
    assert "there is no reporting currency yet" in missing.text
    await desk.put(CURRENCY, 428, json={"currency": "EUR"})
    await set_currency(desk)
    await desk.post("/v1/exchange-rates", **rates_file)
    other = rates_file | {"content": "date,currency,rate\n2026-03-02,SEK,0.08\n"}
    why = await desk.post("/v1/exchange-rates", 422, **other)
    assert "SEK on 2026-03-02 is 0.09" in why.text
    await desk.post("/v1/exchange-rates", why="corrected", **other)
    await set_currency(desk, "USD", 409)
    found = (await desk.get("/v1/exchange-rates?currency=SEK&to=2026-04-01")).json()
    assert [one["rate"] for one in found["rates"]] == ["0.08", "0.09"]
    assert (await desk.get("/v1/exchange-rates")).json()["currencies"][0]["currency"] == "SEK"
