"""What a person says about a token, and how a token is shown: for commands and the API."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from copq.access.sender import MQTT, Lines, lines_json
from copq.access.store import Grant, StoredToken
from copq.schemas.fields import Identifier
from copq.schemas.names import canonical
from copq.text.person_names import shown_name

_NAME: TypeAdapter[str] = TypeAdapter(Identifier)
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def token_name(name: str) -> str:
    """The name of a token in its one spelling. Raises `ValueError`."""
    if name.startswith(MQTT):
        raise ValueError(
            f'names that begin with "{MQTT}" are those of MQTT clients, and a token sees what '
            f"became of all that was sent under its name; choose another, such as "
            f"{name.replace('/', '-')}"
        )
    if shown_name(name) != name:
        raise ValueError(
            "names that end in brackets are those of people who sign in; choose another, such as "
            f"{name.replace(' (', '-').rstrip(')')}"
        )
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise ValueError("a name has 1 to 64 characters, all of which can be printed") from None


def lines_of(plants: Iterable[str], lines: Iterable[str]) -> Lines | None:
    """Whole plants, and lines written as PLANT/LINE; None if there is neither.

    Raises `ValueError`.
    """
    whole: list[tuple[str, str | None]] = [(plant, None) for plant in plants]
    single: list[tuple[str, str | None]] = []
    for text in lines:
        plant, slash, line = text.partition("/")
        if not (plant and slash and line):
            raise ValueError(f'"{text}" names no plant: write it as PLANT/LINE, such as north/L1')
        single.append((canonical(plant), canonical(line)))
    return frozenset([*whole, *single]) or None


def expiry_of(text: str, now: datetime) -> datetime | None:
    """A time after `now`, or the start of a day in UTC; None for never. Raises `ValueError`."""
    if text == "never":
        return None
    if found := re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text):
        return now + timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f'is 12h, 90d, 52w, a date such as 2027-01-31, or never; not "{text}"'
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at <= now:
        raise ValueError(f"{text} is past")
    return at


def state_of(token: StoredToken, now: datetime) -> str:
    """valid, expired or revoked."""
    if token.revoked_at is not None:
        return "revoked"
    expires = token.grant.expires_at
    return "expired" if expires is not None and expires <= now else "valid"


def grant_json(grant: Grant) -> dict[str, Any]:
    return {
        "name": grant.name,
        "role": grant.role,
        "lines": lines_json(grant.lines),
        "requests_per_second": grant.limits.requests,
        "events_per_second": grant.limits.events,
        "bytes_per_second": grant.limits.size,
        "expires_at": grant.expires_at,
    }


def token_json(token: StoredToken, now: datetime) -> dict[str, Any]:
    """A token as it is listed; never its text."""
    return {
        **grant_json(token.grant),
        "state": state_of(token, now),
        "token_id": token.token_id,
        "created_at": token.created_at,
        "created_by": token.created_by,
        "revoked_at": token.revoked_at,
        "revoked_by": token.revoked_by,
        "last_used_at": token.last_used_at,
    }
