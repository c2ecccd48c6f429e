"""The door for HTTP: the token of a request, and the answer to a request that is refused."""

from urllib.parse import SplitResult, urlsplit

from fastapi import HTTPException, Request

from copq.access.door import Bearer, Door, NotAdmitted, NotAllowed, Role, TooMuch
from copq.access.session import is_session_id
from copq.process.loopback import is_loopback
from copq.web.unavailable import Unavailable

COOKIE = "copq-token"
SESSION_COOKIE = "copq-session"
_SCHEME = "bearer "
_CHANGES_NOTHING = ("GET", "HEAD", "OPTIONS")
_OTHER_NAME = (
    "without tokens this service answers to localhost and 127.0.0.1 alone; "
    "make a first token: copq tokens create NAME --role manager"
)
_FOREIGN = "this request comes from another site; open the page on this service and try again"


def token_of(request: Request) -> str | None:
    """From `Authorization: Bearer …`, else from the cookie that a person's browser holds.

    Never from the address: addresses end up in logs and histories.
    """
    shown = _header_token(request)
    if shown:
        return "" if is_session_id(shown) else shown
    return session_id_of(request) or request.cookies.get(cookie_of(request))


def session_id_of(request: Request) -> str | None:
    """The session of the browser: from its cookie alone."""
    found = request.cookies.get(cookie_of(request, SESSION_COOKIE))
    return found if is_session_id(found) else None


def cookie_of(request: Request, name: str = COOKIE) -> str:
    """The name of the cookie. With the prefix, a browser takes it by HTTPS only, from this host."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def _header_token(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    return header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else None


async def admit_request(request: Request, door: Door, *roles: Role) -> Bearer:
    """The bearer that sends the request, of one of `roles` if there are any. Charges its limit.

    Raises `HTTPException` 401, 403 or 429, or 503 if the token cannot be checked now.
    """
    refuse_other_sites(request)
    try:
        bearer = await door.admit(token_of(request), frozenset(roles) if roles else None)
    except NotAdmitted as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": "Bearer"}) from error
    except NotAllowed as error:
        raise HTTPException(403, str(error)) from error
    except Unavailable as error:
        raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after)}) from error
    if bearer.local_names_only:
        _refuse_other_names(request)
    charge_request(door, bearer, requests=1)
    return bearer


def charge_request(
    door: Door, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0
) -> None:  # fmt: skip
    """As `Door.charge`. Raises `HTTPException` 429."""
    try:
        door.charge(bearer, requests, events, size)
    except TooMuch as error:
        raise HTTPException(429, str(error), {"Retry-After": str(error.retry_after)}) from error


def _refuse_other_names(request: Request) -> None:
    """Refuse requests that name another machine. Raises `HTTPException` 421.

    A page elsewhere may have its own name resolve to this machine, and would then read a service
    that asks for no token.
    """
    name = _parts_of(f"//{request.headers.get('host', 'localhost')}").hostname
    if name is None or not is_loopback(name):
        raise HTTPException(421, _OTHER_NAME)


def refuse_other_sites(request: Request) -> None:
    """Refuse changes that a page of another site asks for. Raises `HTTPException` 403.

    Such a page can make a browser send requests with the person's cookie, or to a service on the
    person's machine that asks for no token. A browser never adds a token in the header by itself.
    """
    if request.method in _CHANGES_NOTHING or _header_token(request) is not None:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is None:
        names = {cookie_of(request), cookie_of(request, SESSION_COOKIE)}
        same = names.isdisjoint(request.cookies)
    elif site is not None:
        same = site in ("same-origin", "none")
    else:
        same = _parts_of(origin or "").netloc == request.headers.get("host", "none")
    if not same:
        raise HTTPException(403, _FOREIGN)


def _parts_of(address: str) -> SplitResult:
    """The parts of an address; empty for a malformed one such as http://[::1."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
