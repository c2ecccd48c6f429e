"""A what-if is what the ledger would be, had the changed events been sent in place of the others.

Random histories, as in `test_explained`: the answer is compared with a second ledger, to which the
changed events are posted in the same order, at the same rates.
"""

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from copq.figures.books import Books
from copq.figures.report import ReportQuery, report
from copq.figures.what_if import WhatIfAnswer, answer_what_if
from copq.figures.what_if_query import WhatIfRequest
from copq.figures.what_if_rows import DIMENSIONS
from copq.improvement.what_if.changed_events import Left
from copq.improvement.what_if.changes import ChangeError
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.schemas.rates import RateFile
from tests.integration.histories.test_explained import FULL, histories, play
from tests.support.building import rates
from tests.support.searching import examples
from tests.support.tampering import empty

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Steps = list[tuple[str, Any]]
Sums = dict[tuple[str, str, str], Decimal]
AMOUNTS = ("quantity", "scrapped", "minutes", "out_of_pocket", "credit")

CHANGES = {
    "halve type=defect": ({"event_type": "defect"}, Decimal("0.5")),
    "scale line=L1 type=return by 0.25": ({"line": "L1", "event_type": "return"}, Decimal("0.25")),
    "remove line=L2": ({"line": "L2"}, None),
    "remove type=downtime line=L1": ({"event_type": "downtime", "line": "L1"}, None),
    "halve product=widget": ({"product": "widget"}, Decimal("0.5")),
    "scale type=inspection by 0.1": ({"event_type": "inspection"}, Decimal("0.1")),
    "move product=widget to S1": ({"product": "widget", "stage": "S2"}, "S1"),
    "remove stage=S1": ({"stage": "S1"}, None),
}  # fmt: skip
"""The names of an event, and the share that stays, the stage, or nothing."""


def changed(event: dict[str, Any], asked: list[str]) -> dict[str, Any] | None:
    """The event that would have been sent."""
    for names, what in (CHANGES[text] for text in asked):
        if event["event_type"] in ("production", "correction"):
            return event
        if any(event.get(name) != value for name, value in names.items()):
            continue
        if what is None:
            return None
        if isinstance(what, str):
            event = (
                {**event, "stage": what} if event["event_type"] in ("defect", "scrap") else event
            )
        else:
            scaled = {n: str(Decimal(str(event[n])) * what) for n in AMOUNTS if n in event}
            event = {**event, **scaled}
    return event


def changed_steps(steps: Steps, asked: list[str]) -> Steps:
    posted = [(name, changed(what, asked) if name == "post" else what) for name, what in steps]
    return [(name, what) for name, what in posted if what is not None or name != "post"]


async def reported(conn: Any) -> Sums:
    query = ReportQuery(by=DIMENSIONS, start=date(2026, 1, 1))
    sums: Sums = defaultdict(Decimal)
    for row in await report(conn, await load(conn), query, NOW):
        if row.dims["category"] != "none":
            sums[row.dims["line"], row.dims["product"], row.dims["element"]] += row.net
    return {key: net for key, net in sums.items() if net}


def answered(found: WhatIfAnswer) -> Sums:
    rows = found.rows(("line", "product", "element"))
    return {(r.line, r.product, r.element): r.changed for r in rows if r.changed}


async def ask(conn: Any, change: str) -> WhatIfAnswer:
    request = WhatIfRequest(change=change, start="2026-01-31", end="2026-02-10")
    return await answer_what_if(conn, Books(), await load(conn), request, NOW)


async def ledger_of(dsn: str, file: RateFile, steps: Steps) -> asyncpg.Connection:
    conn = await asyncpg.connect(dsn)
    await prepare(conn)
    await empty(conn)
    await import_rates(conn, file, "rates", "finance")
    await play(conn, dsn, steps)
    return conn


def sent_names(steps: Steps) -> set[tuple[str, str]]:
    events = [what for name, what in steps if name == "post"]
    return {(name, value) for event in events for name, value in event.items()
            if isinstance(value, str)}  # fmt: skip


def possible(steps: Steps) -> list[str]:
    """The changes that name events of the history; others are refused."""
    names = sent_names(steps)
    return [text for text, (own, _) in CHANGES.items()
            if own.items() <= names or "move" in text or "stage" in own]  # fmt: skip


