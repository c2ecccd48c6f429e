"""`copq tokens`: who may send and read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from asyncpg import Connection
from pydantic import TypeAdapter, ValidationError
from rich.text import Text

from copq.access.authority import format_lines
from copq.access.door import Role
from copq.access.granting import grant_access, withdraw_access
from copq.access.limits import Limits
from copq.access.sender import MQTT, Lines
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
from copq.schemas.fields import Identifier
from copq.schemas.names import canonical

app = typer.Typer(help="Tokens: who may send events, and who may read results.")

LimitOption = Annotated[float | None, typer.Option(min=0.001, help="The most, on average.")]
_NAME: TypeAdapter[str] = TypeAdapter(Identifier)
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


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
    grant = Grant(_token_name(name), role, _lines(plant, line), limits, _expiry(expires))
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


def _token_name(name: str) -> str:
    if name.startswith(MQTT):
        fail(
            f'names that begin with "{MQTT}" are those of MQTT clients, and a token sees what '
            f"became of all that was sent under its name; choose another, such as "
            f"{name.replace('/', '-')}"
        )
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        fail("a name has 1 to 64 characters, all of which can be printed")


def _lines(plants: list[str] | None, lines: list[str] | None) -> Lines | None:
    whole: list[tuple[str, str | None]] = [(plant, None) for plant in plants or ()]
    single: list[tuple[str, str | None]] = []
    for text in lines or ():
        plant, slash, line = text.partition("/")
        if not (plant and slash and line):
            fail(f'--line "{text}" names no plant: write it as PLANT/LINE, such as north/L1')
        single.append((canonical(plant), canonical(line)))
    return frozenset([*whole, *single]) or None


def _expiry(text: str) -> datetime | None:
    """A time from now on, or the start of a day in UTC; None for never."""
    if text == "never":
        return None
    if found := re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text):
        return datetime.now(UTC) + timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f'--expires is 12h, 90d, 52w, a date such as 2027-01-31, or never; not "{text}"')
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at <= datetime.now(UTC):
        fail(f"--expires {text} is past")
    return at


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
        print_json({"token": text, **_grant_json(grant)})
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
    shown = [token for token in found if everything or _state(token, now) == "valid"]
    if as_json:
        print_json([_json(token, now) for token in shown])
    elif shown:
        table("Tokens", _COLUMNS, [_row(token, now) for token in shown], left=len(_COLUMNS))
    else:
        out.print("There is no token. Make one with: copq tokens create NAME")


_COLUMNS = ["name", "role", "lines", "limits a second", "expires", "last used", "state"]


def _row(token: StoredToken, now: datetime) -> tuple[str, ...]:
    grant = token.grant
    return (
        grant.name, grant.role, format_lines(grant.lines), _limits(grant.limits),
        _day(grant.expires_at, "never"), _day(token.last_used_at, "–"), _state(token, now),
    )  # fmt: skip


def _day(at: datetime | None, otherwise: str) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else otherwise


def _limits(limits: Limits) -> str:
    named = {"requests": limits.requests, "events": limits.events, "bytes": limits.size}
    return ", ".join(f"{rate:g} {what}" for what, rate in named.items() if rate) or "none"


def _state(token: StoredToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    expires = token.grant.expires_at
    return "expired" if expires is not None and expires <= now else "valid"


def _grant_json(grant: Grant) -> dict[str, Any]:
    lines = grant.lines
    return {
        "name": grant.name,
        "role": grant.role,
        "lines": None if lines is None else [list(line) for line in sorted(lines, key=str)],
        "requests_per_second": grant.limits.requests,
        "events_per_second": grant.limits.events,
        "bytes_per_second": grant.limits.size,
        "expires_at": grant.expires_at,
    }


def _json(token: StoredToken, now: datetime) -> dict[str, Any]:
    return {
        **_grant_json(token.grant),
        "state": _state(token, now),
        "token_id": token.token_id,
        "created_at": token.created_at,
        "created_by": token.created_by,
        "revoked_at": token.revoked_at,
        "revoked_by": token.revoked_by,
        "last_used_at": token.last_used_at,
    }


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
