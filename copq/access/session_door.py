"""The door for people who sign in and for tokens alike."""

from copq.access.door import Bearer, Door, NotAllowed, Role
from copq.access.metrics import TURNED_AWAY
from copq.access.sender import Sender
from copq.access.session import is_session_id
from copq.access.sessions import Sessions


class SessionDoor:
    """Admits who holds an open session, and leaves everybody else to the door of tokens."""

    def __init__(self, tokens: Door, sessions: Sessions) -> None:
        self._tokens, self.sessions = tokens, sessions

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        if token is None or not is_session_id(token):
            return await self._tokens.admit(token, roles)
        session = await self.sessions.find(token)
        name, role = session.person.name, session.access.role
        if roles is not None and role not in roles:
            TURNED_AWAY.labels("role").inc()
            raise NotAllowed(f'"{name}" is {role}; this is for {" or ".join(sorted(roles))}')
        return Bearer(role, Sender(name, session.access.lines))

    def knows(self, token: str | None) -> bool:
        if token is not None and is_session_id(token):
            return self.sessions.knows(token)
        return self._tokens.knows(token)

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        self._tokens.charge(bearer, requests, events, size)
