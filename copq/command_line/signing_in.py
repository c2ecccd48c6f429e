"""The option of a service for people who sign in at an identity provider."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copq.command_line.terminal import cannot, fail, refuse

if TYPE_CHECKING:
    from copq.sign_in.config import SignInConfig

SignInOption = Annotated[
    Path | None,
    typer.Option(
        "--sign-in", envvar="COPQ_SIGN_IN", show_default=False,
        help="Let people sign in at an identity provider, as this file says (docs/sign-in.md).",
    ),
]  # fmt: skip


def sign_in_config(file: Path | None, no_auth: bool) -> "SignInConfig | None":
    """What the file of `--sign-in` says. Ends the command where it has faults."""
    if file is None:
        return None
    from copq.sign_in.config_file import SignInConfigError, client_secret, trust

    if no_auth:
        fail("--sign-in asks people who they are, and --no-auth asks nobody: leave one out")
    config = read_sign_in(file)
    try:
        client_secret(config)
        trust(config)
    except SignInConfigError as error:
        fail(f"{file}: {error}")
    return config


def read_sign_in(file: Path) -> "SignInConfig":
    """The configuration of a file. Ends the command where it has faults."""
    from copq.sign_in.config_file import SignInConfigError, read_config

    try:
        return read_config(file)
    except SignInConfigError as error:
        refuse(f"{file} is refused", error.faults)
    except (OSError, UnicodeDecodeError) as error:
        cannot("read", file, error)
