"""Proof that what approval froze still follows from the ledger, and that no owner decides."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.books import Books
from copq.figures.project_baseline import measure_again
from copq.figures.recomputing import Reach
from copq.ledger.difference import Difference
from copq.projects.evidence import baseline_json, instant, promise_json
from copq.projects.plan_json import plan_json
from copq.projects.scope_check import ledger_part
from copq.projects.store import (
    Excess,
    Freeze,
    Project,
    evidence,
    excesses,
    projects,
    promises,
)
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
Facts = dict[str, Any]


async def frozen_projects(conn: Connection, newest: RateBook, reach: Reach) -> list[Difference]:
    """All differences, in the caller's snapshot.

    It compares the evidence of each approval with the plan, with the promise, and with the entries
    of the ledger as they were then; with the baseline of those in `reach`, whose events are priced
    again; decisions with the owners; and what is validated of a month with what it saves.
    """
    found = [_person(row) for row in await conn.fetch(*_SQL.verify_project_persons())]
    books, known = Books(), await projects(conn)
    names = {one.id: one for one in known}
    found += [_excess(names[own.project], own) for own in await excesses(conn, None)]
    for one in known:
        if one.freeze is not None:
            content = json.loads(await evidence(conn, one.id) or "{}")
            found += await _frozen(conn, one, one.freeze, content)
            if _is_in(reach, one):
                found += await _baseline(conn, books, newest, one, one.freeze, content)
    return found


def _is_in(reach: Reach, one: Project) -> bool:
    """Whether its events are priced again: the reach's month is one of entries alone."""
    of_plant = reach.plant in (None, one.plant) and reach.month is None
    share: int | None = reach.parameters["share"]
    return of_plant and (share is None or (one.id + reach.seed) % 10_000 < share)


async def _frozen(
    conn: Connection, one: Project, freeze: Freeze, content: Facts
) -> list[Difference]:
    part = await ledger_part(conn, one.plan, freeze.booked_until)
    promise = {(p.month, p.type): p.amount for p in await promises(conn, [one.id])}
    expected: Facts = {
        "plan": plan_json(one.plan), "promise": promise_json(promise),
        "revision": freeze.revision, "at": instant(freeze.rates_at),
        "booked_until": instant(freeze.booked_until), **asdict(part),
    }  # fmt: skip
    found = {**content, **content["rates"], **content["ledger"]}
    return list(_differences(one, expected, found))


async def _baseline(
    conn: Connection, books: Books, newest: RateBook, one: Project, freeze: Freeze, content: Facts
) -> list[Difference]:
    book = await books.as_of(conn, freeze.revision)
    measured = await measure_again(
        conn, books, newest, one.plan, book, freeze.rates_at, freeze.booked_until, one.id
    )
    expected = baseline_json(measured.baseline)
    found = content["baseline"]
    if expected["left_as_booked"] > found["left_as_booked"]:
        # A retention that began before the approval has dropped bytes without keeping costs.
        expected, found = _as_booked(expected), _as_booked(found)
    rates = {"rates": [asdict(rate) for rate in measured.rates]}
    said = {"rates": content["rates"]["versions"]}
    return list(_differences(one, expected | rates, found | said))


def _as_booked(baseline: Facts) -> Facts:
    cells = [{**cell, "at_frozen_rates": ""} for cell in baseline["cells"]]
    return {"months": baseline["months"], "cells": cells}


def _differences(one: Project, expected: Facts, found: Facts) -> Iterator[Difference]:
    differ = [name for name in expected if expected[name] != found[name]]
    if differ:
        yield Difference(
            "project_freeze", {"plant": one.plant, "project": one.name},
            {name: expected[name] for name in differ}, {name: found[name] for name in differ},
        )  # fmt: skip


def _excess(one: Project, own: Excess) -> Difference:
    subject = {"plant": one.plant, "project": one.name, "month": own.month}
    return Difference("project_validation", subject, {"net": own.net}, {"validated": own.validated})


def _person(row: Record) -> Difference:
    subject = {name: row[name] for name in ("plant", "project", "what", "number")}
    return Difference("project_person", subject, {"by": row["rule"]}, {"by": row["by_person"]})
