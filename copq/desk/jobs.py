"""Long work in Postgres: who asked for what, how far it is, and what became of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Connection, Record

from copq.access.authority import Actor
from copq.access.door import Role
from copq.access.sender import lines_in, lines_text
from copq.database.queries import Queries
from copq.text.exact import plain

_SQL = Queries.of(__file__)
OPEN = ("waiting", "running")
KEPT_DAYS = 90
"""How long a job can be looked at after it has ended."""


class UnknownJob(Exception):
    """No job has this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job; `answer` is JSON, None until it is done. `message` says why it failed or ended."""

    job: int
    kind: str
    request: Mapping[str, Any]
    why: str
    actor: Actor
    asked_at: datetime
    state: str
    attempts: int
    progress: int
    total: int
    answer: Any
    message: str | None
    ended_at: datetime | None
    ended_by: str | None

    def as_json(self) -> dict[str, Any]:
        alike = ("job", "kind", "request", "why", "asked_at", "state", "attempts", "progress",
                 "total", "answer", "message", "ended_at", "ended_by")  # fmt: skip
        return {**{name: getattr(self, name) for name in alike}, "asked_by": self.actor.name}

    @property
    def etag(self) -> str:
        return f'"{self.job}.{self.state}.{self.attempts}.{self.progress}"'


def _job(row: Record) -> Job:
    alike = ("job", "kind", "why", "asked_at", "state", "attempts", "progress", "total",
             "message", "ended_at", "ended_by")  # fmt: skip
    role = None if row["role"] is None else Role(row["role"])
    answer = None if row["answer"] is None else json.loads(row["answer"])
    return Job(
        actor=Actor(row["asked_by"], role, lines_in(row["lines"])), answer=answer,
        request=json.loads(row["request"]), **{name: row[name] for name in alike},
    )  # fmt: skip


async def ask_for(
    conn: Connection, kind: str, request: Mapping[str, Any], actor: Actor, why: str
) -> Job:
    """Add a job in the caller's transaction."""
    row = await conn.fetchrow(
        *_SQL.add_job(
            kind=kind, request=_text(request), why=why, asked_by=actor.name, role=actor.role,
            lines=lines_text(actor.lines),
        )
    )  # fmt: skip
    return _job(row)


async def read_job(conn: Connection, number: int) -> Job:
    """Raises `UnknownJob`."""
    row = await conn.fetchrow(*_SQL.job(job=number))
    if row is None:
        raise UnknownJob(f"there is no job {number}")
    return _job(row)


async def jobs(
    conn: Connection, limit: int, before: int | None = None, asked_by: str | None = None
) -> list[Job]:
    """The newest first: those before a number, of one person; None: all."""
    rows = await conn.fetch(*_SQL.list_jobs(limit=limit, before=before, asked_by=asked_by))
    return [_job(row) for row in rows]


async def claim(conn: Connection, worker: UUID, gone_s: float) -> Job | None:
    """The next job for a worker; None if there is none."""
    row = await conn.fetchrow(*_SQL.claim_job(worker=worker, gone_s=gone_s))
    return None if row is None else _job(row)


async def forget(conn: Connection) -> None:
    """Remove the jobs that ended long ago. What they did has rows of its own."""
    await conn.execute(*_SQL.forget_jobs(days=KEPT_DAYS))


async def beat(conn: Connection, job: Job, worker: UUID, progress: int, total: int) -> bool:
    """Say how far a job is; False if it is the worker's no longer."""
    found = await conn.fetchval(
        *_SQL.beat(job=job.job, worker=worker, progress=progress, total=total)
    )
    return found is not None


async def release(conn: Connection, job: Job, worker: UUID) -> None:
    """Let another worker continue."""
    await conn.execute(*_SQL.release_job(job=job.job, worker=worker))


async def end(
    conn: Connection, job: Job, worker: UUID, progress: tuple[int, int],
    answer: Any = None, failure: str | None = None,
) -> None:  # fmt: skip
    """Keep the answer, or why it failed."""
    await conn.execute(
        *_SQL.end_job(
            job=job.job, worker=worker, state="done" if failure is None else "failed",
            answer=None if failure is not None else _text(answer), message=failure,
            progress=progress[0], total=progress[1],
        )
    )  # fmt: skip


async def cancel(conn: Connection, number: int, by: str, message: str) -> Job | None:
    """The job, cancelled; None if it has ended already."""
    row = await conn.fetchrow(*_SQL.cancel_job(job=number, by=by, message=message))
    return None if row is None else _job(row)


def _text(value: Any) -> str:
    return json.dumps(value, default=plain, ensure_ascii=False)
