"""A token: made of random bytes, stored as a hash alone."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

PREFIX = "copq_"
"""Recognisable, so that scanners of repositories and logs find a token that leaked."""

_ID_BYTES, _SECRET_BYTES = 6, 32
_LONGEST = 128
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class NewToken:
    """`text` is shown to its holder once; the other fields are stored."""

    text: str
    token_id: str
    hash: bytes

    def __repr__(self) -> str:
        return f"NewToken({self.token_id})"


def new_token() -> NewToken:
    """A new token `copq_<id>_<secret>`: an id to find it by, and 256 random bits."""
    token_id = secrets.token_hex(_ID_BYTES)
    text = f"{PREFIX}{token_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return NewToken(text, token_id, hash_of(text))


def hash_of(text: str) -> bytes:
    """SHA-256: fast, since slow hashes protect only secrets that a person can remember."""
    return sha256(text.encode(errors="surrogatepass")).digest()


def id_of(text: str) -> str:
    """The id of a token; empty if the text is not a token at all."""
    if not text.startswith(PREFIX) or len(text) > _LONGEST:
        return ""
    return text[len(PREFIX) :].partition("_")[0]


def fits(text: str, known: bytes | None) -> bool:
    """Whether the token has the hash `known`. Takes as long without a hash as with a wrong one."""
    same = hmac.compare_digest(hash_of(text), _NOBODY if known is None else known)
    return same and known is not None
