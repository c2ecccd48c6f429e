"""What explains a change of losses: from the ledger to the answer."""

import random
import shlex
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from copq.figures import why_changes
from copq.figures.books import Books, Reading
from copq.figures.entries_answer import answer_entries
from copq.figures.entries_request import EntriesRequest
from copq.figures.why import ExplainedChange, WhyAnswer, WhyRequest, answer_why
from copq.rates.book import RateBook
from copq.rates.store import load
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
JUNE = {"month": "2026-06"}
D = Decimal


async def why(conn: Any, rates: RateBook, **asked: Any) -> WhyAnswer:
    return await answer_why(conn, rates, WhyRequest(**{**JUNE, **asked}), NOW)


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> str:
    return f"2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00+02:00"


def bad_lot() -> list[bytes]:
    """Two lines and two suppliers, a defect of each a day; B's fail four times as often in June."""
    events = []
    for month in (5, 6):
        for day in range(2, 28):
            for line in ("L1", "L2"):
                of = {"line": line, "shift": "early"}
                key = f"{month}-{day}-{line}"
                events.append(production(f"p{key}", at(month, day), 1000, line=line))
                for supplier in "AB":
                    more = 4 if (month, line, supplier) == (6, "L2", "B") else 1
                    events += [
                        defect(f"d{key}{supplier}{n}", at(month, day, 12, n), 1,
                               supplier=supplier, **of)
                        for n in range(more * 2)
                    ]  # fmt: skip
    return events


async def test_a_cause_is_named_with_its_evidence_and_its_entries(conn: Any) -> None:
    await post_with_rates(conn, book(), bad_lot())
    rates = await load(conn)
    [change] = (await why(conn, rates, plant="north")).changes
    [cause] = [part for part in change.parts if part.kind == "cause"]
    assert (cause.cause, cause.filters) == (
        "line L2, supplier B", {"line": "L2", "supplier": "B"},
    )  # fmt: skip
    assert (cause.before, cause.after, cause.change) == (520, 2080, 1560)
    assert (cause.units_before, cause.units_after) == (26_000, 26_000)
    assert (cause.rate_before, cause.rate_after) == (D("0.02"), D("0.08"))
    assert (cause.entries_before, cause.entries_after) == (52, 208)
    assert cause.p_value is not None and 0 < cause.p_value < D("1e-6")
    assert cause.p_value_by == "days"
    assert change.finding == (
        "Losses changed by +1,560.00 EUR: volume 0.00, mix 0.00; line L2, supplier B +1,560.00; "
        "everything else 0.00."
    )
    assert shlex.split(cause.command)[:4] == ["copq", "entries", "--category", "copq"]
    behind = await answer_entries(
        Reading(conn, rates, Books(), NOW),
        EntriesRequest(plant="north", line="L2", supplier="B", category="copq",
                       start="2026-06-01", end="2026-07-01"), 5,
    )  # fmt: skip
    assert behind.whole is not None and behind.whole.figures[0].net == cause.after


async def test_entries_without_a_name_are_asked_for_by_an_empty_one(conn: Any) -> None:
    await post_with_rates(conn, book(), [
        defect("with", at(6, 2), 1, shift="early", supplier="A"), defect("without", at(6, 2), 2),
        stop("s", at(6, 2), at(6, 2, 12, 10), shift="early"),
    ])  # fmt: skip
    rates = await load(conn)

    async def found(**asked: str) -> list[str]:
        request = EntriesRequest(start="2026-06-01", end="2026-06-03", **asked)
        page = await answer_entries(Reading(conn, rates, Books(), NOW), request, 9)
        return sorted(entry.event_id for entry, _ in page.entries)

    assert await found(shift="early") == ["s", "with"]
    assert await found(shift="", product="widget") == ["without"]
    assert await found(supplier="") == ["s", "without"] and await found(supplier="A") == ["with"]
    assert await found(product="") == ["s"]
    with pytest.raises(ValueError, match='no entry has the supplier "C"; there are A'):
        await found(supplier="C")
    with pytest.raises(ValueError, match='no entry has the shift "erly"; there are early'):
        await found(shift="erly")


