"""The one option that lets traffic leave this machine unencrypted."""

from typing import Annotated

import typer

PlaintextOption = Annotated[
    bool,
    typer.Option(
        "--plaintext", envvar="COPQ_PLAINTEXT",
        help="Let traffic leave this machine unencrypted: the network is trusted, or a proxy "
        "ends TLS.",
    ),
]  # fmt: skip