def adds_up(found: WhatIfAnswer) -> None:
    """Rows by any dimensions, and the entries, are the totals."""
    for total in found.totals:
        if total.figure == "coq":
            for by in ((), ("line",), ("category", "product"), DIMENSIONS):
                assert sum(row.difference for row in found.rows(by)) == total.difference
                assert sum(row.booked for row in found.rows(by)) == total.booked
            assert sum(one.difference for one in found.entries) == total.difference


@examples(0.06)
@given(data=st.data(), steps=histories())
def test_changed_events_cost_what_they_would_have(
    database: str, data: st.DataObject, steps: Steps
) -> None:
    """Rates for the past come and go between them; dispatches depend on when they were booked."""
    steps = [step for step in steps if step[0] not in ("drop", "anchor")]
    asked = data.draw(st.lists(st.sampled_from(possible(steps) or ["remove stage=S1"]),
                               min_size=1, max_size=3, unique=True))  # fmt: skip
    file = rates(**{**FULL, "recovery_overhead_per_day": 0})

    async def run() -> None:
        free = [(n, _without_dispatches(w) if n == "rates" else w) for n, w in steps]
        conn = await ledger_of(database, file, free)
        try:
            found = await ask(conn, "; ".join(asked))
        except ChangeError as error:
            assert "no entry has" in str(error) or "is not in" in str(error)
            return
        finally:
            await conn.close()
        conn = await ledger_of(database, file, changed_steps(free, asked))
        due = await reported(conn)
        await conn.close()
        assert answered(found) == due, (asked, steps)
        assert all(left.reason != Left.NOT_AS_BOOKED for c in found.changes for left in c.left)
        adds_up(found)

    asyncio.run(run())


def _without_dispatches(file: RateFile) -> RateFile:
    free = {"recovery_overhead_per_day": Decimal(0)}
    return file.model_copy(
        update={"cost_tables": tuple(t.model_copy(update=free) for t in file.cost_tables)}
    )


RATES = {
    "rate labour=standard rate_per_minute by 1.5": ("labour_rates", {"rate_per_minute": "1.5"}),
    "rate line=L1 rate_per_minute to 7": ("line_rates", {"rate_per_minute": "7"}),
    "rate product=widget recovery_overhead_per_day to 4":
        ("cost_tables", {"recovery_overhead_per_day": "4"}),
    "rate product=widget recovery_rate to 0": ("cost_tables", {"recovery_rate": "0"}),
    "rate product=widget price by 2": ("cost_tables", {"price": "40"}),
}  # fmt: skip


def changed_rates(file: RateFile, asked: list[str]) -> RateFile:
    for kind, update in (RATES[text] for text in asked):
        new = {name: Decimal(value) for name, value in update.items()}
        items = tuple(
            item.model_copy(update=new) if getattr(item, "line", "L1") == "L1" else item
            for item in getattr(file, kind)
        )
        file = file.model_copy(update={kind: items})
    return file


@examples(0.05)
@given(data=st.data(), steps=histories())
def test_changed_rates_and_events_cost_what_they_would_have(
    database: str, data: st.DataObject, steps: Steps
) -> None:
    """At one set of rates, so that dispatches are known as well."""
    steps = [step for step in steps if step[0] == "post"]
    events = [text for text in possible(steps) if "stage" not in text]
    asked = data.draw(st.lists(st.sampled_from(events or ["halve type=defect"]), max_size=2,
                               unique=True))  # fmt: skip
    rated = data.draw(st.lists(st.sampled_from(list(RATES)), min_size=1, max_size=3, unique=True))
    file = rates(**FULL)

    async def run() -> None:
        conn = await ledger_of(database, file, steps)
        try:
            found = await ask(conn, "; ".join([*asked, *rated]))
        except ChangeError as error:
            assert "no entry has" in str(error) or "is not in" in str(error)
            return
        finally:
            await conn.close()
        changes = changed_steps(steps, asked)
        conn = await ledger_of(database, changed_rates(file, rated), changes)
        due = await reported(conn)
        await conn.close()
        assert answered(found) == due, (asked, rated, steps)
        adds_up(found)

    asyncio.run(run())