async def test_volume_and_mix_alone_are_no_cause(conn: Any) -> None:
    """Twice as much is made in June, of which each unit loses what it lost before."""
    events = [
        one
        for month, times in ((5, 1), (6, 2))
        for day in range(2, 22)
        for one in (
            production(f"p{month}-{day}", at(month, day), 100 * times),
            *(defect(f"d{month}-{day}-{n}", at(month, day), 1) for n in range(times)),
        )
    ]
    await post_events(conn, book(), events)
    [change] = (await why(conn, book())).changes
    assert [(part.kind, part.change) for part in change.parts] == [
        ("volume", 200), ("mix", 0), ("without_baseline", 0), ("everything_else", 0),
    ]  # fmt: skip
    assert change.expected == change.after == 400 and not change.is_explained
    assert change.finding.endswith("Nothing is left to explain.")


async def test_weeks_before_are_an_expectation_for_each_unit(conn: Any) -> None:
    """A window of other length is compared by units; without units by days."""
    days = range(1, 29)
    lost = [defect(f"d{day}", at(6, day), 2) for day in days]
    made = [production(f"p{day}", at(6, day), 100) for day in days]
    asked = {"month": "", "start": "2026-06-22", "end": "2026-06-29", "weeks": 3}
    await post_events(conn, book(), lost)
    [change] = (await why(conn, book(), **asked)).changes
    assert (change.measured_by, change.units_before, change.units_after) == ("days", 21, 7)
    assert (change.before, change.after, change.expected) == (420, 140, 140)
    await post_events(conn, book(), made)
    [change] = (await why(conn, book(), **asked)).changes
    assert (change.measured_by, change.units_before, change.units_after) == ("units", 2100, 700)
    assert (change.before, change.after, change.expected) == (420, 140, 140)


async def test_nothing_recorded_explains_a_rise_everywhere(conn: Any) -> None:
    events = [
        one
        for month, times in ((5, 5), (6, 15))
        for day in range(2, 22)
        for line in ("L1", "L2")
        for one in (
            production(f"p{month}-{day}-{line}", at(month, day), 100, line=line),
            *(defect(f"d{month}-{day}-{line}-{n}", at(month, day), 1, line=line)
              for n in range(times)),
        )
    ]  # fmt: skip
    await post_events(conn, book(), events)
    [change] = (await why(conn, book())).changes
    assert not change.is_explained
    assert (
        "Nothing in the recorded dimensions explains the remaining +4,000.00 EUR" in change.finding
    )
    assert "moved alike" in change.finding


async def test_an_open_stop_counts_until_now_in_the_days_it_is_of(conn: Any) -> None:
    """And a booked stop is only counted for the time that the open one leaves it."""
    await post_events(conn, book(), [
        stop("open", at(6, 30, 11), work_unit="M1", defect_code="jam"),
        stop("ended", at(6, 30, 11, 30), at(6, 30, 12, 10)),
        stop("may", at(5, 2), at(5, 2, 12, 10)),
    ])  # fmt: skip
    [change] = (await why(conn, book())).changes
    assert (change.before, change.after) == (20, 120 + 20)
    assert change.provisional == 120 - 60
    assert [one.name for one in change.in_one_window] == [
        "plant north, line L1, element downtime, code jam, machine M1"
    ]


async def test_currencies_are_explained_apart(conn: Any) -> None:
    rates = book(plant(), plant("south", currency="USD"))
    await post_events(conn, rates, [
        defect("e", at(6, 2), 1), defect("u", at(5, 2), 2, plant="south"),
    ])  # fmt: skip
    found = await why(conn, rates)
    assert [(one.currency, one.before, one.after) for one in found.changes] == [
        ("EUR", 0, 10), ("USD", 20, 0),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="reporting currency"):
        await why(conn, rates, currency="EUR")


