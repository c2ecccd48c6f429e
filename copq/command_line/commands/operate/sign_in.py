"""`copq sign-in check`: a configuration, the provider's answer, and what claims would give."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copq.access.authority import format_lines
from copq.command_line.exits import Exit
from copq.command_line.signing_in import read_sign_in, sign_in_config
from copq.command_line.terminal import cannot, fail, out, table

if TYPE_CHECKING:
    from copq.sign_in.config import Grant, SignInConfig

app = typer.Typer(help="Sign-in of people: check a configuration before it is used.")


@app.callback()
def _subject() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The configuration, as for copq up --sign-in.")],
    claims: Annotated[
        Path | None, typer.Option(help="Claims of an account as JSON: what may it do?")
    ] = None,
    offline: Annotated[bool, typer.Option(help="Do not ask the provider.")] = False,
) -> None:
    """Check a configuration, ask the provider what it is, and try the claims of an account.

    Nobody signs in, and nothing is stored. Ends with 1 if the account has no role, with 3 if the
    provider does not answer.

    Example: copq sign-in check sign-in.yaml --offline --claims claims.json
    """
    config = read_sign_in(file) if offline else sign_in_config(file, no_auth=False)
    if config is None:
        return
    rows = [_row(grant) for grant in config.grants]
    table("Grants", ["role", "claim", "is one of", "lines"], rows, left=4)
    if not offline:
        asyncio.run(_ask(config))
    if claims is not None:
        _try(config, _claims(claims))


def _row(grant: "Grant") -> tuple[str, ...]:
    lines = [f"{grant.plants_claim} names plants"] if grant.plants_claim else []
    lines += [f"{grant.lines_claim} names lines"] if grant.lines_claim else []
    lines += [format_lines(grant.fixed_lines)] if grant.fixed_lines else []
    return (
        grant.role, grant.claim or "everybody", ", ".join(grant.is_) or "–",
        "; ".join(lines) or "all lines",
    )  # fmt: skip


async def _ask(config: "SignInConfig") -> None:
    from copq.sign_in.config_file import client_secret, trust
    from copq.sign_in.provider import Provider, ProviderAway, ProviderFault

    provider = Provider(config, client_secret(config), trust(config))
    try:
        found = await provider.metadata()
    except ProviderAway as error:
        fail(f"the provider does not answer: {error}", Exit.UNAVAILABLE)
    except ProviderFault as error:
        fail(f"the provider cannot be used: {error}")
    finally:
        await provider.close()
    out.print(f"The provider answers: {found.issuer}", markup=False)
    for address in config.addresses:
        out.print(f"Register there: {address}/sign-in/callback", markup=False)


def _claims(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        cannot("read", file, error)
    except ValueError as error:
        fail(f"{file} is not JSON: {error}")
    if not isinstance(found, dict):
        fail(f"{file} is not a JSON object of claims")
    return found


def _try(config: "SignInConfig", claims: dict[str, Any]) -> None:
    from copq.sign_in.granting import NoRole, access_of
    from copq.sign_in.person import MalformedPerson, person_of

    try:
        person, access = person_of(config, claims), access_of(config, claims)
    except (NoRole, MalformedPerson) as error:
        fail(str(error), Exit.NO)
    out.print(f"{person.name}: {access.role}, {format_lines(access.lines)}.", markup=False)
