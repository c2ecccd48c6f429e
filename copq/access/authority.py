"""Who may decide, and for which lines: set rates, close a period, grant access.

While nobody holds a valid token of the role that is needed, the person at the machine decides.
From the first such token on, a command needs one. It decides only for the lines of its token.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from asyncpg import Connection

from copq.access.door import NotAllowed, Role
from copq.access.sender import Lines
from copq.access.store import StoredToken, all_tokens
from copq.access.token import fits, id_of
from copq.database.queries import Queries

_SQL = Queries.of(__file__)
Place = tuple[str | None, str | None]
"""What a decision is for: plant and line. None stands for all plants, or all lines of the plant."""

COMPANY: Place = (None, None)


class OutOfScope(NotAllowed):
    """The decision is for lines that the token is not for."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or token that decides, and for which lines (None: all of them).

    `role` is None where no token was needed and none was shown.
    """

    name: str
    role: Role | None = None
    lines: Lines | None = None

    def require(self, places: Iterable[Place]) -> None:
        """Raise `OutOfScope` unless the actor may decide for each of these places."""
        outside = {place for place in places if not self._covers(*place)}
        if outside:
            named = ", ".join(sorted(map(_place_name, outside)))
            raise OutOfScope(
                f'"{self.name}" decides for {format_lines(self.lines)} only; this is for {named}. '
                f"Set COPQ_TOKEN to a {self.role} token for {_required_lines(outside)}"
            )

    def _covers(self, plant: str | None, line: str | None) -> bool:
        return self.lines is None or not self.lines.isdisjoint({(plant, None), (plant, line)})


def format_lines(lines: Lines | None) -> str:
    """The lines of a token for people: `north/L1, south/*`, or `all lines`."""
    if lines is None:
        return "all lines"
    return ", ".join(sorted(f"{plant}/{line or '*'}" for plant, line in lines))


def _place_name(place: Place) -> str:
    plant, line = place
    if plant is None:
        return "all plants"
    return f'plant "{plant}"' if line is None else f'line "{line}" of plant "{plant}"'


def _required_lines(outside: set[Place]) -> str:
    return "all lines" if COMPANY in outside else "these"


async def identify_actor(
    conn: Connection, role: Role, token: str | None, person: str, *others: Role
) -> Actor:
    """The actor in `role` or one of `others`: the holder of `token`, or `person` while no token has
    such a role.

    Raises `NotAllowed`, which says what to do.
    """
    roles = (role, *others)
    named = " or ".join(roles)
    kept = await all_tokens(conn)
    if not any(_is_valid(found) and found.grant.role in roles for found in kept):
        return Actor(person)
    if token is None:
        raise NotAllowed(f"this is for {named}: set COPQ_TOKEN to a token of that role")
    found = next((k for k in kept if k.token_id == id_of(token) and fits(token, k.hash)), None)
    if found is None or not _is_valid(found):
        raise NotAllowed(f"COPQ_TOKEN holds no valid token; this is for {named}")
    if found.grant.role not in roles:
        raise NotAllowed(f'"{found.grant.name}" is {found.grant.role}; this is for {named}')
    return Actor(found.grant.name, found.grant.role, found.grant.lines)


def _is_valid(token: StoredToken) -> bool:
    expires = token.grant.expires_at
    return token.revoked_at is None and (expires is None or expires > datetime.now(UTC))


async def sign(conn: Connection, actor: Actor, why: str) -> None:
    """Name the actor and the reason in the audit trail until the caller's transaction ends."""
    await conn.execute(*_SQL.sign(who=actor.name, why=why))
