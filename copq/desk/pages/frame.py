"""What every page of the desk shares: who may see it, its frame, and acts by form, each once."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from copq.access.door import Bearer, Role
from copq.access.login import person
from copq.database.connections import DatabaseRole
from copq.desk.desk import Acting, Desk
from copq.desk.once import Act, Done, asked_by, do_apart_as, do_once_as
from copq.desk.pages.not_known import NotKnown
from copq.rates.names import unknown_plant
from copq.reporting.board.guarding import TEMPLATES as BOARD
from copq.reporting.board.pages.asked import query_of
from copq.reporting.board.pages.frame import places_for
from copq.reporting.source import Source
from copq.schemas.names import canonical
from copq.text.sentences import sentence
from copq.web.answers import Faults
from copq.web.pages.page import PageError, Pages

_PAGES = Pages.of(Path(__file__).parents[1] / "templates", BOARD)
Form = Mapping[str, str]
DECIDED = "decided"
"""The parameter of an address that says what was just done."""
_NOT_NOW = "The database or the broker does not answer now. Send it again in a moment."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act was refused: a status, and a sentence for each fault."""

    status: int
    faults: tuple[str, ...]

    @staticmethod
    def of(error: HTTPException) -> "Refusal":
        if error.status_code == 503:
            return Refusal(503, (_NOT_NOW,))
        faults = error.faults if isinstance(error, Faults) else (str(error.detail),)
        return Refusal(error.status_code, tuple(map(sentence, faults)))


@dataclass(frozen=True, slots=True)
class DeskPages:
    """The pages of one role: what they read, and with what they act."""

    desk: Desk
    source: Source
    role: Role

    async def person(self, request: Request) -> Bearer:
        """Who asks for a page; an unknown person is sent to the login. Raises `PageError`."""
        bearer = await person(request, self.desk.door, self.role, Role.ADMIN)
        if bearer.sender.name is not None and bearer.role is not self.role:
            raise PageError(403, "Not for your role", f"This page is for {self.role}.")
        request.state.plants = await self._plants(bearer)
        return bearer

    async def _plants(self, bearer: Bearer) -> list[str]:
        """The plants to choose from in the frame."""
        try:
            async with self.source.reading(bearer) as reading:
                return sorted(reading.book.sites)
        except HTTPException:
            return []  # the page itself says that Postgres does not answer

    def plant(self, request: Request) -> str | None:
        """The plant that the lists of the page are of; None: all. The frame offers to choose one.

        Raises `PageError`.
        """
        request.state.lists_plants = True
        asked = canonical(request.query_params.get("plant", ""))
        plants: list[str] = request.state.plants
        if asked and plants and asked not in plants:
            raise PageError(404, "Unknown plant", unknown_plant(asked, plants))
        return asked or None

    def show(
        self, request: Request, bearer: Bearer, template: str, here: str,
        refusal: Refusal | None = None, **values: Any,
    ) -> Response:  # fmt: skip
        """The page. Each form on it has the same `key`: a second press sends the same act."""
        plants: list[str] = getattr(request.state, "plants", [])
        chosen = chosen_plant(request)
        return _PAGES.show(
            template, refusal.status if refusal else 200, who=bearer.sender.name, here=here,
            places=places_for(request.app, bearer, {"plant": chosen}, len(plants)), key=uuid4().hex,
            frame_plants=plants if getattr(request.state, "lists_plants", False) else [],
            frame_plant=chosen,
            carried=f"?{urlencode({'plant': chosen})}" if chosen else "",
            role=self.role, refusal=refusal,
            decided=request.query_params.get(DECIDED, ""), **values,
        )  # fmt: skip

    async def act(
        self, request: Request, bearer: Bearer, filled: Form,
        act: Callable[[Acting], Awaitable[Any]], apart: bool = False,
        as_role: DatabaseRole = DatabaseRole.FINANCE,
    ) -> tuple[Refusal | None, Any]:  # fmt: skip
        """Do what a form asks for, once by its `key`; `apart`: it has transactions of its own.

        Returns why it was refused, or what `act` returns, also to a form that is sent again: where
        it returns a `Done` with a secret, that one gets what was kept. Raises `NotKnown` where
        the database went away.
        """
        body = urlencode(sorted((n, v) for n, v in filled.items() if n != "key")).encode()
        do = do_apart_as if apart else do_once_as
        try:
            async with self.desk.acting(bearer, filled.get("by", ""), as_role) as acting:
                asked = asked_by(acting, request, body, filled.get("key"))
                answer = await do(acting, asked, _done(acting, act))
        except HTTPException as error:
            if error.status_code == 503:
                raise NotKnown(request, filled, error) from error
            return Refusal.of(error), None
        return None, json.loads(bytes(answer.body))


def _done(acting: Acting, act: Callable[[Acting], Awaitable[Any]]) -> Act:
    async def run() -> Done:
        found = await act(acting)
        return found if isinstance(found, Done) else Done(found)

    return run


def chosen_plant(request: Request) -> str:
    """The plant of the frame; empty: all."""
    asked = canonical(request.query_params.get("plant", ""))
    return asked if asked in getattr(request.state, "plants", []) else ""


def go(path: str, decided: str = "", plant: str = "") -> Response:
    """Send the browser to a page, so that reloading it sends nothing again."""
    query = query_of({"plant": plant, DECIDED: decided})
    to = f"{path}?{query}" if query else path
    return RedirectResponse(to, 303, {"Cache-Control": "no-store"})
