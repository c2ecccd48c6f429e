"""Who gets what over HTTP: each role at each endpoint, the login, requests from other sites."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from copq.access.door import Role
from copq.access.limits import Limits
from copq.access.requests import COOKIE
from copq.access.token_door import TokenDoor
from tests.support.access.serving import Clock, bearer, grant, revoke, served
from tests.support.building import book

FORM = {"plant": "north", "line": "L1", "product": "widget"}
ENTRY = {**FORM, "submission": "s", "period": "day", "day": "2026-03-02", "produced": "10"}
NOBODY, OPERATOR = "nobody", Role.OPERATOR
OTHERS = (Role.MANAGER, Role.FINANCE, Role.ADMIN)

ENDPOINTS = [
    # method, path, nobody, operator, every other role
    ("GET", "/healthz", 200, 200, 200),
    ("GET", "/login", 200, 303, 303),
    ("GET", "/v1/events/unknown", 401, 404, 404),
    ("GET", "/form", 303, 200, 403),
    ("GET", "/form?plant=north&line=L1&product=widget", 303, 200, 403),
    ("POST", "/form", 401, 303, 403),  # what was entered is kept on a page
    ("GET", "/form/unknown", 303, 404, 403),
    ("POST", "/form/unknown/withdraw", 303, 404, 403),
    ("POST", "/form/unknown/correct", 303, 404, 403),
    ("POST", "/logout", 303, 303, 303),
]


@pytest.mark.parametrize("role", [NOBODY, *Role])
async def test_each_role_at_each_endpoint(database: str, role: str) -> None:
    headers = {} if role == NOBODY else bearer(await grant(database, "x", Role(role)))
    async with served(database, book=book()) as client:
        for method, path, nobody, operator, other in ENDPOINTS:
            said = await client.request(
                method, path, headers=headers, data=ENTRY if path == "/form" else {}
            ) if method == "POST" else await client.get(path, headers=headers)  # fmt: skip
            wanted = {NOBODY: nobody, OPERATOR: operator}.get(role, other)
            assert said.status_code == wanted, (method, path, said.text)
            if wanted == 401 and path != "/form":
                assert said.headers["www-authenticate"] == "Bearer"
            if wanted == 303 and path.startswith("/form") and role == NOBODY:
                assert said.headers["location"].startswith("/login")


async def test_expired_and_revoked_tokens_are_401(database: str) -> None:
    clock = Clock()
    expiring = await grant(database, "e", expires_at=clock.now + timedelta(minutes=1))
    revoked = await grant(database, "r")
    await revoke(database, "r")
    async with served(database, TokenDoor(database, clock=clock)) as client:
        assert await _status(client, expiring) == 404
        clock.now += timedelta(minutes=1)
        assert await _status(client, expiring) == 401
        assert await _status(client, revoked) == 401


async def _status(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get("/v1/events/x", headers=bearer(token))).status_code


async def test_over_the_limit_is_429_and_when_to_come_again(database: str) -> None:
    now = 0.0
    token = await grant(database, "slow", limits=Limits(requests=0.5))
    async with served(database, TokenDoor(database, monotonic=lambda: now)) as client:
        statuses = [await _status(client, token) for _ in range(6)]
        assert statuses == [404] * 5 + [429]
        said = await client.get("/v1/events/x", headers=bearer(token))
        page = await client.get("/form", headers=bearer(token))
        assert said.headers["retry-after"] == page.headers["retry-after"] == "2"
        assert page.status_code == 429 and "Too many requests" in page.text
        now = 2.0
        assert await _status(client, token) == 404


async def test_a_token_in_the_address_opens_nothing(database: str) -> None:
    token = await grant(database, "x")
    async with served(database) as client:
        for name in ("token", "access_token", COOKIE):
            answer = await client.get("/v1/events/x", params={name: token})
            assert answer.status_code == 422 and "is not a parameter" in answer.text
            assert token not in answer.text
            assert (await client.get("/form", params={name: token})).status_code != 200


async def test_the_login_gives_a_cookie_that_no_script_and_no_other_site_gets(
    database: str,
) -> None:
    token = await grant(database, "desk")
    async with served(database, book=book()) as client:
        there = "/form?plant=north&line=L1&product=widget"
        sent = await client.get(there)
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
        assert page.status_code == 200 and "default-src 'none'" in _policy(page)
        said = await client.post("/login", data={"token": token, "next": there})
        assert said.status_code == 303 and said.headers["location"] == there
        cookie = said.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie
        assert (await client.get(there)).status_code == 200
        assert (await client.get("/login")).headers["location"] == "/form"
        out = await client.post("/logout", headers={"origin": str(client.base_url)})
        assert out.status_code == 303
        assert (await client.get(there)).status_code == 303


def _policy(page: httpx.Response) -> str:
    return page.headers["content-security-policy"]


@pytest.mark.parametrize("token", ["", "copq_000000000000_guess", "<b>", "\u2603", "x" * 9000])
async def test_a_wrong_token_is_told_at_its_field_and_never_shown_again(
    database: str, token: str
) -> None:
    async with served(database) as client:
        said = await client.post("/login", data={"token": token})
        assert said.status_code == 401 and "set-cookie" not in said.headers
        assert 'role="alert"' in said.text and 'aria-invalid="true"' in said.text
        assert not token or token not in said.text


@pytest.mark.parametrize(
    "to",
    ["https://evil.example/", "//evil.example/", "//[::1", "/\\evil.example", "javascript:alert(1)",
     "/\t/evil.example", "evil", "/form\r\nset-cookie: a=b"],
)  # fmt: skip
async def test_the_login_leads_to_no_other_site(database: str, to: str) -> None:
    token = await grant(database, "desk")
    async with served(database) as client:
        said = await client.post("/login", data={"token": token, "next": to})
        assert said.headers["location"] == "/form"
        page = await client.get("/login", params={"next": to}, headers=bearer(token))
        assert page.headers["location"] == "/form"


async def test_under_tls_the_cookie_is_secure(database: str) -> None:
    token = await grant(database, "desk")
    async with served(database) as client:
        # As a proxy on this machine, which ends TLS, says it.
        proxied = {"x-forwarded-proto": "https"}
        said = await client.post("/login", data={"token": token}, headers=proxied)
        cookie = said.headers["set-cookie"]
        assert cookie.startswith(f"__Host-{COOKIE}=") and "; Path=/" in cookie
        assert "secure" in cookie.lower() and "domain" not in cookie.lower()
        held = {"cookie": cookie.partition(";")[0]}
        assert (await client.get("/form", headers=proxied | held)).status_code == 200
        assert (await client.get("/form", headers=held)).status_code == 303, "not in plain text"
        out = await client.post("/logout", headers=proxied | {"sec-fetch-site": "same-origin"})
        assert out.headers["set-cookie"].startswith(f'__Host-{COOKIE}=""')


async def test_an_open_service_answers_to_names_of_this_machine_alone(database: str) -> None:
    async with served(database, TokenDoor(database, needs_token=False), book()) as client:
        port = client.base_url.port
        for name in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
            assert (await client.get("/form", headers={"host": name})).status_code == 200
        for name in (
            f"evil.example:{port}",
            "localhost.evil.example",
            "192.0.2.1",
            "",
            "a b",
            "[::1",
        ):
            told = {"host": name}
            for ask in (
                client.get("/form", headers=told),
                client.get("/v1/events/x", headers=told),
                client.post("/v1/events", content=b"{}", headers=told),
            ):
                assert (await ask).status_code in (400, 421), name
        token = await grant(database, "desk")
        named = {"host": "copq.example.com"} | bearer(token)
        assert (await client.get("/v1/events/x", headers=named)).status_code == 404


async def test_a_form_that_comes_slowly_is_cut_off(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copq.web.body.WITHIN_S", 0.3)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"token="
        await asyncio.sleep(2)

    async with served(database) as client:
        assert (await client.post("/login", content=slowly())).status_code == 408


async def test_a_browser_that_goes_away_in_the_middle_of_a_form_leaves_no_traceback(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(database) as client:
        _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntoken="
        )
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()
        await asyncio.sleep(0.5)
        assert (await client.get("/login")).status_code == 200
    assert "Traceback" not in caplog.text and "ERROR" not in caplog.text


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://[::1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1"},
]
CHANGING = ["/form", "/form/x/withdraw", "/form/x/correct", "/logout", "/login"]


@pytest.mark.parametrize("path", CHANGING)
async def test_a_page_of_another_site_changes_nothing_with_the_cookie(
    database: str, path: str
) -> None:
    token = await grant(database, "desk")
    async with served(database, book=book()) as client:
        client.cookies.set(COOKIE, token)
        for headers in FOREIGN:
            said = await client.post(path, data={"token": token}, headers=headers)
            assert said.status_code == 403, (headers, said.text)
            assert "set-cookie" not in said.headers
        own = {"origin": str(client.base_url), "sec-fetch-site": "same-origin"}
        assert (await client.post(path, data=ENTRY, headers=own)).status_code != 403


async def test_a_cookie_without_a_word_of_where_it_comes_from_changes_nothing(
    database: str,
) -> None:
    token = await grant(database, "desk")
    async with served(database, book=book()) as client:
        assert (await client.post("/form", data=ENTRY, headers=bearer(token))).status_code == 303
        client.cookies.set(COOKIE, token)
        assert (await client.post("/form", data=ENTRY)).status_code == 403


async def test_another_site_cannot_use_a_service_that_stands_open(database: str) -> None:
    async with served(database, TokenDoor(database, needs_token=False), book()) as client:
        assert (await client.post("/form", data=ENTRY)).status_code == 303
        for headers in FOREIGN:
            assert (await client.post("/form", data=ENTRY, headers=headers)).status_code == 403


async def test_a_body_without_end_is_cut_off(database: str) -> None:
    token = await grant(database, "desk")
    async with served(database, book=book()) as client:
        for path in ("/login", "/form"):
            said = await client.post(path, content=b"a=" + b"x" * 10**6, headers=bearer(token))
            assert said.status_code == 413
        for body in (b"a=%ff%fe\xff", b"&".join([b"a=1"] * 5000)):
            said = await client.post("/form", content=body, headers=bearer(token))
            assert said.status_code == 400
