"""A person's login: by a token, or at the identity provider. Both end in a cookie."""

from typing import Protocol
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from copq.access.cookies import delete_cookie, forget_person, set_cookie
from copq.access.door import Bearer, Door, NotAdmitted, Role
from copq.access.kept_form import add_kept_forms, session_over
from copq.access.requests import (
    COOKIE,
    SESSION_COOKIE,
    admit_request,
    refuse_other_sites,
    session_id_of,
    token_of,
)
from copq.web.pages.form_fields import read_form
from copq.web.pages.page import PageError, Pages, serves
from copq.web.unavailable import Unavailable

STAYS_S = 30 * 24 * 3600
"""How long a browser remembers a token; it may expire or be revoked before."""

_TITLES = {403: "Not for this role", 429: "Too many requests", 503: "Not available now"}


class AtProvider(Protocol):
    """Signing in at an identity provider, as the login page knows it."""

    @property
    def label(self) -> str:
        """What people call the account that they sign in with."""
        ...

    async def end_session(self, request: Request) -> bool:
        """End the session of the request; whether it had one. Raises `Unavailable`."""
        ...

    async def sign_out_url(self, request: Request) -> str | None:
        """Where the browser signs out at the provider, too."""
        ...


def add_login(app: FastAPI, door: Door, provider: AtProvider | None = None) -> None:
    """`GET` and `POST /login`, `POST /logout`, `/signed-in`. The app needs `add_pages`, too."""
    pages = Pages.of()
    add_kept_forms(app)

    def show(next: str, status: int = 200, fault: str = "", notice: str = "") -> Response:
        return pages.show(
            "login.html", status, next=next, fault=fault, notice=notice,
            provider=provider.label if provider else "",
        )  # fmt: skip

    @app.get("/login", include_in_schema=False)
    async def login_page(request: Request, next: str = "", again: str = "") -> Response:
        to = own_path(next)
        try:
            bearer = await door.admit(token_of(request))
        except (NotAdmitted, Unavailable) as error:
            if request.headers.get("sec-fetch-site") == "cross-site" and not again:
                # A link on another site: the browser holds back the cookie for this step alone.
                return go_on(pages, f"/login?again=1&next={quote(to, safe='')}")
            over = token_of(request) is not None
            return show(to, notice=_as_sentence(str(error)) if over else "")
        return go(to or home(request, bearer))

    @app.post("/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        refuse_other_pages(request)
        filled = await read_form(request)
        token, next = filled.get("token", ""), own_path(filled.get("next", ""))
        try:
            bearer = await door.admit(token)
            if provider:
                await provider.end_session(request)
        except (NotAdmitted, Unavailable) as error:
            status = 401 if isinstance(error, NotAdmitted) else 503
            return show(next, status, _as_sentence(str(error)))
        response = go(next or home(request, bearer))
        if bearer.sender.name is not None:
            if session_id_of(request):
                delete_cookie(request, response, SESSION_COOKIE)
            set_cookie(request, response, COOKIE, token, STAYS_S)
        return response

    @app.post("/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        refuse_other_pages(request)
        try:
            had_session = provider is not None and await provider.end_session(request)
        except Unavailable as error:
            message = "You are still signed in: Postgres does not answer. Try again in a moment."
            raise PageError(503, "Not signed out", message, str(error.retry_after)) from error
        there = await provider.sign_out_url(request) if provider and had_session else None
        # A form may not lead to another site, so the page that follows goes there.
        response = go_on(pages, there) if there else go("/login")
        forget_person(request, response)
        return response

    @app.get("/signed-in", include_in_schema=False)
    async def signed_in(request: Request) -> Response:
        bearer = await person(request, door)
        return pages.show("signed_in.html", who=bearer.sender.name)


async def person(request: Request, door: Door, *roles: Role) -> Bearer:
    """As `admit_request`, for a page: an unknown person is sent to the login.

    Raises `HTTPException` 303 or `PageError`; `SessionOver` for a form with content, which is
    shown again after the login. Counts as one request.
    """
    try:
        bearer = await admit_request(request, door, *roles)
    except HTTPException as error:
        if error.status_code != 401:
            raise _page_error(error) from error
        if over := await session_over(request):
            raise over from error
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = f"?next={quote(to)}" if request.method == "GET" else ""
        raise HTTPException(303, headers={"Location": f"/login{back}"}) from error
    return bearer


def refuse_other_pages(request: Request) -> None:
    """As `refuse_other_sites`, for a page. Raises `PageError`."""
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


def own_path(path: str) -> str:
    """The page to open after the login: one of this service, or empty. Never another site's."""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    try:
        return path if own and not urlsplit(path).netloc else ""
    except ValueError:
        return ""


_HOMES = {Role.OPERATOR: "/form", Role.ADMIN: "/admin"}


def home(request: Request, bearer: Bearer) -> str:
    """The first page of the role, if this service has it."""
    wanted = _HOMES.get(bearer.role, "/") if bearer.sender.name is not None else "/"
    return wanted if serves(request.app, wanted) else "/docs"


def go(to: str) -> Response:
    return RedirectResponse(to, 303, {"Cache-Control": "no-store"})


def go_on(pages: Pages, to: str) -> Response:
    """A page that goes to the next by itself, as a step of this site and not of the one before."""
    return pages.show("going.html", to=to)
