"""The options of commands that speak to Kafka."""

import os
from typing import Annotated

import typer

from copq.command_line.exits import Exit
from copq.command_line.terminal import fail
from copq.kafka.brokers import Brokers, BrokerSettingsError, brokers_from

BootstrapOption = Annotated[
    str,
    typer.Option(
        "--kafka", envvar="KAFKA_BOOTSTRAP",
        help="Kafka brokers, host:port,… TLS and SASL: docs/security.md.",
    ),
]  # fmt: skip


def brokers(addresses: str, plaintext: bool) -> Brokers:
    """The brokers of the options and of KAFKA_… variables.

    Ends the command where they are contradictory, or insecure without being asked for by name.
    """
    try:
        found = brokers_from(addresses, os.environ)
    except BrokerSettingsError as error:
        fail(str(error), Exit.USAGE)
    if not (found.tls or found.are_local or plaintext):
        fail(
            f"{addresses} would be spoken to in plain text, and is not this machine. Set "
            "KAFKA_CA_FILE and KAFKA_USERNAME (see docs/security.md), or say --plaintext where "
            "the network is trusted",
            Exit.USAGE,
        )
    return found


def optional_brokers(addresses: str | None, plaintext: bool) -> Brokers | None:
    """As `brokers`, for a command that may do without."""
    return brokers(addresses, plaintext) if addresses else None
