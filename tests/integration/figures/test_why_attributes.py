"""Declared attributes of events in what explains a change: read, bounded, summed and opened."""

import json
import shlex
from collections.abc import Iterator
from datetime import date, datetime
from random import Random
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.figures.books import Books, Reading
from copq.figures.entries_answer import answer_entries
from copq.figures.entries_request import EntriesRequest
from copq.figures.verify import verify
from copq.figures.why import WhyAnswer, WhyRequest, answer_why
from copq.figures.why_rows import ChangePart
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from copq.retention.apply import apply
from copq.retention.bounds import bounds
from copq.retention.store import Order
from copq.schemas.names import canonical
from copq.schemas.rates import RateFile
from copq.summary.keeping import bring_up_to_date
from tests.support.building import (
    book,
    defect,
    event,
    plant,
    post_events,
    post_with_rates,
    production,
    stop,
)

NOW = datetime.fromisoformat("2026-06-30T12:00:00+02:00")


def declaring(*names: str) -> RateBook:
    return book(plant().model_copy(update={"attributes": names}))


def at(month: int, day: int, minute: int = 0) -> str:
    return f"2026-{month:02}-{day:02}T12:{minute:02}:00+02:00"


def bad_cavity() -> Iterator[bytes]:
    """Two lines, each with a mould of five cavities; in June cavity 4 fails four times as often."""
    for month in (5, 6):
        for day in range(2, 28):
            for line in ("L1", "L2"):
                key = f"{month}-{day}-{line}"
                yield production(f"p{key}", at(month, day), 1000, line=line)
                for cavity in range(1, 6):
                    for n in range(4 if (month, cavity) == (6, 4) else 1):
                        yield defect(
                            f"d{key}-{cavity}-{n}", at(month, day, n), 1, line=line,
                            attributes={"cavity": f"{cavity}", "note": f"{key}-{cavity}"},
                        )  # fmt: skip


async def why(conn: Any, **asked: Any) -> WhyAnswer:
    request = WhyRequest(**{"plant": "north", "month": "2026-06", **asked})
    return await answer_why(conn, await load(conn), request, NOW)


async def causes(conn: Any) -> list[ChangePart]:
    [change] = (await why(conn)).changes
    assert sum(part.change for part in change.parts) == change.change
    return [part for part in change.parts if part.kind == "cause"]


async def behind(conn: Any, **asked: Any) -> Any:
    """The money of the entries of a question."""
    request = EntriesRequest(plant="north", category="copq", **asked)
    page = await answer_entries(Reading(conn, await load(conn), Books(), NOW), request, 500)
    assert page.whole is not None
    return page.whole.figures[0].net if page.whole.figures else 0


@pytest.mark.parametrize("is_summed", [False, True])
async def test_a_cause_that_only_an_attribute_explains_is_named_by_it(
    conn: Any, is_summed: bool
) -> None:
    await post_with_rates(conn, declaring("cavity"), bad_cavity())
    if is_summed:
        await bring_up_to_date(conn)
    [cause] = await causes(conn)
    assert (cause.cause, cause.filters) == ("cavity 4", {"attributes.cavity": "4"})
    assert (cause.before, cause.after, cause.p_value_by) == (520, 2080, "days")
    [change] = (await why(conn)).changes
    assert "; cavity 4 +1,560.00; everything else 0.00." in change.finding
    asked = {"attributes": '{"cavity": "4"}', "start": "2026-06-01", "end": "2026-07-01"}
    assert shlex.split(cause.command)[-2:] == ["--attributes", asked["attributes"]]
    assert await behind(conn, **asked) == cause.after
    assert (await why(conn)).as_json()["attributes"] == ["cavity"]
    assert await verify(conn) == []


async def test_attributes_stay_when_a_retention_drops_the_bytes(conn: Any) -> None:
    """Those that are declared; and the sums that are made again are the same."""
    await post_with_rates(conn, declaring("cavity"), bad_cavity())
    found = await causes(conn)
    order = Order("events", date(2026, 7, 1))
    limits = await bounds(conn, await load(conn), order.before, order.plant)
    async for _ in apply(conn, order, limits, Actor("ann"), "records policy"):
        pass
    assert await conn.fetchval("select count(payload) from copq.event") == 0
    kept = await conn.fetchval("select attributes from copq.event where event_id = 'd5-2-L1-3-0'")
    assert json.loads(kept) == {"cavity": "3"}
    await bring_up_to_date(conn)
    assert await causes(conn) == found
    assert await verify(conn) == []


