"""The door on Postgres: tokens are held in memory and read again every half second."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg
from tenacity import wait_fixed

from copq.access.door import Bearer, NotAdmitted, NotAllowed, Role, TooMuch
from copq.access.limits import Meter
from copq.access.metrics import TOKENS_READ, TURNED_AWAY
from copq.access.sender import ANYONE, Sender
from copq.access.store import StoredToken, all_tokens, mark_used
from copq.access.token import fits, id_of
from copq.database.connections import AWAY, DatabaseRole, connected
from copq.process.retry import keep_trying
from copq.web.unavailable import Unavailable

EVERY_S = 0.5
"""A token that is revoked is out within a second."""

PATIENCE_S = 3
"""How long an unknown token waits for a Postgres that hangs."""

USED_EVERY_S = 60.0
ANYBODY = Bearer(Role.ADMIN, ANYONE, local_names_only=True)
_READ_AGAIN = "the tokens cannot be read from Postgres"

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class TokenDoor:
    """Admits the holders of stored tokens that are neither expired nor revoked.

    `needs_token` false: it asks for no token until the first one exists, and from then on it does
    not. While Postgres is away the tokens known until then go on working, and it is logged how
    old that knowledge is; whether any other token is good nobody can say then (`Unavailable`).
    """

    def __init__(
        self,
        dsn: str,
        needs_token: bool = True,
        clock: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dsn, self._needs_token = dsn, needs_token
        self._clock, self._monotonic = clock, monotonic
        self._tokens: dict[str, StoredToken] | None = None
        self._meters: dict[str, Meter] = {}
        self._used: set[str] = set()
        self._read_at: datetime | None = None
        self._next_read: asyncio.Future[bool] | None = None

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        if self._tokens is None and not await self._read_again():
            raise Unavailable(_READ_AGAIN)
        if await self._is_open(token):
            return ANYBODY
        if token is None:
            TURNED_AWAY.labels("none").inc()
            raise NotAdmitted("a token is needed: send it as Authorization: Bearer copq_…")
        bearer = self._bearer(await self._find(token))
        if roles is not None and bearer.role not in roles:
            TURNED_AWAY.labels("role").inc()
            allowed = " or ".join(sorted(roles))
            raise NotAllowed(f'"{bearer.sender.name}" is {bearer.role}; this is for {allowed}')
        return bearer

    def knows(self, token: str | None) -> bool:
        if self._tokens is None:
            return False
        if token is None or not id_of(token):
            return self._needs_token or bool(self._tokens) or token is None
        return self._find_in_memory(token) is not None

    async def _is_open(self, token: str | None) -> bool:
        """Whether no token exists yet. Postgres is asked: the first one may be a moment old."""
        if self._needs_token or self._tokens:
            return False
        if token is not None and not await self._read_again():
            raise Unavailable(_READ_AGAIN)
        return not self._tokens

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        meter = self._meters.get(bearer.sender.name or "")
        if meter is not None:
            amounts = (("requests", requests), ("events", events), ("bytes", size))
            try:
                meter.charge(amounts, self._monotonic())
            except TooMuch:
                TURNED_AWAY.labels("limit").inc()
                raise

    async def _find(self, text: str) -> StoredToken:
        """The token in memory, else in Postgres: it may have just been made."""
        found = self._find_in_memory(text)
        if found is None and id_of(text):
            if not await self._read_again():
                raise Unavailable(_READ_AGAIN)
            found = self._find_in_memory(text)
        if found is None:
            TURNED_AWAY.labels("unknown").inc()
            raise NotAdmitted("the token is not known; make one with: copq tokens create")
        return found

    def _find_in_memory(self, text: str) -> StoredToken | None:
        kept = (self._tokens or {}).get(id_of(text))
        return kept if fits(text, kept.hash if kept else None) else None

    def _bearer(self, token: StoredToken) -> Bearer:
        grant = token.grant
        if token.revoked_at is not None:
            TURNED_AWAY.labels("revoked").inc()
            raise NotAdmitted(f'the token "{grant.name}" is revoked; ask an admin for another')
        if grant.expires_at is not None and grant.expires_at <= self._clock():
            TURNED_AWAY.labels("expired").inc()
            raise NotAdmitted(f'the token "{grant.name}" has expired; ask an admin for another')
        self._used.add(grant.name)
        return Bearer(grant.role, Sender(grant.name, grant.lines))

    async def _read_again(self) -> bool:
        """Wait for a reading that begins after this call; False if it fails.

        Unknown tokens, however many, do not make Postgres be read more often.
        """
        if self._next_read is None:
            self._next_read = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([self._next_read], timeout=PATIENCE_S)
        return any(reading.result() for reading in done)

    async def run(self) -> None:
        """Read the tokens again and again, for ever."""
        away = (*AWAY, asyncpg.PostgresError)
        await keep_trying(self._follow, away, wait_fixed(EVERY_S), self._keep_tokens)

    def _keep_tokens(self, error: BaseException, _: float) -> None:
        self._tell(False)
        log.warning("tokens stay as they are%s: %s", self._age(), error)

    def _age(self) -> str:
        return f" since {self._read_at:%H:%M:%S} UTC" if self._read_at else ""

    async def _follow(self) -> None:
        async with connected(self._dsn, DatabaseRole.DOOR) as conn:
            written = self._monotonic()
            while True:
                await self._read(conn)
                if self._monotonic() - written > USED_EVERY_S:
                    written = self._monotonic()
                    used, self._used = self._used, set()
                    await mark_used(conn, sorted(used))
                await asyncio.sleep(EVERY_S)

    async def _read(self, conn: asyncpg.Connection) -> None:
        waiting, self._next_read = self._next_read, None
        try:
            tokens = await all_tokens(conn)
        except BaseException:
            _answer(waiting, False)
            raise
        self._tokens = {token.token_id: token for token in tokens}
        self._renew_meters(tokens)
        self._read_at = self._clock()
        TOKENS_READ.set(self._read_at.timestamp())
        _answer(waiting, True)

    def _renew_meters(self, tokens: list[StoredToken]) -> None:
        now = self._monotonic()
        for token in tokens:
            if token.grant.name not in self._meters:
                self._meters[token.grant.name] = Meter(token.grant.limits, now)

    def _tell(self, read: bool) -> None:
        waiting, self._next_read = self._next_read, None
        _answer(waiting, read)


def _answer(waiting: "asyncio.Future[bool] | None", read: bool) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(read)
