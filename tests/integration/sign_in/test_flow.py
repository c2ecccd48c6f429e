"""Signing in and out at a provider, and each way in which that fails."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from copq.access.door import Role
from copq.access.session import PREFIX
from tests.support.access.serving import Clock, bearer, grant, run
from tests.support.sign_in.provider import ADDRESS, CONFIG, ISSUER, FakeProvider, config
from tests.support.sign_in.serving import SAME_SITE, browser, next_page, service, sign_in

READ = "/v1/periods"
NO_ROLE: dict[str, Any] = {"sub": "9", "name": "Eve", "groups": ["canteen"]}
OPERATOR: dict[str, Any] = {
    "sub": "5", "name": "Olga", "groups": "operators", "copq_lines": ["north/L1"],
}  # fmt: skip


async def status(client: httpx.AsyncClient, path: str = READ) -> int:
    return (await client.get(path)).status_code


async def test_a_person_signs_in_reads_and_signs_out(database: str) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        login = await anna.get("/login?next=/v1/periods%3Fa%3Db")
        assert "Sign in with Example Login" in login.text and 'name="token"' in login.text
        assert 'href="/sign-in?next=/v1/periods%3Fa%3Db"' in login.text
        assert await status(anna) == 401
        assert await sign_in(anna, provider, READ) == READ
        assert await status(anna) == 200
        page = await anna.get("/")
        assert ">Anna Berg<" in page.text and "7f3c" in page.text
        out = await anna.post("/logout", headers=SAME_SITE)
        assert next_page(out).startswith(f"{ISSUER}/logout?client_id=copq&post_logout_redirect_uri")
        assert await status(anna) == 401 and not anna.cookies
    rows = await run(database, "select who, why, action, new from copq.audit order by seq")
    assert [(row["who"], row["why"]) for row in rows[1:]] == [
        ("Anna Berg (7f3c)", "signed in"), ("Anna Berg (7f3c)", "signed out"),
    ]  # fmt: skip
    assert "hash" not in rows[1]["new"]


async def test_the_cookie_of_a_session_is_random_strict_and_new_at_each_sign_in(
    database: str,
) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        planted = f"{PREFIX}{'x' * 43}"
        anna.cookies.set("copq-session", planted)
        leaving = await anna.get("/sign-in")
        assert "samesite=lax" in leaving.headers["set-cookie"].lower()
        back = await anna.get(provider.approve(leaving.headers["location"]))
        [made] = [c for c in back.headers.get_list("set-cookie") if c.startswith("copq-session=")]
        assert "httponly" in made.lower() and "samesite=strict" in made.lower()
        assert "path=/" in made.lower() and "domain" not in made.lower()
        first = made.partition(";")[0].partition("=")[2]
        assert first.startswith(PREFIX) and len(first) == len(PREFIX) + 43 and first != planted
        await sign_in(anna, provider)
        second = next(c.value for c in anna.cookies.jar if c.name == "copq-session" and c.domain)
        assert second != first
        async with browser(app) as other:
            other.cookies.set("copq-session", first)
            assert await status(other) == 401, "the session before it was ended"
            assert await status(other, "/healthz") == 200
    kept = await run(database, "select * from copq.session")
    assert first not in str(kept) and str(second) not in str(kept)


async def test_under_https_the_cookies_belong_to_the_host(database: str) -> None:
    secure, settings = "https://copq.example.com", CONFIG.replace("http://copq", "https://copq")
    provider = FakeProvider()
    async with (
        service(database, provider, settings=config(settings)) as app,
        browser(app, secure) as anna,
    ):
        await sign_in(anna, provider)
        [session] = [cookie for cookie in anna.cookies.jar if "session" in cookie.name]
        assert session.name == "__Host-copq-session" and session.secure
        assert await status(anna) == 200
        async with browser(app) as plain:
            plain.cookies.set(session.name, session.value or "")
            plain.cookies.set("copq-session", "")
            assert await status(plain) == 401, "not by HTTP"


async def test_an_account_without_a_role_is_told_whom_to_ask(database: str) -> None:
    provider = FakeProvider(NO_ROLE)
    async with service(database, provider) as app, browser(app) as eve:
        leaving = await eve.get("/sign-in?next=/form")
        said = await eve.get(provider.approve(leaving.headers["location"]))
        assert said.status_code == 403 and "Your account has no role here" in said.text
        assert "canteen" in said.text and "sk the service desk" in said.text
        assert 'href="/sign-in?other=1&amp;next=/form"' in said.text
        assert "copq-session=" not in str(said.headers) and await status(eve) == 401
    assert await run(database, "select 1 from copq.session") == []


async def test_roles_and_lines_of_claims_are_those_of_the_door(database: str) -> None:
    provider = FakeProvider(OPERATOR)
    async with service(database, provider) as app, browser(app) as olga:
        await sign_in(olga, provider)
        assert await status(olga) == 403
        form = {"plant": "north", "product": "widget"}
        assert (await olga.get("/form", params=form | {"line": "L1"})).status_code == 200
        assert (await olga.get("/form", params=form | {"line": "L2"})).status_code == 403


async def test_a_session_is_no_token_and_no_token_is_a_session(database: str) -> None:
    provider, token = FakeProvider(), await grant(database, "desk", Role.FINANCE)
    async with service(database, provider) as app, browser(app) as anna:
        await sign_in(anna, provider)
        session = anna.cookies["copq-session"]
        async with browser(app) as other:
            assert (await other.get(READ, headers=bearer(session))).status_code == 401
            assert (await other.get(READ, headers=bearer(token))).status_code == 200
            other.cookies.set("copq-session", token)
            assert await status(other) == 401
        # A token that is shown counts, not the session beside it.
        assert (await anna.get(READ, headers=bearer("copq_x_y"))).status_code == 401
        said = await anna.post("/login", data={"token": token}, headers=SAME_SITE)
        assert said.status_code == 303 and "copq-session" not in anna.cookies
    [row] = await run(database, "select ended_at from copq.session")
    assert row["ended_at"] is not None


LASTS = [(59, 0, ""), (60, 0, "after 60 minutes without use"), (11 * 60, 50, ""),
         (12 * 60, 50, "longest time")]  # fmt: skip


async def test_a_session_ends_without_use_and_at_the_latest(database: str) -> None:
    provider, clock = FakeProvider(), Clock()
    async with service(database, provider, clock) as app, browser(app) as anna:
        for minutes, every, says in LASTS:
            await sign_in(anna, provider)
            end, step = clock.now + timedelta(minutes=minutes), timedelta(minutes=every)
            while every and clock.now + step < end:
                clock.now += step
                assert await status(anna) == 200
            clock.now = end
            said = await anna.get(READ)
            assert said.status_code == (401 if says else 200) and says in said.text
            assert says in (await anna.get("/login")).text


STATES = ["", "unknown", "☃", "a" * 5000]


async def test_a_state_counts_once_in_its_own_browser_and_for_ten_minutes(database: str) -> None:
    provider, clock = FakeProvider(), Clock()
    async with service(database, provider, clock) as app, browser(app) as anna:
        for state in STATES:
            said = await anna.get("/sign-in/callback", params={"code": "c", "state": state})
            assert said.status_code == 400 and "Sign in once more" in said.text
        back = provider.approve((await anna.get("/sign-in")).headers["location"])
        async with browser(app) as eve:
            assert (await eve.get(back)).status_code == 400, "begun in another browser"
        assert (await anna.get(back)).status_code == 400, "used, if in vain"
        back = provider.approve((await anna.get("/sign-in")).headers["location"])
        assert (await anna.get(back)).status_code == 200
        assert (await anna.get(back)).status_code == 400, "replayed"
        assert await status(anna) == 200
        back = provider.approve((await anna.get("/sign-in")).headers["location"])
        clock.now += timedelta(minutes=10)
        assert (await anna.get(back)).status_code == 400, "too late"
        await anna.get("/sign-in")
    [left] = await run(database, "select count(*) as n from copq.sign_in")
    assert left["n"] == 1, "what is too old is removed"


async def test_two_tabs_sign_in_at_the_same_time(database: str) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        first = await anna.get("/sign-in?next=/form")
        second = await anna.get("/sign-in?next=/projects")
        for leaving, go_to in ((second, "/projects"), (first, "/form")):
            back = await anna.get(provider.approve(leaving.headers["location"]))
            assert next_page(back) == go_to
        assert await status(anna) == 200


ELSEWHERE = [
    "https://evil.example/", "//evil.example/", "//[::1", "/\\evil.example", "javascript:alert(1)",
    "/\t/evil.example", "evil", "/form\r\nset-cookie: a=b",
]  # fmt: skip


async def test_signing_in_leads_to_no_other_site(database: str) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        for to in ELSEWHERE:
            assert await sign_in(anna, provider, to) == "/login"
            assert (await anna.get("/login", params={"next": to})).headers["location"] == "/"


async def test_a_link_on_another_site_does_not_ask_to_sign_in_again(database: str) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        foreign = {"sec-fetch-site": "cross-site"}
        step = next_page(await anna.get("/login?next=/form%3Fa%3Db", headers=foreign))
        assert step == "/login?again=1&next=%2Fform%3Fa%3Db"
        assert "Sign in with" in (await anna.get(step, headers=foreign)).text, "no circle"
        await sign_in(anna, provider)
        assert (await anna.get(step)).headers["location"] == "/form?a=b"


REFUSALS: list[tuple[dict[str, str], int, str]] = [
    ({"error": "access_denied", "error_description": "<b>no</b>"}, 403,
     "access_denied: &lt;b&gt;no&lt;/b&gt;"),
    ({"error": "temporarily_unavailable"}, 403, "temporarily_unavailable"),
    ({"code": "c", "iss": "https://evil.example"}, 502, "cannot be used"),
    ({"code": "unknown"}, 400, "Sign in once more"),
    ({}, 400, "Sign in once more"),
]  # fmt: skip


async def test_each_refusal_of_the_provider_is_a_page_with_a_way_on(database: str) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        for answer, code, says in REFUSALS:
            leaving = (await anna.get("/sign-in?next=/form")).headers["location"]
            asked = {"state": httpx.URL(leaving).params["state"]} | answer
            said = await anna.get("/sign-in/callback", params=asked)
            assert said.status_code == code and says in said.text
            assert 'href="/sign-in?next=/form"' in said.text and await status(anna) == 401


async def test_a_provider_that_is_away_or_answers_wrongly_leaves_the_door_of_tokens(
    database: str,
) -> None:
    provider, token = FakeProvider(away=True), await grant(database, "desk", Role.FINANCE)
    async with service(database, provider) as app, browser(app) as anna:
        said = await anna.get("/sign-in")
        assert said.status_code == 503 and said.headers["retry-after"] == "60"
        assert "or sign in by a token" in said.text
        provider.away = False
        await sign_in(anna, provider)
        back = provider.approve((await anna.get("/sign-in")).headers["location"])
        provider.away = True
        assert (await anna.get(back)).status_code == 503
        assert await status(anna) == 200, "the session goes on"
        out = await anna.post("/logout", headers=SAME_SITE)
        assert out.status_code == 200 and await status(anna) == 401
        assert (await anna.post("/login", data={"token": token})).status_code == 303
        assert await status(anna) == 200
        provider.away, provider.token_answer = False, httpx.Response(200, text="<html>")
        back = provider.approve((await anna.get("/sign-in")).headers["location"])
        assert (await anna.get(back)).status_code == 502


async def test_another_address_of_the_service_names_the_right_one(database: str) -> None:
    async with (
        service(database, FakeProvider()) as app,
        browser(app, "http://10.0.0.7") as anna,
    ):
        said = await anna.get("/sign-in")
        assert said.status_code == 421 and ADDRESS in said.text


async def test_a_page_of_another_site_does_nothing_with_a_session(database: str) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        await sign_in(anna, provider)
        for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
                        {"origin": "https://evil.example"}, {"origin": "null"}, {}):  # fmt: skip
            assert (await anna.post("/logout", headers=headers)).status_code == 403
        assert await status(anna) == 200


ENTRY = {"plant": "north", "line": "L1", "product": "widget", "submission": "s", "period": "day",
         "day": "2026-03-02", "produced": "1<0"}  # fmt: skip


async def test_a_form_sent_after_the_session_ended_is_kept_and_sent_again(database: str) -> None:
    provider, clock = FakeProvider(OPERATOR), Clock()
    async with service(database, provider, clock) as app, browser(app) as olga:
        await sign_in(olga, provider)
        clock.now += timedelta(hours=2)
        said = await olga.post("/form?x=1", data=ENTRY, headers=SAME_SITE)
        assert said.status_code == 401 and "Nothing was done" in said.text
        assert 'action="/form?x=1"' in said.text and 'value="1&lt;0"' in said.text
        assert all(f'name="{name}"' in said.text for name in ENTRY)
        assert await sign_in(olga, provider, "/signed-in") == "/signed-in"
        assert "Close this tab" in (await olga.get("/signed-in")).text
        again = ENTRY | {"produced": "10"}
        assert (await olga.post("/form?x=1", data=again, headers=SAME_SITE)).status_code == 303
        files = {"file": ("a.csv", b"a,b")}
        clock.now += timedelta(hours=2)
        upload = await olga.post("/form", files=files, headers=SAME_SITE)
        assert upload.status_code == 401 and "choose the file again" in upload.text
        empty = await olga.post("/form/x/withdraw", headers=SAME_SITE)
        assert empty.headers["location"] == "/login"
    [row] = await run(database, "select entered_by from copq.form_entry")
    assert row["entered_by"] == "Olga (5)"


async def test_a_renamed_account_keeps_its_name_here(database: str) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        await sign_in(anna, provider)
        provider.claims |= {"name": "Another Person"}
        await sign_in(anna, provider)
    names = await run(database, "select distinct name from copq.session")
    assert [row["name"] for row in names] == ["Anna Berg (7f3c)"]


async def test_without_postgres_each_step_says_so(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = FakeProvider()
    async with service(database, provider) as app, browser(app) as anna:
        await sign_in(anna, provider)
        back = provider.approve((await anna.get("/sign-in")).headers["location"])

        async def away(*_: object, **__: object) -> None:
            raise asyncpg.CannotConnectNowError("starting up")

        for name in ("fetchrow", "execute", "fetchval"):
            monkeypatch.setattr(asyncpg.connection.Connection, name, away)
        for answer in (
            await anna.get(READ), await anna.get("/sign-in"), await anna.get(back),
            await anna.post("/logout", headers=SAME_SITE), await anna.get("/form"),
        ):  # fmt: skip
            assert answer.status_code == 503 and answer.headers["retry-after"], answer.text
        monkeypatch.undo()
        await asyncio.sleep(0)
        assert await status(anna) == 200, "still signed in"
