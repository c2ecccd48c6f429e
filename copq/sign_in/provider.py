"""The identity provider: what it says about itself, its keys, and the exchange of a code."""

import asyncio
import hashlib
import ssl
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError

from copq.sign_in.config import SignInConfig
from copq.sign_in.id_token import SIGNED_BY, Expected, IdTokenFault, UnknownSigner, read_id_token

ANSWER_S = 10.0
FRESH_S = 3600.0
"""So long the provider's description of itself and its keys are used before they are read again."""

_WELL_KNOWN = "/.well-known/openid-configuration"
M = TypeVar("M", bound=BaseModel)


class ProviderAway(Exception):
    """The provider does not answer."""


class ProviderFault(Exception):
    """The provider answers something that cannot be used."""


class CodeRefused(Exception):
    """The provider does not take the code: it has expired, or was used."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True)


class Metadata(_Read):
    """What OpenID Connect Discovery gives, as far as it is needed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    @property
    def algorithms(self) -> tuple[str, ...]:
        return tuple(a for a in self.id_token_signing_alg_values_supported if a in SIGNED_BY)


class Tokens(_Read):
    """The answer to a code."""

    id_token: str
    access_token: str | None = None


class Provider:
    """Reads what it needs on first use: a service starts without the provider."""

    def __init__(
        self,
        config: SignInConfig,
        secret: str | None = None,
        verify: ssl.SSLContext | bool = True,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config, self._secret, self._clock = config, secret, clock
        self._http = httpx.AsyncClient(verify=verify, transport=transport, timeout=ANSWER_S)
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()

    async def close(self) -> None:
        await self._http.aclose()

    async def metadata(self) -> Metadata:
        """Raises `ProviderAway`, `ProviderFault`."""
        async with self._reading:
            fresh = self._clock() - self._read_at < FRESH_S
            if self._metadata is None or not fresh:
                self._metadata = await self._discover()
                self._keys, self._read_at = None, self._clock()
            return self._metadata

    async def _discover(self) -> Metadata:
        url = self.config.issuer.rstrip("/") + _WELL_KNOWN
        found = _model(Metadata, await self._get(url), url)
        if found.issuer != self.config.issuer:
            raise ProviderFault(
                f'it calls itself "{found.issuer}"; set issuer to that, not "{self.config.issuer}"'
            )
        ends = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri,
                found.userinfo_endpoint, found.end_session_endpoint)  # fmt: skip
        if open_ends := [end for end in ends if end and not self.config.allows(end)]:
            raise ProviderFault(f"{open_ends[0]} is not https://")
        if not found.algorithms:
            raise ProviderFault("it signs with none of " + ", ".join(SIGNED_BY))
        return found

    async def authorization_url(
        self, redirect_uri: str, state: str, nonce: str, verifier: str, again: bool
    ) -> str:
        """Where the browser goes. `again`: the provider asks who it is, even if it knows."""
        there = (await self.metadata()).authorization_endpoint
        asked = {
            "response_type": "code", "client_id": self.config.client_id,
            "redirect_uri": redirect_uri, "scope": " ".join(self.config.scopes),
            "state": state, "nonce": nonce, "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        } | ({"prompt": "login"} if again else {})  # fmt: skip
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    async def sign_out_url(self, back: str) -> str | None:
        """Where a browser ends its session at the provider, if the provider offers it."""
        there = (await self.metadata()).end_session_endpoint
        asked = {"client_id": self.config.client_id, "post_logout_redirect_uri": back}
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}" if there else None

    async def claims(
        self, code: str, verifier: str, nonce: str, redirect_uri: str
    ) -> dict[str, Any]:
        """The claims of the account that signed in.

        Raises `CodeRefused`, `ProviderAway`, `ProviderFault`.
        """
        metadata = await self.metadata()
        tokens = await self._exchange(metadata, code, verifier, redirect_uri)
        claims = await self._checked(metadata, tokens, nonce)
        if self.config.userinfo and metadata.userinfo_endpoint and tokens.access_token:
            said = await self._userinfo(metadata.userinfo_endpoint, tokens.access_token)
            if said.get("sub") != claims["sub"]:
                raise ProviderFault("its userinfo is about another account")
            claims = said | claims
        return claims

    async def _exchange(
        self, metadata: Metadata, code: str, verifier: str, redirect_uri: str
    ) -> Tokens:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
                "code_verifier": verifier, "client_id": self.config.client_id}  # fmt: skip
        auth: httpx.BasicAuth | None = None
        if self._secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            auth = _basic(self.config.client_id, self._secret)
        elif self._secret:
            form["client_secret"] = self._secret
        request = self._http.build_request("POST", metadata.token_endpoint, data=form)
        answer = await self._send(request, auth)
        if answer.status_code in (400, 401):
            _refuse(answer)
        return _model(Tokens, _json(answer), metadata.token_endpoint)

    async def _checked(self, metadata: Metadata, tokens: Tokens, nonce: str) -> dict[str, Any]:
        expected = Expected(
            metadata.issuer, self.config.client_id, nonce, int(self._clock()),
            self.config.clock_skew_seconds, metadata.algorithms,
        )  # fmt: skip
        had_keys = self._keys is not None
        try:
            try:
                keys = await self._signing_keys(metadata)
                return read_id_token(tokens.id_token, keys, expected, tokens.access_token)
            except UnknownSigner:
                if not had_keys:
                    raise
                self._keys = None  # the provider has changed its keys
                keys = await self._signing_keys(metadata)
                return read_id_token(tokens.id_token, keys, expected, tokens.access_token)
        except IdTokenFault as error:
            raise ProviderFault(f"its ID token is refused: {error}") from error

    async def _signing_keys(self, metadata: Metadata) -> KeySet:
        if self._keys is None:
            try:
                self._keys = KeySet.import_key_set(await self._get(metadata.jwks_uri))
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProviderFault(f"{metadata.jwks_uri} has no keys: {error}") from error
        return self._keys

    async def _userinfo(self, url: str, access_token: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        return _json(await self._send(self._http.build_request("GET", url, headers=headers)))

    async def _get(self, url: str) -> Any:
        return _json(await self._send(self._http.build_request("GET", url)))

    async def _send(
        self, request: httpx.Request, auth: httpx.BasicAuth | None = None
    ) -> httpx.Response:
        try:
            answer = await self._http.send(request, auth=auth)
        except httpx.HTTPError as error:
            raise ProviderAway(f"{request.url.host}: {type(error).__name__} {error}") from error
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ProviderAway(f"{request.url.host} answers {answer.status_code}")
        return answer


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _basic(client_id: str, secret: str) -> httpx.BasicAuth:
    """Both are encoded as in a form before they are joined (RFC 6749, section 2.3.1)."""
    [name, word] = (urlencode({"": text})[1:] for text in (client_id, secret))
    return httpx.BasicAuth(name, word)


def _refuse(answer: httpx.Response) -> None:
    error = _json(answer, ok=False).get("error")
    if error == "invalid_grant":
        raise CodeRefused
    raise ProviderFault(f"it refuses the code: {str(error)[:80]}; check client_id and the secret")


def _json(answer: httpx.Response, ok: bool = True) -> dict[str, Any]:
    where = f"{answer.request.method} {answer.request.url.copy_with(query=None)}"
    if ok and answer.status_code != 200:
        raise ProviderFault(f"{where} answers {answer.status_code}")
    try:
        found = answer.json()
    except ValueError as error:
        raise ProviderFault(f"{where} answers no JSON") from error
    if not isinstance(found, dict):
        raise ProviderFault(f"{where} answers no JSON object")
    return found


def _model(model: type[M], found: Any, url: str) -> M:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        names = ", ".join(sorted({str(each["loc"][0]) for each in error.errors()}))
        raise ProviderFault(f"{url} lacks {names}, or has it in another form") from error
