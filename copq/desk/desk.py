"""Who acts, on which connection: one way from a request to a decision."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from asyncpg import Connection
from fastapi import HTTPException, Request

from copq.access.authority import Actor, OutOfScope
from copq.access.door import Bearer, Door, Role
from copq.access.requests import admit_request
from copq.access.sender import Lines
from copq.currencies.file import ExchangeFileError
from copq.currencies.store import CurrencyFixed, NoReportingCurrency
from copq.database.connections import ANSWER_S, AWAY, STATEMENT_S, DatabaseRole, act_as
from copq.desk.jobs import UnknownJob
from copq.figures.names import UnknownName
from copq.ingest.intake import Intake
from copq.periods.period import PeriodError, UnknownPeriod
from copq.projects.store import ProjectError, UnknownProject
from copq.rates.documents import NoDocument, NotPossible
from copq.rates.file import RateFileError
from copq.web.answers import Faults
from copq.web.unavailable import Unavailable

_LOG = logging.getLogger(__name__)
RETRY_AFTER_S = 5
_UNKNOWN = (NoDocument, UnknownJob, UnknownPeriod, UnknownProject)
_NOT_NOW = (NotPossible, PeriodError, ProjectError, CurrencyFixed, NoReportingCurrency)
_AGAIN = "whether this was done is not known: send it again with the same Idempotency-Key"
NOBODY = "say who does it: no token is needed here, so `by` names the person"


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Seeing:
    """A connection for a reader who may decide; `lines` are the reader's (None: all)."""

    conn: Connection
    lines: Lines | None
    now: datetime

    @property
    def reader(self) -> Actor:
        """The reader, for a check of what may be seen."""
        return Actor("this token", Role.FINANCE, self.lines)

    def require(self, plant: str) -> None:
        """Raise `HTTPException` 403 unless the reader sees the whole plant."""
        if self.lines is not None and (plant, None) not in self.lines:
            raise HTTPException(403, f'you do not see the whole of plant "{plant}"')

    def require_all(self) -> None:
        """Raise `HTTPException` 403 unless the reader sees all lines."""
        if self.lines is not None:
            raise HTTPException(403, "this is for those who see all lines")


@dataclass(frozen=True, slots=True)
class Acting:
    """A connection that may decide, who decides, and the instant."""

    conn: Connection
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """The database for those who decide, the access rules, and the clock.

    `intake` takes corrections. `replaying` takes refused events that are sent again, and does not
    store them again; `fixing` does so for operators: new names count towards the limit of the
    sender. All are None in a service that takes no events.
    """

    pool: asyncpg.Pool
    door: Door
    clock: Callable[[], datetime] = wall_clock
    intake: Intake | None = None
    replaying: Intake | None = None
    fixing: Intake | None = None

    def replaying_for(self, bearer: Bearer) -> Intake | None:
        """The intake to which this person sends refused events again."""
        return self.fixing if bearer.role is Role.OPERATOR else self.replaying

    @asynccontextmanager
    async def connection(
        self, as_role: DatabaseRole = DatabaseRole.FINANCE
    ) -> AsyncIterator[Connection]:
        """A connection that acts as `as_role`."""
        async with self.pool.acquire(timeout=ANSWER_S) as conn:
            await act_as(conn, as_role)
            yield conn

    async def admit(self, request: Request, *roles: Role) -> Bearer:
        """The bearer of a request that only `roles` may send; do this before its body is read.

        A service that asks for no token lets everybody in as admin, without a name. Raises
        `HTTPException` 401 or 403 for another bearer.
        """
        bearer = await admit_request(request, self.door, *roles, Role.ADMIN)
        name = bearer.sender.name
        if name is not None and bearer.role not in roles:
            said = f'"{name}" is {bearer.role}; this is for {" or ".join(roles)}'
            raise HTTPException(403, said)
        return bearer

    @asynccontextmanager
    async def seeing(
        self, request: Request, *roles: Role, as_role: DatabaseRole = DatabaseRole.FINANCE
    ) -> AsyncIterator[Seeing]:
        """A connection for what only `roles` may see.

        Raises `HTTPException`, as `admit` and `acting` do.
        """
        async with self.seeing_as(await self.admit(request, *roles), as_role) as seeing:
            yield seeing

    @asynccontextmanager
    async def seeing_as(
        self, bearer: Bearer, as_role: DatabaseRole = DatabaseRole.FINANCE
    ) -> AsyncIterator[Seeing]:
        """As `seeing`, for a reader that was admitted."""
        with answered():
            async with self.connection(as_role) as conn:
                yield Seeing(conn, bearer.sender.lines, self.clock())

    @asynccontextmanager
    async def acting(
        self, bearer: Bearer, by: str, as_role: DatabaseRole = DatabaseRole.FINANCE
    ) -> AsyncIterator[Acting]:
        """A connection without a transaction, for an actor that was admitted.

        `by` names the person where the service asks for no token. Raises `HTTPException`: 403 for
        other lines, 404 for an unknown thing, 409 where a decision is not possible, 422 where it
        is wrong, 503 without Postgres.
        """
        actor = actor_of(bearer, by)
        with answered():
            async with self.connection(as_role) as conn:
                yield Acting(conn, actor, self.clock())


def actor_of(bearer: Bearer, by: str) -> Actor:
    """The actor of a request that was admitted. Raises `HTTPException` 422 without a name."""
    if bearer.sender.name is not None:
        return Actor(bearer.sender.name, bearer.role, bearer.sender.lines)
    if not by.strip():
        raise HTTPException(422, NOBODY)
    return Actor(by.strip())


@contextmanager
def answered() -> Iterator[None]:
    """Turn what a decision raises into the answer to its request."""
    try:
        yield
    except asyncpg.DataError as error:
        raise HTTPException(422, f"Postgres cannot take this: {error}") from error
    except asyncpg.UniqueViolationError as error:
        raise HTTPException(409, "somebody did the same at this moment: read it again") from error
    except AWAY as error:
        raise _away(error) from error
    except Unavailable as error:
        headers = {"Retry-After": str(error.retry_after)}
        raise HTTPException(503, f"{error}; {_AGAIN}", headers) from error
    except OutOfScope as error:
        raise HTTPException(403, str(error)) from error
    except _UNKNOWN as error:
        raise HTTPException(404, str(error)) from error
    except _NOT_NOW as error:
        raise HTTPException(409, str(error)) from error
    except (RateFileError, ExchangeFileError) as error:
        raise Faults(error.faults) from error
    except UnknownName as error:
        raise HTTPException(422, str(error)) from error


def _away(error: BaseException) -> HTTPException:
    _LOG.warning("Postgres does not answer: %s", error)
    message = f"Postgres does not answer; {_AGAIN}"
    return HTTPException(503, message, {"Retry-After": str(RETRY_AFTER_S)})


async def acting_pool(dsn: str) -> asyncpg.Pool:
    """Connections that decide; `Desk` gives each its role.

    The pool opens without Postgres too, and connects when needed.
    """
    return await asyncpg.create_pool(
        dsn, min_size=0, max_size=4, timeout=ANSWER_S, command_timeout=STATEMENT_S
    )
