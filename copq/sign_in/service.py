"""Signing in at the provider, step by step: leaving, coming back, signing out."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request

from copq.access.requests import SESSION_COOKIE, cookie_of, session_id_of
from copq.access.session import Access, Person, new_session_id
from copq.access.session_store import (
    Times,
    UnderWay,
    begin_session,
    begin_sign_in,
    sign_out,
    take_sign_in,
)
from copq.access.sessions import Sessions, door_pool
from copq.sign_in.config import SignInConfig
from copq.sign_in.config_file import client_secret, trust
from copq.sign_in.failures import Failure
from copq.sign_in.granting import NoRole, access_of
from copq.sign_in.metrics import SIGN_INS
from copq.sign_in.person import MalformedPerson, person_of
from copq.sign_in.provider import CodeRefused, Provider, ProviderAway, ProviderFault

UNDER_WAY_S = 600
"""How long a person may take at the provider."""

CALLBACK = "/sign-in/callback"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where the browser goes, and the cookie that it brings back."""

    url: str
    cookie: str
    browser: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The new session, and where the person wanted to go."""

    session: str
    go_to: str
    lasts_s: int


class SignIn:
    """People of one provider, on the services of one database."""

    def __init__(self, config: SignInConfig, provider: Provider, sessions: Sessions) -> None:
        self.config, self.provider, self.sessions = config, provider, sessions
        self._times = Times(
            timedelta(minutes=config.idle_minutes), timedelta(hours=config.longest_hours)
        )

    @property
    def label(self) -> str:
        return self.config.label

    async def leave(self, request: Request, go_to: str, again: bool) -> Leaving:
        """Begin a sign-in. Raises `Failure`, `Unavailable`."""
        redirect_uri = self._address(request) + CALLBACK
        now = self.sessions.clock()
        begun = UnderWay(
            _random(), _random(), _random(), _random(), go_to,
            now + timedelta(seconds=UNDER_WAY_S),
        )  # fmt: skip
        try:
            url = await self.provider.authorization_url(
                redirect_uri, begun.state, begun.nonce, begun.verifier, again
            )
        except (ProviderAway, ProviderFault) as error:
            raise self._failed(error) from error
        async with self.sessions.connection() as conn:
            await begin_sign_in(conn, begun, now)
        return Leaving(url, cookie_name(begun.state), begun.browser)

    async def come_back(self, request: Request, answer: Mapping[str, str]) -> SignedIn:
        """End a sign-in with what the provider sent. Raises `Failure`, `Unavailable`."""
        begun = await self._begun(request, answer.get("state", ""))
        try:
            return await self._sign_in(request, begun, answer)
        except Failure as failure:
            raise failure.again(begun.go_to) from failure

    async def _begun(self, request: Request, state: str) -> UnderWay:
        browser = request.cookies.get(cookie_of(request, cookie_name(state)), "")
        async with self.sessions.connection() as conn:
            begun = await take_sign_in(conn, state, browser)
        if begun is None or begun.expires_at <= self.sessions.clock():
            SIGN_INS.labels("stale").inc()
            raise Failure.stale()
        return begun

    async def _sign_in(
        self, request: Request, begun: UnderWay, answer: Mapping[str, str]
    ) -> SignedIn:
        claims = await self._claims(request, begun, answer)
        try:
            person = person_of(self.config, claims)
            access = access_of(self.config, claims)
        except MalformedPerson as error:
            raise self._failed(ProviderFault(str(error))) from error
        except NoRole as error:
            SIGN_INS.labels("no role").inc()
            log.warning("not signed in: %s: %s", claims["sub"], error)
            raise Failure.no_role(str(error)) from error
        return await self._begin_session(request, begun, person, access)

    async def _claims(
        self, request: Request, begun: UnderWay, answer: Mapping[str, str]
    ) -> dict[str, Any]:
        try:
            issuer = answer.get("iss", self.config.issuer)
            if issuer != self.config.issuer:
                raise ProviderFault("the answer is of another provider")
            if "error" in answer:
                raise self._refused(answer)
            if "code" not in answer:
                raise CodeRefused
            return await self.provider.claims(
                answer["code"], begun.verifier, begun.nonce,
                self._address(request) + CALLBACK,
            )  # fmt: skip
        except CodeRefused as error:
            SIGN_INS.labels("stale").inc()
            raise Failure.stale() from error
        except (ProviderAway, ProviderFault) as error:
            raise self._failed(error) from error

    async def _begin_session(
        self, request: Request, begun: UnderWay, person: Person, access: Access
    ) -> SignedIn:
        text, now = new_session_id(), self.sessions.clock()
        replaced = session_id_of(request)
        async with self.sessions.connection() as conn:
            await begin_session(conn, text, person, access, self._times, now, replaced)
        self.sessions.forget(replaced)
        SIGN_INS.labels("signed in").inc()
        return SignedIn(text, begun.go_to, int(self._times.longest.total_seconds()))

    async def end_session(self, request: Request) -> bool:
        text = session_id_of(request)
        if text is None:
            return False
        async with self.sessions.connection() as conn:
            await sign_out(conn, text, self.sessions.clock())
        self.sessions.forget(text)
        return True

    async def sign_out_url(self, request: Request) -> str | None:
        """None too where the provider does not answer: here the person is signed out already."""
        try:
            return await self.provider.sign_out_url(self._address(request) + "/login")
        except (ProviderAway, ProviderFault, Failure) as error:
            log.warning("signed out here, not at the provider: %s", error)
            return None

    def _address(self, request: Request) -> str:
        address = self.config.address(request.headers.get("host", ""))
        if address is None:
            raise Failure.elsewhere(self.config.addresses)
        return address

    def _refused(self, answer: Mapping[str, str]) -> Failure:
        SIGN_INS.labels("refused").inc()
        log.warning("not signed in: the provider answers %s", answer["error"][:80])
        return Failure.refused(answer["error"], answer.get("error_description", ""))

    def _failed(self, error: Exception) -> Failure:
        away = isinstance(error, ProviderAway)
        SIGN_INS.labels("provider away" if away else "provider at fault").inc()
        log.warning("nobody can sign in at %s: %s", self.config.issuer, error)
        return Failure.away() if away else Failure.malformed()

    async def close(self) -> None:
        await self.provider.close()
        self.sessions.close()


async def sign_in_of(config: SignInConfig, dsn: str) -> SignIn:
    """The sign-in of a service. The caller closes it."""
    provider = Provider(config, client_secret(config), trust(config))
    return SignIn(config, provider, Sessions(await door_pool(dsn)))


def cookie_name(state: str) -> str:
    """Each tab has its own: signing in twice at a time works."""
    return f"{SESSION_COOKIE}-begun-{state[:8]}"


def _random() -> str:
    return secrets.token_urlsafe(32)
