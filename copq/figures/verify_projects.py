"""Proof that what approval froze still follows from the ledger, and that no owner decides."""

import json
from collections.abc import Iterator
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.difference import Difference
from copq.projects.evidence import promise_json
from copq.projects.plan_json import plain, plan_json
from copq.projects.scope_check import days, ledger_part, scope
from copq.projects.store import Project, evidence, projects, promises

_SQL = Queries.of(__file__)
Facts = dict[str, Any]


async def frozen_projects(conn: Connection) -> list[Difference]:
    """All differences, in the caller's snapshot.

    It compares the evidence of each approval with the plan, with the promise, with the entries of
    the ledger as they were then, and with the sums of these; and decisions with the owners.
    """
    found = [_person(row) for row in await conn.fetch(*_SQL.verify_project_persons())]
    for one in await projects(conn):
        if one.freeze is not None:
            found += await _frozen(conn, one)
    return found


async def _frozen(conn: Connection, one: Project) -> list[Difference]:
    assert one.freeze is not None
    content = json.loads(await evidence(conn, one.id) or "{}")
    until = one.freeze.booked_until
    part = await ledger_part(conn, one.plan, until)
    cells = await conn.fetch(
        *_SQL.verify_baseline(**days(one.plan), **scope(one.plan), until=until)
    )
    expected: Facts = {
        "plan": plan_json(one.plan),
        "revision": one.freeze.revision,
        "promise": promise_json(
            {(p.month, p.type): p.amount for p in await promises(conn, [one.id])}
        ),
        "entries": part.entries,
        "sha256": part.sha256,
        "booked": {_place(row): plain(row["net"]) for row in cells if row["net"]},
    }
    subject = {"plant": one.plant, "project": one.name}
    return list(_differences(subject, expected, _facts(content)))


def _facts(content: Facts) -> Facts:
    """What the evidence says, in the words of `_frozen`."""
    return {
        "plan": content["plan"],
        "revision": content["rates"]["revision"],
        "promise": content["promise"],
        "entries": content["ledger"]["entries"],
        "sha256": content["ledger"]["sha256"],
        "booked": {
            _place(cell): cell["booked"]
            for cell in content["baseline"]["cells"] if cell["booked"] != "0"
        },
    }  # fmt: skip


def _place(cell: Any) -> str:
    return f"{cell['line']} {cell['product']}".strip()


def _differences(subject: Facts, expected: Facts, found: Facts) -> Iterator[Difference]:
    differ = [name for name in expected if expected[name] != found[name]]
    if differ:
        yield Difference(
            "project_freeze", subject, {name: expected[name] for name in differ},
            {name: found[name] for name in differ},
        )  # fmt: skip


def _person(row: Record) -> Difference:
    subject = {name: row[name] for name in ("plant", "project", "what", "number")}
    return Difference("project_person", subject, {"by": row["rule"]}, {"by": row["by_person"]})
