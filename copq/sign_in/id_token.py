"""Checking an ID token: who signed it, for whom, for which sign-in, and when."""

from dataclasses import dataclass
from hashlib import sha256, sha384, sha512
from hmac import compare_digest
from typing import Any

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
)
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import to_bytes, urlsafe_b64encode

SIGNED_BY = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
"""Signatures with a public key. A token without one, or with a shared secret, is refused."""

_HASHES = {"256": sha256, "384": sha384, "512": sha512}


class IdTokenFault(Exception):
    """The token is refused: what the provider sent is not for this sign-in."""


class UnknownSigner(IdTokenFault):
    """None of the keys at hand signed it: the provider may have new ones."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str
    now: int
    leeway: int
    algorithms: tuple[str, ...] = ("RS256",)


def read_id_token(
    text: str, keys: KeySet, expected: Expected, access_token: str | None
) -> dict[str, Any]:
    """The claims of a token that was checked. Raises `IdTokenFault`."""
    token = _signed(text, keys, expected)
    try:
        _registry(expected).validate(token.claims)
    except ExpiredTokenError as error:
        raise IdTokenFault("it has expired; is the clock of this machine right?") from error
    except MissingClaimError as error:
        raise IdTokenFault(f"it lacks {error.claim}") from error
    except ClaimError as error:
        raise IdTokenFault(f"its {error.claim} is wrong") from error
    _check_party(token.claims, expected)
    _check_hash(token, access_token)
    return token.claims


def _signed(text: str, keys: KeySet, expected: Expected) -> jwt.Token:
    allowed = [name for name in expected.algorithms if name in SIGNED_BY]
    registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
    try:
        return jwt.decode(text, keys, registry=registry)
    except (BadSignatureError, InvalidKeyIdError) as error:
        raise UnknownSigner("no key of the provider signed it") from error
    except (JoseError, ValueError) as error:
        raise IdTokenFault(f"it cannot be read ({type(error).__name__})") from error


def _registry(expected: Expected) -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        expected.now, expected.leeway,
        iss={"essential": True, "value": expected.issuer},
        sub={"essential": True}, aud={"essential": True, "value": expected.client_id},
        exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )  # fmt: skip


def _check_party(claims: dict[str, Any], expected: Expected) -> None:
    """A token for several audiences says which of them asked for it."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp")
    if (several and party is None) or (party is not None and party != expected.client_id):
        raise IdTokenFault("its azp is another client's")


def _check_hash(token: jwt.Token, access_token: str | None) -> None:
    said, make = token.claims.get("at_hash"), _HASHES.get(token.header["alg"][-3:])
    if said is None or access_token is None or make is None:
        return
    digest = make(access_token.encode()).digest()
    wanted = urlsafe_b64encode(digest[: len(digest) // 2])
    if not isinstance(said, str) or not compare_digest(to_bytes(said), wanted):
        raise IdTokenFault("its at_hash is of another access token")