async def test_too_many_combinations_are_refused(conn: Any) -> None:
    await post_events(conn, book(), [
        defect(f"d{n}", at(6, 2), 1, defect_code=f"c{n}") for n in range(4)
    ])  # fmt: skip
    with (
        patch.object(why_changes, "MOST_LEAVES", 3),
        pytest.raises(ValueError, match="more than 3 combinations of dimensions"),
    ):
        await why(conn, book())


async def test_without_losses_there_is_nothing_to_explain(conn: Any) -> None:
    await post_events(conn, book(), [production("p", at(6, 2))])
    assert (await why(conn, book())).changes == []


def history(chance: random.Random) -> list[dict[str, Any]]:
    """Defects, stops that overlap, units, and corrections, in two months, of three lines."""
    made = []
    for number in range(chance.randint(5, 30)):
        begin = at(chance.choice((5, 6)), chance.randint(1, 28), chance.randint(0, 23))
        of = {
            "line": chance.choice(("L1", "L2")), "shift": chance.choice(("early", None)),
            "work_unit": chance.choice(("M1", "M2", None)),
            "defect_code": chance.choice(("jam", "dent", None)),
        }  # fmt: skip
        own = {name: value for name, value in of.items() if value is not None}
        kind = chance.choice(("defect", "defect", "production", "stop", "correction"))
        made.append({"kind": kind, "number": number, "at": begin, "of": own,
                     "quantity": f"{chance.randint(1, 99)}.{chance.randint(0, 9999):04}",
                     "minutes": chance.randint(1, 300)})  # fmt: skip
    return made


def raw(one: dict[str, Any], site: str) -> bytes:
    key, begin, of = f"{site}-{one['number']}", one["at"], {**one["of"], "plant": site}
    if one["kind"] == "defect":
        return defect(key, begin, one["quantity"], **of)
    if one["kind"] == "production":
        return production(key, begin, one["quantity"], **of)
    if one["kind"] == "stop":
        end = datetime.fromisoformat(begin) + timedelta(minutes=one["minutes"])
        return stop(key, begin, end.isoformat(), **of)
    corrects = f"{site}-{max(one['number'] - 2, 0)}"
    return event("correction", key, occurred_at=begin, corrects=corrects, reason="wrong",
                 plant=site, line=one["of"]["line"])  # fmt: skip


def parts_of(change: ExplainedChange) -> list[Any]:
    return [(part.kind, part.cause, part.change, part.p_value) for part in change.parts]


@pytest.mark.parametrize("seed", range(6))
async def test_parts_add_up_whatever_happens_and_in_whatever_order(conn: Any, seed: int) -> None:
    """The same events of two plants, posted in two orders, one by one or together."""
    chance = random.Random(seed)
    events = history(chance)
    found = []
    for site, order in (("north", events), ("south", chance.sample(events, len(events)))):
        rates = book(plant("north"), plant("south"))
        raws = [raw(one, site) for one in order]
        for size in (raws[:7], raws[7:]):
            await post_events(conn, rates, size)
        changes = (await why(conn, rates, plant=site)).changes
        rows = await conn.fetch(
            "select day >= '2026-06-01' as is_after, sum(net) as net from copq.ledger"
            " where plant = $1 and category = 'internal_failure'"
            " and day between '2026-05-01' and '2026-06-30'"
            " group by 1", site,
        )  # fmt: skip
        booked = {row["is_after"]: row["net"] for row in rows}
        for change in changes:
            assert change.before == booked.get(False, 0) and change.after == booked.get(True, 0)
            assert sum(part.change for part in change.parts) == change.change
            assert change.change == change.after - change.before
        found.append([parts_of(change) for change in changes])
    assert found[0] == found[1]
