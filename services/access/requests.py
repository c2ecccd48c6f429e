"""The door for HTTP: the token of a request, and the answer where it does not open."""

from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from services.access.door import Bearer, Door, NotAdmitted, NotAllowed, Role, TooMuch
from services.ingest.intake import Unavailable

COOKIE = "copq-token"
_SCHEME = "bearer "
_CHANGES_NOTHING = ("GET", "HEAD", "OPTIONS")
_FOREIGN = "this request comes from another site; open the page on this service and try again"


def token_of(request: Request) -> str | None:
    """From `Authorization: Bearer …`, else from the cookie that a person's browser holds.

    Never from the address: addresses end up in logs and histories.
    """
    return _header_token(request) or request.cookies.get(COOKIE)


def _header_token(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    return header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else None


async def admitted(request: Request, door: Door, *roles: Role) -> Bearer:
    """Who sends the request; without `roles` any will do.

    Raises `HTTPException` 401 or 403, or 503 where nobody can say.
    """
    refuse_other_sites(request)
    try:
        return await door.admit(token_of(request), frozenset(roles) if roles else None)
    except NotAdmitted as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": "Bearer"}) from error
    except NotAllowed as error:
        raise HTTPException(403, str(error)) from error
    except Unavailable as error:
        raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after)}) from error


def charged(
    door: Door, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0
) -> None:  # fmt: skip
    """As `Door.charge`. Raises `HTTPException` 429."""
    try:
        door.charge(bearer, requests, events, size)
    except TooMuch as error:
        raise HTTPException(429, str(error), {"Retry-After": str(error.retry_after)}) from error


def refuse_other_sites(request: Request) -> None:
    """A page of another site makes a browser send requests with its holder's cookie, or to a
    service that stands open on the holder's own machine. Raises `HTTPException` 403 for those
    that change something; a token in the header is nothing that a browser adds by itself.
    """
    if request.method in _CHANGES_NOTHING or _header_token(request) is not None:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is None:
        same = COOKIE not in request.cookies
    elif site is not None:
        same = site in ("same-origin", "none")
    else:
        same = urlsplit(origin or "").netloc == request.headers.get("host")
    if not same:
        raise HTTPException(403, _FOREIGN)
