"""The cookies of a person: a token or a session. No script reads them, no other site sends them."""

from typing import Literal

from fastapi import Request, Response

from copq.access.requests import COOKIE, SESSION_COOKIE, cookie_of


def set_cookie(
    request: Request,
    response: Response,
    name: str,
    value: str,
    lasts_s: int,
    same_site: Literal["strict", "lax"] = "strict",
) -> None:
    """Without HTTPS the cookie has another name and no `Secure`: it would not be taken."""
    response.set_cookie(
        cookie_of(request, name), value, lasts_s, httponly=True, samesite=same_site,
        secure=request.url.scheme == "https",
    )  # fmt: skip


def delete_cookie(request: Request, response: Response, *names: str) -> None:
    for name in names:
        response.delete_cookie(
            cookie_of(request, name), httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip


def forget_person(request: Request, response: Response) -> None:
    """Remove what says who the person is."""
    delete_cookie(request, response, COOKIE, SESSION_COOKIE)
