"""Errors of pages: in words for a browser, with what to do next."""

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from copq.web.answers import add_error_handlers
from copq.web.pages.page import add_pages

PEOPLE = {"accept": "text/html"}


def client() -> httpx.AsyncClient:
    app = FastAPI()
    add_error_handlers(app)
    add_pages(app)

    @app.get("/away")
    @app.post("/away")
    async def away() -> None:
        raise HTTPException(503, "Postgres does not answer", {"Retry-After": "5"})

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a secret of the inside")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://copq")


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/away", 503, "Reload the page in a moment."),
        ("POST", "/away", 503, "send the form again: it is done once."),
        ("GET", "/broken", 500, "nothing was changed. Its log says"),
        ("GET", "/nowhere", 404, "Nothing is at this address."),
        ("DELETE", "/away", 405, "Go back, and use its buttons."),
    ],
)
async def test_a_browser_is_told_what_to_do(
    method: str, path: str, status: int, words: str
) -> None:
    async with client() as asking:
        page = await asking.request(method, path, headers=PEOPLE)
        plain = await asking.request(method, path)
    assert page.status_code == plain.status_code == status
    assert words in page.text and "secret" not in page.text
    assert page.headers["content-security-policy"]
    assert page.headers.get("retry-after") == plain.headers.get("retry-after")
    assert plain.headers["content-type"] == "application/problem+json"


async def test_a_program_gets_data_from_the_api_whatever_it_accepts() -> None:
    async with client() as asking:
        answer = await asking.get("/v1/nothing", headers=PEOPLE)
    assert answer.headers["content-type"] == "application/problem+json"
