"""A person's login: the token goes into a cookie that no script can read."""

from urllib.parse import quote, urlsplit

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from copq.access.door import Bearer, Door, NotAdmitted, Role
from copq.access.requests import admit_request, cookie_of, refuse_other_sites, token_of
from copq.web.pages.form_fields import read_form
from copq.web.pages.page import PageError, Pages, serves
from copq.web.unavailable import Unavailable

STAYS_S = 30 * 24 * 3600
"""How long a browser remembers; the token may expire or be revoked before."""

_TITLES = {403: "Not for this role", 429: "Too many requests", 503: "Not available now"}


def add_login(app: FastAPI, door: Door) -> None:
    """`GET` and `POST /login`, `POST /logout`. The app needs `add_pages`, too."""
    pages = Pages.of()

    @app.get("/login", include_in_schema=False)
    async def login_page(request: Request, next: str = "") -> Response:
        try:
            bearer = await door.admit(token_of(request))
        except (NotAdmitted, Unavailable):
            return pages.show("login.html", next=_own_path(next), fault="")
        return _go(_own_path(next) or _home(request, bearer))

    @app.post("/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        _refuse_other_sites(request)
        filled = await read_form(request)
        token, next = filled.get("token", ""), _own_path(filled.get("next", ""))
        try:
            bearer = await door.admit(token)
        except (NotAdmitted, Unavailable) as error:
            status = 401 if isinstance(error, NotAdmitted) else 503
            fault = _as_sentence(str(error))
            return pages.show("login.html", status, next=next, fault=fault)
        response = _go(next or _home(request, bearer))
        if bearer.sender.name is not None:
            response.set_cookie(
                cookie_of(request), token, STAYS_S, httponly=True, samesite="strict",
                secure=request.url.scheme == "https",
            )  # fmt: skip
        return response

    @app.post("/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        _refuse_other_sites(request)
        response = _go("/login")
        response.delete_cookie(
            cookie_of(request), httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response


async def person(request: Request, door: Door, *roles: Role) -> Bearer:
    """As `admit_request`, for a page: an unknown person is sent to the login.

    Raises `HTTPException` 303 or `PageError`. Counts as one request.
    """
    try:
        bearer = await admit_request(request, door, *roles)
    except HTTPException as error:
        if error.status_code != 401:
            raise _page_error(error) from error
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = f"?next={quote(to)}" if request.method == "GET" else ""
        raise HTTPException(303, headers={"Location": f"/login{back}"}) from error
    return bearer


def _refuse_other_sites(request: Request) -> None:
    try:
        refuse_other_sites(request)
    except HTTPException as error:
        raise _page_error(error) from error


def _page_error(error: HTTPException) -> PageError:
    title = _TITLES.get(error.status_code, "The request failed")
    retry = (error.headers or {}).get("Retry-After", "")
    return PageError(error.status_code, title, _as_sentence(str(error.detail)), retry)


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _own_path(path: str) -> str:
    """The page to open after the login: one of this service, or empty. Never another site's."""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if own and not urlsplit(path).netloc else ""


def _home(request: Request, bearer: Bearer) -> str:
    """The first page of the role, if this service has it."""
    wanted = "/form" if bearer.role is Role.OPERATOR else "/"
    return wanted if serves(request.app, wanted) else "/docs"


def _go(to: str) -> RedirectResponse:
    return RedirectResponse(to, 303, {"Cache-Control": "no-store"})
