"""`/v1/tokens`: access that admins grant and withdraw. A token is shown once."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import Field

from copq.access.asking import expiry_of, grant_json, lines_of, token_json, token_name
from copq.access.authority import Actor, OutOfScope
from copq.access.door import Role
from copq.access.granting import grant_access, places_of, withdraw_access
from copq.access.limits import Limits
from copq.access.store import Grant, NameTaken, StoredToken, all_tokens
from copq.access.token import new_token
from copq.database.connections import DatabaseRole
from copq.desk import examples
from copq.desk.acts import NOT_DONE, Act, By, json_body, read_act
from copq.desk.desk import Acting, Desk, actor_of
from copq.desk.once import IDEMPOTENT, Done, answer_act
from copq.desk.uploads import Perhaps
from copq.reporting.formats import as_json
from copq.web.answers import Faults

_PATH = "/v1/tokens"
Everything = Annotated[bool, Query(alias="all", description="Also invalid tokens.")]
Name = Annotated[str, Path(description="Its name, as the list shows it.", examples=["press-7"])]
Rate = Annotated[float | None, Field(ge=0.001)]


class TokenAct(Act):
    """As `copq tokens create`."""

    name: str = Field(description="Who holds it; stored with each of its events.")
    role: Role = Role.OPERATOR
    plants: list[str] = Field([], description="All lines of these plants.")
    lines: list[str] = Field([], description="Lines, as PLANT/LINE.", examples=[["north/L1"]])
    expires: str = Field("365d", description="12h, 90d, 52w, a date, or never.")
    requests_per_second: Rate = None
    events_per_second: Rate = None
    bytes_per_second: Rate = None


def add_tokens(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="Tokens: role, lines, limits, expiry and last use; never their text",
        openapi_extra=examples.LIST_TOKENS.described(),
    )  # fmt: skip
    async def tokens(request: Request, everything: Everything = False) -> Response:
        bearer = await desk.admit(request, Role.ADMIN)
        async with desk.seeing_as(bearer, DatabaseRole.ADMIN) as seeing:
            found = await all_tokens(seeing.conn)
        admin = Actor(bearer.sender.name or "", bearer.role, seeing.lines)
        rows = [token_json(one, seeing.now) for one in found if _covers(admin, one)]
        shown = [row for row in rows if everything or row["state"] == "valid"]
        return as_json({"at": seeing.now, "rows": shown})

    @router.post(
        _PATH, summary="Make a token", status_code=201, description=examples.MADE_ONCE,
        openapi_extra=examples.MAKE_TOKEN.described(
            json_body(TokenAct, examples.MAKE_TOKEN.text)
        ),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def make_token(request: Request, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.ADMIN)
        said, body = await read_act(request, TokenAct)
        return await answer_act(
            desk, request, bearer, by, body, lambda acting: make(acting, said), DatabaseRole.ADMIN
        )

    @router.delete(
        f"{_PATH}/{{name:path}}", summary="Revoke a token", description=examples.REVOKE,
        openapi_extra=examples.REVOKE_TOKEN.described(), responses=NOT_DONE,
        dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def revoke_token(
        request: Request, name: Name, why: Perhaps = "", by: By = ""
    ) -> Response:
        bearer = await desk.admit(request, Role.ADMIN)
        actor_of(bearer, by)
        return await answer_act(
            desk, request, bearer, by, b"", lambda acting: revoke(acting, name, why),
            DatabaseRole.ADMIN,
        )  # fmt: skip


def _covers(admin: Actor, token: StoredToken) -> bool:
    try:
        admin.require(places_of(token.grant))
    except OutOfScope:
        return False
    return True


async def make(acting: Acting, said: TokenAct) -> Done:
    """Make a token in the caller's transaction. Its text is in the answer, and nowhere else: what
    is kept for the Idempotency-Key has none.

    Raises `Faults`, `OutOfScope`, and `HTTPException` 409 for a name that was used.
    """
    limits = Limits(said.requests_per_second, said.events_per_second, said.bytes_per_second)
    try:
        name, lines = token_name(said.name), lines_of(said.plants, said.lines)
    except ValueError as error:
        raise Faults([str(error)]) from None
    try:
        expires = expiry_of(said.expires, acting.now)
    except ValueError as error:
        raise Faults([f"expires {error}"]) from None
    grant, token = Grant(name, said.role, lines, limits, expires), new_token()
    try:
        await grant_access(acting.conn, acting.actor, grant, token, said.why)
    except NameTaken:
        raise HTTPException(
            409,
            f'there is, or was, a token "{name}"; what it sent is kept under this name. Choose '
            f"another, such as {name}-2",
        ) from None
    kept = {"token": None, **grant_json(grant)}
    return Done(kept | {"token": token.text}, 201, kept=kept)


async def revoke(acting: Acting, name: str, why: str) -> Done:
    """Revoke a token in the caller's transaction. Raises `OutOfScope`, `HTTPException` 404."""
    if not await withdraw_access(acting.conn, acting.actor, name, why):
        raise HTTPException(404, f'no token has the name "{name}"')
    return Done({"name": name, "state": "revoked"})
