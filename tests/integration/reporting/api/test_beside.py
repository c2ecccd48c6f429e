"""What a figure holds next to entries: stops over a window's edges, and stops that are open."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from copq.rates.store import import_rates
from tests.support.building import book, defect, plant, post_events, production, rates, stop
from tests.support.reporting.api import asking
from tests.support.reporting.api.asking import Api

NOW = asking.NOW + timedelta(minutes=17)
LINES = ("L1", "L2")
LAST_HOUR = {"plant": "north", "category": "copq", "trailing": "1h", "at": NOW.isoformat()}


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


@pytest.fixture(autouse=True)
def seventeen_past(api: Api) -> None:
    api.now = NOW


async def fill(conn: Any, *events: bytes) -> None:
    await import_rates(conn, rates(plant(lines=LINES)), "test", "test")
    await post_events(conn, book(plant(lines=LINES)), events)


async def last_hour(api: Api, **asked: Any) -> Any:
    return await api.get("/v1/entries", **LAST_HOUR, **asked)


async def trailing_copq(api: Api, **asked: Any) -> Decimal:
    windows = (await api.get("/v1/trailing", plant="north", by="plant", **asked))["windows"]
    return sum((Decimal(row["copq"]) for row in windows[0]["rows"]), Decimal(0))


async def test_a_stop_that_began_before_the_window_is_listed_with_its_share(
    conn: Any, api: Api
) -> None:
    await fill(conn, defect("d", ago(10), 3), stop("s", ago(65), ago(47), work_unit="M1"))
    said = await last_hour(api)
    [edge] = said["edges"]
    assert (edge["event_id"], edge["net"], edge["counted"], edge["adds"]) == ("s", "36", "26", "26")
    assert edge["formula"] == (
        "13 min of 18 min, those after 13:17:00: 36.00 × 13 min / 18 min = 26.00"
    )
    assert [entry["event_id"] for entry in said["entries"]] == ["d"]
    [figure] = said["figures"]
    assert figure == {
        "currency": "EUR", "booked": "30", "edges": "26", "open_stops": "0", "net": "56"
    }  # fmt: skip
    assert Decimal(figure["net"]) == await trailing_copq(api)


async def test_a_stop_that_has_ended_since_counts_up_to_the_windows_end(
    conn: Any, api: Api
) -> None:
    """The address of a view is opened again later."""
    await fill(conn, stop("s", ago(10)))
    before = await last_hour(api)
    assert (before["figures"][0]["open_stops"], before["entries"]) == ("20", [])
    ended = (NOW + timedelta(minutes=8)).isoformat()
    await post_events(conn, book(plant(lines=LINES)), [stop("s2", ago(10), ended)])
    after = await last_hour(api)
    [edge] = after["edges"]
    assert (edge["counted"], edge["adds"]) == ("20", "-16")
    assert "those up to 14:17:00" in edge["formula"]
    assert edge["formula"].endswith("listed below with 36.00")
    assert after["figures"][0]["net"] == before["figures"][0]["net"] == "20"


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happened_the_parts_are_the_figure(conn: Any, api: Api, seed: int) -> None:
    """To the last digit, for all lines, one line, and one element."""
    random = Random(seed)
    events = []
    for number in range(60):
        line, begun = random.choice(LINES), random.uniform(0, 130)
        kind = random.randrange(4)
        if kind == 0:
            events.append(defect(f"d{number}", ago(begun), random.randint(1, 9), line=line))
        elif kind == 1:
            events.append(production(f"p{number}", ago(begun), 100, line=line))
        else:
            machine = f"M{random.randrange(3)}"
            more = {"line": line, "work_unit": machine, "planned": random.random() < 0.2}
            ended = None if random.random() < 0.15 else ago(begun - random.uniform(0, 90))
            events.append(stop(f"s{number}", ago(begun), ended, **more))
    await fill(conn, *events)
    for asked in ({}, {"line": "L1"}, {"element": "downtime"}, {"element": "defect"}):
        said = await last_hour(api, limit=500, **asked)
        listed = sum(Decimal(entry["net"]) for entry in said["entries"])
        edges = sum(Decimal(edge["adds"]) for edge in said["edges"])
        opened = sum(Decimal(one["net"]) for one in said["open_stops"])
        whole = sum(Decimal(figure["net"]) for figure in said["figures"])
        assert listed + edges + opened == whole == await trailing_copq(api, **asked), asked
        between = {"plant": "north", "category": "copq", "from_": ago(60), "to": ago(0), **asked}
        for window in (between, {**LAST_HOUR, **asked}):
            rows = await api.csv("/v1/entries", **window)
            assert sum(Decimal(row["counted"]) for row in rows) == whole, window
        said = await api.get("/v1/entries", limit=500, **between)
        assert sum(Decimal(figure["net"]) for figure in said["figures"]) == whole


async def test_between_instants_the_first_is_in_it_and_the_last_is_not(conn: Any, api: Api) -> None:
    await fill(
        conn, defect("at the start", ago(60), 1), defect("at the end", ago(30), 1),
        stop("over the end", ago(35), ago(25)),
    )  # fmt: skip
    said = await api.get("/v1/entries", plant="north", from_=ago(60), to=ago(30))
    assert {e["event_id"] for e in said["entries"]} == {"at the start", "over the end"}
    assert [(edge["counted"], edge["adds"]) for edge in said["edges"]] == [("10", "-10")]


async def test_a_stop_that_a_window_cuts_at_both_ends_says_so(conn: Any, api: Api) -> None:
    await fill(conn, stop("s", ago(50), ago(20)))
    between = {"plant": "north", "from_": ago(45), "to": ago(30)}
    [edge] = (await api.get("/v1/entries", **between))["edges"]
    assert edge["formula"] == (
        "15 min of 30 min, those after 13:32:00 and up to 13:47:00: 60.00 × 15 min / 30 min = 30.00"
    )
    for open_ended, counted in (({"from_": ago(45)}, "50"), ({"to": ago(30)}, "40")):
        said = await api.get("/v1/entries", plant="north", **open_ended)
        assert said["figures"][0]["net"] == counted


async def test_a_stop_up_to_the_hour_is_whole_and_not_in_the_next(conn: Any, api: Api) -> None:
    """To the microsecond."""
    begun = (asking.NOW + timedelta(minutes=50, microseconds=4)).isoformat()
    across = (asking.NOW + timedelta(minutes=30, microseconds=123456)).isoformat()
    hour, end = asking.NOW, asking.NOW + timedelta(hours=1)
    api.now = end + timedelta(hours=1)
    await fill(conn, stop("s", begun, end.isoformat()),
               stop("x", across, (end + timedelta(minutes=5)).isoformat(), line="L2"))  # fmt: skip
    for start in (hour, end):
        between = {"from_": start.isoformat(), "to": (start + timedelta(hours=1)).isoformat()}
        said = await api.get("/v1/entries", plant="north", **between)
        [row] = (await api.get("/v1/copq", plant="north", grain="hour", by="", **between))["rows"]
        assert (said["edges"], said["figures"][0]["net"]) == ([], row["copq"])


async def test_the_table_tells_what_is_open_and_what_began_before(conn: Any, api: Api) -> None:
    await fill(conn, stop("before", ago(65), ago(47)), stop("open", ago(10)), defect("d", ago(5)))
    rows = {row["event_id"]: row for row in await api.csv("/v1/entries", **LAST_HOUR)}
    assert list(rows) == ["open", "before", "d"]
    assert (rows["open"]["counted"], rows["open"]["net"], rows["open"]["entry_no"]) == (
        "20",
        "",
        "",
    )
    assert rows["open"]["note"] == "open, not booked yet"
    assert (rows["before"]["counted"], rows["before"]["net"]) == ("26", "36")
    assert rows["d"]["counted"] == rows["d"]["net"]


async def test_a_days_figure_has_its_open_stops_too(conn: Any, api: Api) -> None:
    await fill(conn, defect("d", ago(30), 1), stop("s", ago(14 * 60 + 107)))
    day = {"plant": "north", "grain": "day"}
    for bucket in ("2026-06-29", "2026-06-30"):
        [row] = (await api.get("/v1/copq", by="", from_=bucket, **day))["rows"][:1]
        said = await api.get("/v1/entries", category="copq", bucket=bucket, **day)
        assert said["figures"][0]["net"] == row["copq"]
        assert [one["event_id"] for one in said["open_stops"]] == ["s"]
    assert (await api.get("/v1/entries", stage="S2", bucket=bucket, **day))["open_stops"] == []


async def test_an_open_stop_opens_its_event_and_its_cost_so_far(conn: Any, api: Api) -> None:
    sent = stop("s", ago(12.5), work_unit="M1", defect_code="jam").replace(b'"M1"', b' "M1" ')
    await fill(conn, sent)
    said = await api.get("/v1/entries", event_id="s")
    assert said["entries"] == []
    [found] = said["open_stops"]
    assert found["formula"] == "12 min 30 s × 2 = 25.00"
    assert (found["net"], found["currency"], found["rate_version"]) == ("25", "EUR", 1)
    assert found["event_text"] == sent.decode() and found["event"]["work_unit"] == "M1"
    assert found["terms"] == [
        "2 = a minute of standstill of line L1",
        "the time so far that no other stop of the line has",
        "rate version 1, in EUR; the line's rate is in force from 2020-01-01",
    ]


async def test_a_stop_whose_time_is_a_dearer_ones_costs_nothing_so_far(conn: Any, api: Api) -> None:
    await fill(conn, stop("first", ago(20), work_unit="M1"), stop("later", ago(10), work_unit="M2"))
    [found] = (await api.get("/v1/entries", event_id="later"))["open_stops"]
    assert (found["net"], found["formula"]) == ("0", "0 min × 2 = 0.00")
    assert len((await last_hour(api))["open_stops"]) == 1


async def test_a_window_that_cannot_be_is_refused(api: Api, conn: Any) -> None:
    await fill(conn)
    for asked, said in (
        ({"trailing": "1h", "from_": "2026-06-01"}, "name the time once"),
        ({"bucket": "2026-06-30", "to": "2026-07-01"}, "name the time once"),
        ({"event_id": "s", "from_": "soon"}, "name the time once"),
        ({"at": NOW.isoformat()}, "add trailing=1h"),
        ({"trailing": "1h", "at": ago(-90)}, "at is in the future"),
        ({"trailing": "2h"}, "2h"),
    ):
        assert said in (await api.get("/v1/entries", 422, **asked))["detail"]
