"""Who is for some lines sees those alone, whatever is asked, and however."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from copq.access.authority import Actor
from copq.access.door import Bearer, Role
from copq.access.sender import Lines, Sender
from copq.database.connections import DatabaseRole, act_as, take_role
from copq.periods.closing import Order, close
from copq.periods.unfinished import KINDS
from copq.rates.store import import_rates, load
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board
from copq.reporting.exporter.exporter import Exporter
from copq.reporting.exporter.http import add_metrics
from copq.reporting.source import reading_pool
from copq.web.pages.docs import documented_app
from tests.support.building import defect, event, plant, post_events, production, rates, stop
from tests.support.reporting.api.asking import Api, LinesDoor, RoleDoor, until_unchanged

NOW = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
AT = "2026-06-30T10:00:00+00:00"
LATER = datetime.fromisoformat("2026-08-01T12:00:00+00:00")
ORDER = Order(Actor("controller"), "month end")
NORTH: Lines = frozenset({("north", None)})
ONE_LINE: Lines = frozenset({("north", "L1")})
TWO: Lines = frozenset({("north", "L1"), ("south", None)})


def _of(place: str, line: str) -> list[bytes]:
    where = {"plant": place, "line": line}
    name = f"{place}-{line}"
    void = {"reason": "typed twice", "occurred_at": AT, "corrects": f"{name}-nothing"}
    return [
        production(f"{name}-p", AT, 100, **where),
        defect(f"{name}-d", AT, 7, function="purchasing", **where),
        defect(f"{name}-u", AT, 1, **(where | {"product": "gadget"})),
        stop(f"{name}-s", "2026-06-30T09:00:00Z", "2026-06-30T09:30:00Z", **where),
        stop(f"{name}-o", "2026-06-30T11:00:00Z", work_unit="M1", **where),
        event("correction", f"{name}-c", **void, **where),
    ]  # fmt: skip


@pytest.fixture
async def api(database: str, conn: asyncpg.Connection) -> AsyncIterator[Api]:
    """Three lines of two plants, and no difference between them but their names."""
    await import_rates(conn, rates(plant("north"), plant("south")), "rates.yaml", "test")
    places = [("north", "L1"), ("north", "L2"), ("south", "L1")]
    await post_events(conn, await load(conn), [raw for p in places for raw in _of(*p)])
    pool = await reading_pool(database)
    app, found = documented_app("COPQ", ""), Api(LinesDoor(None))
    add_board(app, add_api(app, pool, found, lambda: NOW))
    add_metrics(app, Exporter(database), found)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
        found.client = client
        yield found
    await pool.close()


QUESTIONS = [
    "/v1/copq?grain=day&by=plant,line&from=2026-06-01", "/v1/copq?grain=hour&by=plant,line",
    "/v1/copq?grain=month&by=plant,line&from=2026-01-01", "/v1/trailing?by=plant,line",
    "/v1/entries", "/v1/entries?from=2026-06-01", "/v1/entries?category=copq&limit=2",
    "/v1/copq?grain=day&by=plant,line&from=2026-06-01&format=csv", "/v1/entries?format=csv",
    "/v1/copq?grain=month&by=plant,line&from=2026-06-01&as=first-reported",
    "/v1/what-if?change=remove+type%3Ddefect&by=plant,line&from=2026-06-01",
    "/v1/coq?by=plant,line&from=2026-06", "/v1/coq?by=plant,line&from=2026-06&format=csv",
]  # fmt: skip


def _named(text: str) -> set[str]:
    """The lines whose name is in an answer, in whatever form."""
    places = {"north/L1": ("north", "L1"), "north/L2": ("north", "L2"), "south/L1": ("south", "L1")}
    forms = ('"plant": "{0}", "line": "{1}"', "{0},{1}", "{0}-{1}-")
    return {
        name for name, place in places.items() if any(form.format(*place) in text for form in forms)
    }


@pytest.mark.parametrize(
    ("lines", "seen"),
    [(None, {"north/L1", "north/L2", "south/L1"}), (NORTH, {"north/L1", "north/L2"}),
     (ONE_LINE, {"north/L1"}), (TWO, {"north/L1", "south/L1"})],
)  # fmt: skip
async def test_an_answer_is_of_the_readers_lines(
    api: Api, lines: Lines | None, seen: set[str]
) -> None:
    api.door = LinesDoor(lines)
    for question in QUESTIONS:
        answer = await api.client.get(question)
        assert answer.status_code == 200, (question, answer.text)
        assert _named(answer.text) <= seen, question
        if "limit" not in question:
            assert _named(answer.text) == seen, (question, answer.text)


ASKING_FOR_SOUTH = [
    "/v1/copq?plant=south", "/v1/trailing?plant=south", "/v1/drivers?plant=south",
    "/v1/why?plant=south", "/v1/what-if?change=halve+type%3Ddefect&plant=south",
    "/v1/problems?plant=south",
    "/v1/entries?plant=south", "/v1/board?plant=south", "/v1/board?plant=south&day=2026-06-29",
    "/v1/coq?plant=south", "/v1/coq/conformance?plant=south", "/v1/bases?plant=south",
    "/v1/groups?plant=south", "/v1/standing-costs?plant=south",
    "/v1/projects?plant=south", "/v1/projects/south/jars",
]  # fmt: skip


async def test_to_a_manager_of_north_there_is_no_south(api: Api) -> None:
    api.door = LinesDoor(NORTH)
    for question in ASKING_FOR_SOUTH:
        answer = await api.client.get(question)
        assert (answer.status_code, answer.json()["detail"]) == (
            422, 'plant "south" is not in the rate book; its plants: north; did you mean "north"?',
        ), question  # fmt: skip


@pytest.mark.parametrize("lines", [NORTH, ONE_LINE])
async def test_the_months_of_another_plant_are_not_there(
    api: Api, conn: asyncpg.Connection, lines: Lines
) -> None:
    book = await load(conn)
    for name in ("north", "south"):
        await close(conn, book.sites[name], date(2026, 6, 1), ORDER, LATER, KINDS)
    assert {row["plant"] for row in (await api.get("/v1/periods"))["rows"]} == {"north", "south"}
    asked = {"grain": "month", "by": "plant,line", "from_": "2026-06-01", "as": "first-reported"}
    api.door = LinesDoor(lines)
    assert {row["plant"] for row in (await api.get("/v1/periods"))["rows"]} == {"north"}
    seen = {(row["plant"], row["line"]) for row in (await api.get("/v1/copq", **asked))["rows"]}
    assert seen == {("north", "L1")} | ({("north", "L2")} if lines is NORTH else set())


async def test_what_is_booked_late_is_listed_to_who_reads_its_line(
    api: Api, conn: asyncpg.Connection
) -> None:
    """In July: of June, for north/L2 and south alone."""
    book = await load(conn)
    for name in ("north", "south"):
        await close(conn, book.sites[name], date(2026, 6, 1), ORDER, LATER, KINDS)
    places = ({"plant": "north", "line": "L2"}, {"plant": "south", "line": "L1"})
    late = [defect(f"late-{number}", AT, 1, **where) for number, where in enumerate(places)]
    await post_events(conn, book, late)

    async def in_july(lines: Lines | None) -> list[tuple[str, str]]:
        api.door = LinesDoor(lines)
        rows = (await api.get("/v1/periods", month="2026-07"))["rows"]
        return [(row["plant"], row["late"]) for row in rows]

    assert await in_july(None) == [("north", "10"), ("south", "10")]
    assert await in_july(NORTH) == [("north", "10")]
    assert await in_july(TWO) == [("south", "10")]
    assert await in_july(ONE_LINE) == []


async def test_sums_are_of_the_readers_lines(api: Api) -> None:
    async def copq() -> list[Any]:
        rows = (await api.get("/v1/copq", grain="day", by="element", from_="2026-06-01"))["rows"]
        return [row["copq"] for row in rows if row["element"] == "defect"]

    async def dearest() -> list[Any]:
        return [(row["element"], row["net"]) for row in (await api.get("/v1/drivers"))["rows"]]

    async def changed() -> list[Any]:
        """Of all losses; a window ends with today."""
        return [total["after"] for total in (await api.get("/v1/why"))["totals"]]

    assert await copq() == ["210"]
    whole = await changed()
    api.door = LinesDoor(ONE_LINE)
    assert await copq() == ["70"] and sorted(await dearest()) == [
        ("defect", "70"),
        ("downtime", "120"),
        ("downtime", "60"),
    ]  # fmt: skip - the 120 are of the line's open stop
    assert await changed() == ["250"] != whole
    api.door = LinesDoor(frozenset({("east", None)}))
    assert await copq() == [] and await dearest() == []


async def test_an_event_of_another_line_is_as_one_that_does_not_exist(api: Api) -> None:
    api.door = LinesDoor(NORTH)
    for name in ("south-L1-d", "nothing"):
        found = await api.get("/v1/entries", event_id=name)
        assert found["entries"] == [] and found["parts"] == []
    assert len((await api.get("/v1/entries", event_id="north-L1-d"))["entries"]) == 1


async def test_what_is_held_back_is_counted_of_the_readers_lines(api: Api) -> None:
    async def held(**asked: str) -> tuple[int, int, int]:
        said = await api.get("/v1/copq", **asked)
        assert said["counted_at"] == said["at"]
        return said["unpriced_events"], said["waiting_corrections"], said["open_stops"]

    assert await held() == (3, 3, 3)
    assert await held(plant="north") == (2, 2, 2)
    assert await held(line="L2", element="defect") == (1, 1, 0)
    api.door = LinesDoor(ONE_LINE)
    assert await held() == (1, 1, 1)


async def test_the_board_is_of_the_readers_lines(api: Api) -> None:
    api.door = LinesDoor(ONE_LINE)
    board = await api.client.get("/v1/board")
    said = board.json()
    assert [found["plant"] for found in said["plants"]] == ["north"]
    assert said["line_names"] == ["L1"] and [line["line"] for line in said["lines"]] == ["L1"]
    assert _named(board.text) == {"north/L1"}
    assert (await api.client.get("/v1/board?line=L2")).status_code == 422
    seen = await until_unchanged(api.client, "/v1/board")
    api.door = LinesDoor(None)
    assert (await api.client.get("/v1/board", headers=seen)).status_code == 200


async def test_metrics_are_for_who_is_for_all_lines(api: Api) -> None:
    assert (await api.client.get("/metrics")).status_code == 200
    api.door = LinesDoor(NORTH)
    answer = await api.client.get("/metrics")
    assert answer.status_code == 403 and "all lines" in answer.text


async def test_readers_at_once_do_not_see_each_others_lines(api: Api) -> None:
    """The connections of a pool go from one to the next."""

    class Each(RoleDoor):
        async def admit(self, token: str | None, roles: Any = None) -> Bearer:
            lines = {"north": NORTH, "one": ONE_LINE, "all": None}[token or "all"]
            return Bearer(Role.MANAGER, Sender(token, lines))

    api.door = Each()
    expected = {"north": 2, "one": 1, "all": 3}

    async def ask(token: str) -> tuple[str, int]:
        head = {"authorization": f"Bearer {token}"}
        answer = await api.client.get("/v1/entries?element=defect", headers=head)
        return token, len(answer.json()["entries"])

    for told in await asyncio.gather(*(ask(token) for _ in range(20) for token in expected)):
        assert told[1] == expected[told[0]]


TABLES = (
    "ledger", "rollup", "event", "event_problem", "unpriced", "stop", "correction", "line_heard",
)  # fmt: skip


async def _count(conn: asyncpg.Connection, tables: Iterable[str] = TABLES) -> list[int]:
    return [await conn.fetchval(f"select count(*) from copq.{table}") for table in tables]


async def test_a_query_that_forgets_the_lines_finds_nothing(
    api: Api, conn: asyncpg.Connection
) -> None:
    await take_role(conn, DatabaseRole.REPORTING)
    assert await _count(conn) == [0] * len(TABLES)
    assert await _count(conn, ("audit", "rejected")) == [0, 0]
    for said in ("", "[]"):
        await conn.execute("select set_config('copq.lines', $1, false)", said)
        assert await _count(conn) == [0] * len(TABLES)
    await act_as(conn, DatabaseRole.REPORTING)
    assert 0 not in await _count(conn)


async def test_pruning_and_indexes_survive_the_policy(api: Api, conn: asyncpg.Connection) -> None:
    await conn.execute("select copq.make_partitions('2026-01-01', '2026-12-01')")
    await conn.execute("analyze copq.ledger; set enable_seqscan = off")
    asked = (
        "explain select sum(net) from copq.ledger where plant = 'north' and line = 'L1' "
        "and occurred_at >= '2026-03-05' and occurred_at < '2026-03-06'"
    )
    for lines in ("*", '[["north", null]]', '[["north", "L1"]]'):
        await act_as(conn, DatabaseRole.REPORTING)
        await conn.execute("select set_config('copq.lines', $1, false)", lines)
        plan = "\n".join(row[0] for row in await conn.fetch(asked))
        assert "ledger_2026_03" in plan and "ledger_2026_04" not in plan, plan
        assert "Index" in plan and "Index Cond: ((occurred_at >=" in plan, plan
