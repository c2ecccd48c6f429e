"""A strict provider behind httpx: it checks what a client sends, and each answer can be spoilt."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from copq.sign_in.config import SignInConfig
from copq.sign_in.config_file import parse_config
from copq.sign_in.provider import Provider

ISSUER = "https://login.example.com/realms/plants"
ADDRESS = "http://copq.example.com"
CLIENT, SECRET = "copq", "a secret: with/odd &characters"
CONFIG = f"""
issuer: {ISSUER}
client_id: {CLIENT}
addresses: [{ADDRESS}]
label: Example Login
ask: the service desk
grants:
  - {{role: admin, claim: groups, is: admins}}
  - {{role: finance, claim: groups, is: [controllers, auditors]}}
  - {{role: manager, claim: realm_access.roles, is: manager, plants: [north]}}
  - {{role: operator, claim: groups, is: operators, lines_claim: copq_lines}}
"""
_KEYS: dict[str, RSAKey] = {}


def key(name: str) -> RSAKey:
    """A key of this name; making one takes a while."""
    if name not in _KEYS:
        _KEYS[name] = RSAKey.generate_key(2048, {"kid": name, "use": "sig"})
    return _KEYS[name]


def config(text: str = CONFIG) -> SignInConfig:
    return parse_config(text)


@dataclass
class FakeProvider:
    """Signs in the person of `claims`. `spoil` may change each answer before it is sent."""

    claims: dict[str, Any] = field(
        default_factory=lambda: {"sub": "7f3c", "name": "Anna Berg", "groups": ["controllers"]}
    )
    userinfo: dict[str, Any] | None = None
    signer: str = "first"
    published: list[str] = field(default_factory=lambda: ["first"])
    now: Callable[[], float] = time.time
    away: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    token_claims: dict[str, Any] = field(default_factory=dict)
    token_answer: httpx.Response | None = None
    id_token: Callable[[dict[str, Any]], str] | None = None
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def approve(self, url: str) -> str:
        """What a person does at the provider: the address that the browser is sent back to."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{ISSUER}/authorize?") and asked["client_id"] == CLIENT
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 32
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def client(self, settings: SignInConfig | None = None, secret: str | None = SECRET) -> Provider:
        transport = httpx.MockTransport(self._answer)
        return Provider(settings or config(), secret, transport=transport, clock=self.now)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused", request=request)
        path = request.url.path.removeprefix("/realms/plants")
        self.asked.append(path)
        return {
            "/.well-known/openid-configuration": self._discovery, "/keys": self._keys,
            "/token": self._token, "/userinfo": self._userinfo,
        }[path](request)  # fmt: skip

    def _discovery(self, request: httpx.Request) -> httpx.Response:
        more = {} if self.userinfo is None else {"userinfo_endpoint": f"{ISSUER}/userinfo"}
        found = {
            "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/keys",
            "end_session_endpoint": f"{ISSUER}/logout",
        }  # fmt: skip
        return httpx.Response(200, json=found | more | self.metadata)

    def _keys(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json={"keys": [key(n).as_dict(private=False) for n in self.published]}
        )

    def _token(self, request: httpx.Request) -> httpx.Response:
        if self.token_answer is not None:
            return self.token_answer
        sent = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        begun = self._codes.pop(sent["code"], None)
        if begun is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self._check_client(request, sent)
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(sent["code_verifier"].encode()).digest()
        )
        assert challenge.decode().rstrip("=") == begun["code_challenge"]
        assert sent["redirect_uri"] == begun["redirect_uri"]
        made = {"access_token": "access", "token_type": "Bearer", "id_token": self._signed(begun)}
        return httpx.Response(200, json=made)

    def _check_client(self, request: httpx.Request, sent: dict[str, str]) -> None:
        header = request.headers.get("authorization")
        if header is None:
            assert sent["client_id"] == CLIENT
            return
        [name, word] = base64.b64decode(header.removeprefix("Basic ")).decode().split(":")
        assert [v for _, v in parse_qsl(f"a={name}&b={word}")] == [CLIENT, SECRET]

    def _signed(self, begun: dict[str, str]) -> str:
        now = int(self.now())
        half = hashlib.sha256(b"access").digest()[:16]
        claims = {
            "iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": begun["nonce"],
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
        } | self.claims | self.token_claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.id_token is not None:
            return self.id_token(claims)
        return jwt.encode({"alg": "RS256", "kid": self.signer}, claims, key(self.signer))

    def _userinfo(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer access"
        return httpx.Response(200, json=self.userinfo)


def unsigned(claims: dict[str, Any]) -> str:
    """A token that nobody signed."""
    parts = ({"alg": "none"}, claims)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    )
    return f"{head}.{body}."