async def test_values_beyond_fifty_are_one(conn: Any) -> None:
    """The first fifty keep their name, the most frequent first."""
    lots = [
        defect(f"{lot}-{n}", at(6, 2), 1, attributes={"lot": f"lot {lot}"})
        for lot in range(60) for n in range(2 if lot > 40 else 1)
    ]  # fmt: skip
    await post_with_rates(conn, declaring("lot"), lots)
    await bring_up_to_date(conn)
    values = {row["value"] for row in await conn.fetch("select value from copq.summary_value")}
    assert len(values) == 50 and {f"lot {lot}" for lot in range(41, 60)} <= values
    await post_events(conn, declaring("lot"), [defect("new", at(6, 3), 1, attributes={"lot": "z"})])
    june = {"start": "2026-06-01", "end": "2026-07-01"}
    assert await behind(conn, attributes='{"lot": "other"}', **june) == 110
    assert await behind(conn, attributes='{"lot": "z"}', **june) == 0
    await bring_up_to_date(conn)
    leaves = await conn.fetch("select attributes ->> 'lot' as lot from copq.summary_leaf")
    assert {row["lot"] for row in leaves} == {*values, "other"}
    assert await verify(conn) == []


async def test_the_summary_is_made_again_for_other_attributes(conn: Any) -> None:
    """Answers have the earlier ones until then, and those of any time after it."""
    await post_with_rates(conn, declaring(), bad_cavity())
    await bring_up_to_date(conn)
    assert (await why(conn)).attributes == () and await causes(conn) == []
    [site] = (await load(conn)).sites.values()
    named = site.plant.model_copy(update={"attributes": ("cavity", "tool")})
    await import_rates(conn, RateFile(plants=(named,)), "rates.yaml", "test")
    assert (await why(conn)).attributes == ()
    await bring_up_to_date(conn)
    assert (await why(conn)).attributes == ("cavity", "tool")
    assert [cause.cause for cause in await causes(conn)] == ["cavity 4"]
    assert await verify(conn) == []


async def test_a_stop_that_is_open_has_the_attributes_of_its_event(conn: Any) -> None:
    await post_with_rates(conn, declaring("crew"), [
        stop("s", "2026-06-30T11:00:00+02:00", attributes={"crew": "A"}),
        defect("d", at(6, 29), 1), event("scrap", "c", occurred_at=at(5, 29), product="widget",
                                         quantity=1, attributes={"crew": "\u00a0A "}),
    ])  # fmt: skip
    june = {"start": "2026-06-01", "end": "2026-07-01"}
    assert await behind(conn, attributes='{"crew": "A"}', **june) == 120
    assert await behind(conn, attributes='{"crew": ""}', **june) == 10
    assert (
        await behind(conn, attributes='{"crew": "A"}', start="2026-05-29", end="2026-05-30") == 10
    )
    [change] = (await why(conn)).changes
    [alone] = [one for one in change.in_one_window if one.after == 120]
    assert alone.filters["attributes.crew"] == "A"
    for wrong in ("cavity=4", '{"crew": 1}', "[]"):
        with pytest.raises(ValueError, match="write it as"):
            await behind(conn, attributes=wrong, **june)


async def test_a_question_with_too_many_combinations_leaves_attributes_out(
    conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post_with_rates(conn, declaring("cavity"), bad_cavity())
    monkeypatch.setattr("copq.figures.why_changes.MOST_LEAVES", 9)
    found = await why(conn)
    assert found.left_out() == [
        "The attributes cavity are left out: too many combinations; name a plant or a line."
    ]
    assert await causes(conn) == []


@pytest.mark.parametrize("seed", range(2))
async def test_parts_add_up_and_the_summary_says_what_the_ledger_says(conn: Any, seed: int) -> None:
    """Random attributes, corrections among them, with and without the summary."""
    random, rates = Random(seed), declaring("cavity", "tool")
    for number in range(25):
        named = [name for name in ("cavity", "tool", "x") if random.random() < 0.6]
        said = {name: random.choice("abc") for name in named}
        begin = at(random.choice((5, 6)), random.randint(1, 28), random.randint(0, 59))
        new = defect(f"e{number}", begin, random.randint(1, 9), attributes=said)
        if number and random.random() < 0.3:
            new = event(
                "correction", f"e{number}", occurred_at=begin, corrects=f"e{number - 1}",
                reason="wrong",
                replacement=json.loads(defect(f"r{number}", begin, 3, attributes=said)),
            )  # fmt: skip
        await post_with_rates(conn, rates, [new])
        if random.random() < 0.2:
            await bring_up_to_date(conn)
    [change] = (await why(conn)).changes
    assert sum(part.change for part in change.parts) == change.change
    assert await verify(conn) == []
    await conn.execute("delete from copq.summary; delete from copq.summary_position")
    assert (await why(conn)).changes == [change]


async def test_postgres_spells_names_as_the_service_does(conn: Any) -> None:
    names = ["a", " a\u00a0", "e\u0301", "a\u3000b", "\u2003x", "A  b", "o\u0308 \u1680"]
    found = [await conn.fetchval("select copq.canonical_name($1)", name) for name in names]
    assert found == [canonical(name) for name in names]
