"""`copq tokens`: who may send and read."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from asyncpg import Connection
from rich.text import Text

from copq.access.asking import (
    expiry_of,
    grant_json,
    lines_of,
    state_of,
    token_json,
    token_name,
)
from copq.access.authority import format_lines
from copq.access.door import Role
from copq.access.granting import grant_access, withdraw_access
from copq.access.limits import Limits
from copq.access.store import Grant, NameTaken, StoredToken, all_tokens
from copq.access.token import new_token
from copq.command_line.acting import WhyOption, actor
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import err, fail, out, print_json, table
from copq.database.connections import DatabaseRole
from copq.rates.book import RateBook
from copq.rates.names import unknown_plant
from copq.rates.store import load_names

app = typer.Typer(help="Tokens: who may send events, and who may read results.")

LimitOption = Annotated[float | None, typer.Option(min=0.001, help="The most, on average.")]


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        known = ", ".join(f"'{role}'" for role in Role)
        raise typer.BadParameter(f"'{text}' is not one of {known}") from None


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who holds it; stored with each of its events.")],
    role: Annotated[
        Role, typer.Option(help="What the token is for.", parser=_role, metavar="|".join(Role))
    ] = Role.OPERATOR,
    plant: Annotated[
        list[str] | None, typer.Option(help="All lines of this plant; may be repeated.")
    ] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="One line, as PLANT/LINE; may be repeated.")
    ] = None,
    expires: Annotated[
        str, typer.Option(help="12h, 90d, 52w, a date such as 2027-01-31, or never.")
    ] = "365d",
    requests_per_second: LimitOption = None,
    events_per_second: LimitOption = None,
    bytes_per_second: LimitOption = None,
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Make a token and print it. It is shown only once; only its hash is stored.

    operator: sends events and sees their state. manager: reads results. finance: sets
    rates, closes months, reads results. admin: grants access. Without --plant and --line it is for
    all lines.

    For admins: once an admin token exists, COPQ_TOKEN must hold one.

    Example: copq tokens create press-7 --line north/L1
    """
    limits = Limits(requests_per_second, events_per_second, bytes_per_second)
    grant = _grant(name, role, plant or [], line or [], expires, limits)
    token = new_token()

    async def ask(conn: Connection) -> RateBook:
        await grant_access(conn, await actor(conn, Role.ADMIN), grant, token, why)
        return await load_names(conn)

    try:
        book = query_database(ask, database_url, data, DatabaseRole.ADMIN)
    except NameTaken:
        fail(
            f'there is, or was, a token "{name}"; what it sent is kept under this name. '
            f"Choose another, such as {name}-2",
            Exit.NO,
        )
    _warn_of_unknown_lines(grant, book)
    _show_new(grant, token.text, as_json)


def _grant(
    name: str, role: Role, plants: list[str], lines: list[str], expires: str, limits: Limits
) -> Grant:
    try:
        checked = token_name(name)
    except ValueError as error:
        fail(str(error))
    try:
        own = lines_of(plants, lines)
    except ValueError as error:
        fail(f"--line {error}")
    try:
        return Grant(checked, role, own, limits, expiry_of(expires, datetime.now(UTC)))
    except ValueError as error:
        fail(f"--expires {error}")


def _warn_of_unknown_lines(grant: Grant, book: RateBook) -> None:
    """Warn of unknown lines: a mistyped scope refuses everything. Their rates may come later."""
    for plant, line in sorted(grant.lines or (), key=str):
        site = book.sites.get(plant)
        if book.sites and site is None:
            _warn(unknown_plant(plant, book.sites))
        elif site and site.lines and line is not None and line not in site.lines:
            known = ", ".join(site.plant.lines)
            _warn(f'plant "{plant}" has no line "{line}"; its lines are {known}')


def _warn(what: str) -> None:
    told = f"{what}. The token is made anyway; until then it may send nothing of it."
    err.print(Text.assemble(("copq:", "yellow"), " ", told), soft_wrap=True)


def _show_new(grant: Grant, text: str, as_json: bool) -> None:
    if as_json:
        print_json({"token": text, **grant_json(grant)})
        return
    until = f"until {grant.expires_at:%Y-%m-%d %H:%M} UTC" if grant.expires_at else "for ever"
    out.print(f"Token of {grant.name}: {grant.role}, {format_lines(grant.lines)}, {until}.")
    out.print("It is shown this once; keep it as you keep a password.", style="dim")
    print(text)


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also invalid tokens.")] = False,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List tokens: role, lines, limits, expiry and last use. Never the token itself."""

    found = query_database(all_tokens, database_url, data)
    now = datetime.now(UTC)
    shown = [token for token in found if everything or state_of(token, now) == "valid"]
    if as_json:
        print_json([token_json(token, now) for token in shown])
    elif shown:
        table("Tokens", _COLUMNS, [_row(token, now) for token in shown], left=len(_COLUMNS))
    else:
        out.print("There is no token. Make one with: copq tokens create NAME")


_COLUMNS = ["name", "role", "lines", "limits a second", "expires", "last used", "state"]


def _row(token: StoredToken, now: datetime) -> tuple[str, ...]:
    grant = token.grant
    return (
        grant.name, grant.role, format_lines(grant.lines), _limits(grant.limits),
        _day(grant.expires_at, "never"), _day(token.last_used_at, "–"), state_of(token, now),
    )  # fmt: skip


def _day(at: datetime | None, otherwise: str) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else otherwise


def _limits(limits: Limits) -> str:
    named = {"requests": limits.requests, "events": limits.events, "bytes": limits.size}
    return ", ".join(f"{rate:g} {what}" for what, rate in named.items() if rate) or "none"


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The token's name, as the list shows it.")],
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Revoke a token: running services refuse it within two seconds. It stays listed.

    For admins: once an admin token exists, COPQ_TOKEN must hold one.

    Example: copq tokens revoke press-7 --why "lost in hall 3"
    """

    async def ask(conn: Connection) -> bool:
        return await withdraw_access(conn, await actor(conn, Role.ADMIN), name, why)

    if not query_database(ask, database_url, data, DatabaseRole.ADMIN):
        fail(f'there is no token "{name}"; see: copq tokens list --all')
    if as_json:
        print_json({"name": name, "state": "revoked"})
    else:
        out.print(f"Revoked: {name}.")
