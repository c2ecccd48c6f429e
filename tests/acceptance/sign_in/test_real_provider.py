"""Signing in at a provider that others wrote, over HTTP."""

import re
from html import unescape

import httpx

from copq.sign_in.config import SignInConfig
from copq.sign_in.provider import Provider
from tests.support.sign_in.provider import ADDRESS, CONFIG, ISSUER, FakeProvider, config
from tests.support.sign_in.real import set_user
from tests.support.sign_in.serving import SAME_SITE, browser, next_page, service


class RealProvider(FakeProvider):
    """As `service` takes it; its client speaks with the provider of the settings."""

    def client(self, settings: SignInConfig | None = None, secret: str | None = None) -> Provider:
        return Provider(settings or config(), "any secret")


async def approved(url: str) -> str:
    """Approve at the provider; the address that the browser is sent back to."""
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(url)).status_code == 200
        said = await http.post(url, data={"sub": "7f3c"})
    assert said.status_code in (302, 303), said.text
    return said.headers["location"]


async def test_a_person_signs_in_with_a_role_and_out_and_not_without_a_role(
    database: str, issuer: str
) -> None:
    settings = config(CONFIG.replace(f"issuer: {ISSUER}", f"issuer: {issuer}"))
    async with (
        service(database, RealProvider(), settings=settings) as app,
        browser(app, ADDRESS) as anna,
    ):
        set_user(issuer, name="Anna Berg", groups=["canteen"])
        leaving = await anna.get("/sign-in")
        said = await anna.get(await approved(leaving.headers["location"]))
        assert said.status_code == 403 and "no role here" in said.text and "canteen" in said.text
        set_user(issuer, name="Anna Berg", groups=["controllers"])
        leaving = await anna.get("/sign-in?next=/v1/periods")
        back = await approved(leaving.headers["location"])
        assert next_page(await anna.get(back)) == "/v1/periods"
        assert (await anna.get("/v1/periods")).status_code == 200
        assert "Anna Berg" in (await anna.get("/")).text
        out = next_page(await anna.post("/logout", headers=SAME_SITE))
        assert (await anna.get("/v1/periods")).status_code == 401
        async with httpx.AsyncClient(trust_env=False) as http:
            form = await http.get(out)
        assert form.status_code == 200 and f"{ADDRESS}/login" in unescape(form.text)
        assert re.match(f"{issuer}/oauth2/end_session", out)
