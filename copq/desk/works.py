"""The kinds of long work. Each may be killed at any time and begun again: nothing counts twice."""

import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import asyncpg
from asyncpg import Connection

from copq.access.authority import OutOfScope
from copq.audit.anchor import anchor_json, proof_json, read_anchors
from copq.audit.anchoring import altered_days, anchors, make_anchor
from copq.audit.store import find_faults, head_of, rows
from copq.audit.trail import AuditRow, Chain, Fault, Head
from copq.database.connections import ANSWER_S, DatabaseRole, act_as, connected
from copq.desk.jobs import Job
from copq.desk.kept import kept_upload
from copq.figures.names import UnknownName
from copq.figures.recomputing import Reach
from copq.figures.verify import verify
from copq.periods.period import month_of
from copq.rates.file import RateFileError
from copq.repricing import runs
from copq.repricing.answers import plan_json, run_json
from copq.repricing.applying import apply
from copq.repricing.planning import plan
from copq.repricing.reach import RepricingScope

Refusals = (OutOfScope, UnknownName, RateFileError)
"""What is refused when a job runs at last, with the sentence for who asked."""


@dataclass(slots=True)
class Progress:
    """How much of a job is done; a total of 0 is not known."""

    seen: int = 0
    total: int = 0

    def __call__(self, step: Any) -> None:
        self.seen, self.total = step.seen, max(step.total, step.seen)

    def count(self, seen: int) -> None:
        self.seen = seen


Work = Callable[[str, Job, Progress], Coroutine[Any, Any, Any]]


def _scope(job: Job) -> RepricingScope:
    asked = job.request
    days = (asked["from"], asked["to"])
    first, until = (None if day is None else date.fromisoformat(day) for day in days)
    return RepricingScope(asked["plant"], asked["product"], first, until)


async def plan_repricing(dsn: str, job: Job, progress: Progress) -> Any:
    return plan_json(await plan(dsn, _scope(job), progress))


async def reprice(dsn: str, job: Job, progress: Progress) -> Any:
    """The run and its changes, which continue where a killed service has left them."""
    run = await apply(dsn, _scope(job), job.actor, job.why, progress)
    if run is None:
        return {"repricing": None, "changes": []}
    async with connected(dsn, DatabaseRole.FINANCE) as conn:
        return run_json(run, await runs.changes_of(conn, run))


async def verify_all(dsn: str, job: Job, progress: Progress) -> Any:
    asked = job.request
    month = None if asked["month"] is None else month_of(asked["month"])
    reach = Reach(asked["plant"], month, asked["sample"], secrets.randbelow(2**31))
    async with _patient(dsn) as conn:
        found = await verify(conn, reach, progress.count)
    return {
        "differences": [asdict(difference) for difference in found],
        "entries_recomputed": progress.seen,
    }


async def verify_audit(dsn: str, job: Job, progress: Progress) -> Any:
    expect = job.request["expect"]
    chain = Chain(Head.parse(expect) if expect else None)
    async with _patient(dsn) as conn:
        faults = await _faults(conn, chain, progress)
    return proof_json(chain.head, faults)


async def _faults(conn: Connection, chain: Chain, progress: Progress) -> list[Fault]:
    async def counted(found: AsyncIterator[AuditRow]) -> AsyncIterator[AuditRow]:
        async for row in found:
            progress.seen += 1
            yield row

    progress.seen = 0
    return await find_faults(chain, counted(rows(conn)))


async def anchor(dsn: str, job: Job, progress: Progress) -> Any:
    """One that was killed after it has cut its anchor makes another, which covers little more."""
    async with _patient(dsn) as conn:
        await make_anchor(conn, job.actor, job.why)
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return anchor_json((await anchors(conn))[-1], await head_of(conn))


async def compare_anchors(dsn: str, job: Job, progress: Progress) -> Any:
    """The trail, and what differs from a file of anchors that was sent."""
    async with _patient(dsn) as conn:
        _, data = await kept_upload(conn, job.actor.name, job.request["upload"])
        known, head = read_anchors(data.decode().splitlines())
        chain = Chain(head)
        faults = await _faults(conn, chain, progress)
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            differences = await altered_days(conn, known)
    return proof_json(chain.head, faults, differences)


@asynccontextmanager
async def _patient(dsn: str) -> AsyncIterator[Connection]:
    """A connection whose statements may take long."""
    conn = await asyncpg.connect(dsn, timeout=ANSWER_S)
    try:
        await act_as(conn, DatabaseRole.FINANCE)
        yield conn
    finally:
        conn.terminate()


PLAN, REPRICE, VERIFY, VERIFY_AUDIT = "plan_repricing", "reprice", "verify", "verify_audit"
ANCHOR, COMPARE_ANCHORS = "anchor", "compare_anchors"
WORKS: dict[str, Work] = {
    PLAN: plan_repricing, REPRICE: reprice, VERIFY: verify_all, VERIFY_AUDIT: verify_audit,
    ANCHOR: anchor, COMPARE_ANCHORS: compare_anchors,
}  # fmt: skip
