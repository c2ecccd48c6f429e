"""The door for HTTP: the token of a request, and the answer where it does not open."""

from fastapi import HTTPException, Request

from services.access.door import Bearer, Door, NotAdmitted, NotAllowed, Role

COOKIE = "copq-token"
_SCHEME = "bearer "


def token_of(request: Request) -> str | None:
    """From `Authorization: Bearer …`, else from the cookie that a person's browser holds."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith(_SCHEME):
        return header[len(_SCHEME) :].strip()
    return request.cookies.get(COOKIE)


async def admitted(request: Request, door: Door, *roles: Role) -> Bearer:
    """Who sends the request; without `roles` any will do. Raises `HTTPException` 401 or 403."""
    try:
        return await door.admit(token_of(request), frozenset(roles) if roles else None)
    except NotAdmitted as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": "Bearer"}) from error
    except NotAllowed as error:
        raise HTTPException(403, str(error)) from error
