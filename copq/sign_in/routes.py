"""The pages of signing in: to the provider, and back."""

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from copq.access.cookies import delete_cookie, set_cookie
from copq.access.login import go_on, own_path
from copq.access.requests import COOKIE, SESSION_COOKIE
from copq.sign_in.failures import Failure
from copq.sign_in.service import CALLBACK, UNDER_WAY_S, SignIn, cookie_name
from copq.web.pages.page import PageError, Pages
from copq.web.unavailable import Unavailable

_PAGES = Pages.of(Path(__file__).parent / "templates")


def add_provider(app: FastAPI, sign_in: SignIn) -> None:
    """`/sign-in` and the way back."""

    @app.exception_handler(Failure)
    async def failed(request: Request, error: Failure) -> Response:
        page = _PAGES.show(
            "not_signed_in.html", error.status, title=error.title, message=error.message,
            other=error.other, go_to=error.go_to, label=sign_in.label,
        )  # fmt: skip
        if error.status == 503:
            page.headers["Retry-After"] = "60"
        return page

    @app.get("/sign-in", include_in_schema=False)
    async def leave(request: Request, next: str = "", other: str = "") -> Response:
        try:
            leaving = await sign_in.leave(request, own_path(next), bool(other))
        except Unavailable as error:
            raise _away(error) from error
        response = RedirectResponse(leaving.url, 303, {"Cache-Control": "no-store"})
        # Lax: the way back begins at the provider's site.
        set_cookie(request, response, leaving.cookie, leaving.browser, UNDER_WAY_S, "lax")
        return response

    @app.get(CALLBACK, include_in_schema=False)
    async def come_back(request: Request) -> Response:
        answer = dict(request.query_params)
        try:
            done = await sign_in.come_back(request, answer)
        except Unavailable as error:
            raise _away(error) from error
        # A page of our own goes on: the browser sends a strict cookie along from here.
        page = go_on(_PAGES, done.go_to or "/login")
        set_cookie(request, page, SESSION_COOKIE, done.session, done.lasts_s)
        delete_cookie(request, page, COOKIE, cookie_name(answer.get("state", "")))
        return page


def _away(error: Unavailable) -> PageError:
    return PageError(
        503, "Not available now",
        "You are not signed in yet: Postgres does not answer. Try again in a moment.",
        str(error.retry_after),
    )  # fmt: skip
