"""What the provider answers: only a token that is signed, for us, now, for this sign-in counts."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from copq.sign_in.provider import CodeRefused, Provider, ProviderAway, ProviderFault
from tests.support.sign_in.provider import (
    ADDRESS,
    CLIENT,
    CONFIG,
    ISSUER,
    SECRET,
    FakeProvider,
    config,
    key,
    unsigned,
)  # fmt: skip

BACK = f"{ADDRESS}/sign-in/callback"
NONCE, VERIFIER = "n" * 43, "v" * 43


async def sign_in(provider: FakeProvider, client: Provider | None = None) -> dict[str, Any]:
    client = client or provider.client()
    url = await client.authorization_url(BACK, "s" * 43, NONCE, VERIFIER, again=False)
    code = parse_qs(urlsplit(provider.approve(url)).query)["code"][0]
    return await client.claims(code, VERIFIER, NONCE, BACK)


async def test_a_code_becomes_the_claims_of_the_account() -> None:
    claims = await sign_in(FakeProvider())
    assert (claims["sub"], claims["groups"]) == ("7f3c", ["controllers"])


async def test_userinfo_adds_claims_and_overrides_none() -> None:
    provider = FakeProvider(userinfo={"sub": "7f3c", "email": "a@b", "name": "Another"})
    claims = await sign_in(provider)
    assert (claims["email"], claims["name"]) == ("a@b", "Anna Berg")
    off = config(CONFIG + "userinfo: false\n")
    assert "email" not in await sign_in(provider, provider.client(off))
    with pytest.raises(ProviderFault, match="another account"):
        await sign_in(FakeProvider(userinfo={"sub": "eve"}))


async def test_a_client_without_a_secret_or_with_one_in_the_form() -> None:
    public = FakeProvider()
    assert await sign_in(public, public.client(secret=None))
    posting = FakeProvider(
        metadata={"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    )
    assert await sign_in(posting)


async def test_new_keys_are_read_once_the_old_ones_no_longer_fit() -> None:
    provider = FakeProvider()
    client = provider.client()
    await sign_in(provider, client)
    provider.signer, provider.published = "second", ["first", "second"]
    await sign_in(provider, client)
    await sign_in(provider, client)
    assert provider.asked.count("/keys") == 2
    provider.signer = "unknown"
    with pytest.raises(ProviderFault, match="no key of the provider signed it"):
        await sign_in(provider, client)


async def test_what_the_provider_says_of_itself_is_read_again_after_an_hour() -> None:
    now = time.time()
    provider = FakeProvider(now=lambda: now)
    client = provider.client()
    await sign_in(provider, client)
    await sign_in(provider, client)
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    now += 3601
    await sign_in(provider, client)
    assert provider.asked.count("/.well-known/openid-configuration") == 2


NOW = int(time.time())
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"iss": "https://evil.example"}, "iss"), ({"aud": "another"}, "aud"), ({"aud": []}, "aud"),
    ({"aud": [CLIENT, "another"]}, "azp"), ({"azp": "another"}, "azp"),
    ({"nonce": "another"}, "nonce"), ({"nonce": None}, "nonce"), ({"sub": None}, "sub"),
    ({"exp": NOW - 61}, "expired"), ({"exp": None}, "exp"), ({"exp": "soon"}, "exp"),
    ({"iat": NOW + 120}, "iat"), ({"iat": None}, "iat"), ({"nbf": NOW + 120}, "nbf"),
    ({"at_hash": "another"}, "at_hash"), ({"at_hash": 7}, "at_hash"),
]  # fmt: skip


@pytest.mark.parametrize(("claims", "says"), WRONG)
async def test_a_token_for_somebody_else_or_another_time_is_refused(
    claims: dict[str, Any], says: str
) -> None:
    with pytest.raises(ProviderFault, match="ID token is refused") as refused:
        await sign_in(FakeProvider(token_claims=claims, now=lambda: NOW))
    assert says in str(refused.value)


@pytest.mark.parametrize("claims", [{"exp": NOW - 59}, {"iat": NOW + 59}, {"aud": [CLIENT]}])
async def test_clocks_may_differ_by_a_minute(claims: dict[str, Any]) -> None:
    assert await sign_in(FakeProvider(token_claims=claims, now=lambda: NOW))


def _shared_secret(claims: dict[str, Any]) -> str:
    secret = OctKey.import_key(SECRET)
    return jwt.encode({"alg": "HS256", "kid": "first"}, claims, secret, algorithms=["HS256"])


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    "forge",
    [unsigned, _shared_secret, lambda _: "", lambda _: "a.b.c", lambda _: "☃",
     lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, key("evil"))],
)  # fmt: skip
async def test_a_token_that_the_provider_did_not_sign_is_refused(
    forge: Callable[[dict[str, Any]], str],
) -> None:
    with pytest.raises(ProviderFault, match="ID token is refused"):
        await sign_in(FakeProvider(id_token=forge))


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example"}, {"jwks_uri": None}, {"token_endpoint": 7},
     {"token_endpoint": "http://login.example.com/token"}, {"jwks_uri": "file:///etc/passwd"},
     {"end_session_endpoint": "javascript:alert(1)"},
     {"id_token_signing_alg_values_supported": ["HS256", "none"]}],
)  # fmt: skip
async def test_a_provider_that_describes_itself_wrongly_is_not_used(
    metadata: dict[str, Any],
) -> None:
    with pytest.raises(ProviderFault):
        await sign_in(FakeProvider(metadata=metadata))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), CodeRefused),
        (httpx.Response(401, json={"error": "invalid_client"}), ProviderFault),
        (httpx.Response(400, text="<html>"), ProviderFault),
        (httpx.Response(200, text="<html>"), ProviderFault),
        (httpx.Response(200, json=[]), ProviderFault),
        (httpx.Response(200, json={"access_token": "a"}), ProviderFault),
        (httpx.Response(200, json={"id_token": 7}), ProviderFault),
        (httpx.Response(302, headers={"location": "https://evil.example"}), ProviderFault),
        (httpx.Response(503), ProviderAway),
        (httpx.Response(429), ProviderAway),
    ],
)
async def test_each_answer_to_a_code_has_its_error(
    answer: httpx.Response, error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        await sign_in(FakeProvider(token_answer=answer))
    assert SECRET not in str(refused.value)


async def test_a_code_counts_once_and_a_provider_that_is_away_is_named() -> None:
    provider = FakeProvider()
    client = provider.client()
    url = await client.authorization_url(BACK, "s" * 43, NONCE, VERIFIER, again=True)
    assert "prompt=login" in url
    code = parse_qs(urlsplit(provider.approve(url)).query)["code"][0]
    await client.claims(code, VERIFIER, NONCE, BACK)
    with pytest.raises(CodeRefused):
        await client.claims(code, VERIFIER, NONCE, BACK)
    provider.away = True
    with pytest.raises(ProviderAway, match=r"login\.example\.com"):
        await client.claims(code, VERIFIER, NONCE, BACK)


async def test_signing_out_goes_to_the_provider_where_it_offers_that() -> None:
    url = await FakeProvider().client().sign_out_url(f"{ADDRESS}/login")
    assert url is not None and url.startswith(f"{ISSUER}/logout?client_id=copq&post_logout")
    offers_none = FakeProvider(metadata={"end_session_endpoint": None})
    assert await offers_none.client().sign_out_url(f"{ADDRESS}/login") is None
