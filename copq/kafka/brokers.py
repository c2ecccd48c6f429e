"""How the brokers are reached: addresses, credentials and encryption."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copq.process.loopback import is_loopback
from copq.process.system_errors import plainly

if TYPE_CHECKING:
    from faust.types.auth import CredentialsT

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


class BrokerSettingsError(ValueError):
    """The settings contradict each other, or name a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Brokers:
    """`addresses` is `host:port,…`. With `username`, SASL is used; with `tls`, encryption."""

    addresses: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    mechanism: str = MECHANISMS[0]
    tls: ssl.SSLContext | None = None

    @property
    def protocol(self) -> str:
        transport = "SSL" if self.tls else "PLAINTEXT"
        return transport if self.username is None else f"SASL_{transport}"

    @property
    def are_local(self) -> bool:
        """Whether nothing leaves this machine."""
        return all(is_loopback(_host(address)) for address in self.addresses.split(","))

    def settings(self) -> dict[str, Any]:
        """The settings of every aiokafka client."""
        reach: dict[str, Any] = {"bootstrap_servers": self.addresses}
        reach["security_protocol"] = self.protocol
        if self.tls is not None:
            reach["ssl_context"] = self.tls
        if self.username is None:
            return reach
        named = {"sasl_plain_username": self.username, "sasl_plain_password": self.password}
        return {**reach, "sasl_mechanism": self.mechanism, **named}

    def credentials(self) -> "CredentialsT | None":
        """The credentials for Faust."""
        import faust  # loads slowly, and only costing uses it

        if self.username is not None:
            return faust.SASLCredentials(
                username=self.username, password=self.password, mechanism=self.mechanism,
                ssl_context=self.tls,
            )  # fmt: skip
        return faust.SSLCredentials(self.tls) if self.tls is not None else None


def brokers_from(addresses: str, environment: Mapping[str, str]) -> Brokers:
    """The brokers at these addresses, with the security that KAFKA_… variables ask for.

    Raises `BrokerSettingsError`.
    """
    _check_addresses(addresses)
    username = environment.get("KAFKA_USERNAME") or None
    password = _password(environment)
    if (username is None) != (password is None):
        raise BrokerSettingsError(
            "KAFKA_USERNAME and KAFKA_PASSWORD (or …_FILE): set both or neither"
        )
    mechanism = environment.get("KAFKA_SASL_MECHANISM") or MECHANISMS[0]
    _one_of("KAFKA_SASL_MECHANISM", mechanism, MECHANISMS)
    brokers = Brokers(addresses, username, password, mechanism, _tls(environment))
    wanted = environment.get("KAFKA_SECURITY_PROTOCOL") or brokers.protocol
    _one_of("KAFKA_SECURITY_PROTOCOL", wanted, PROTOCOLS)
    if wanted != brokers.protocol:
        raise BrokerSettingsError(
            f"KAFKA_SECURITY_PROTOCOL is {wanted}, but the other settings make {brokers.protocol}: "
            "SASL needs KAFKA_USERNAME, SSL needs KAFKA_CA_FILE (or KAFKA_TLS=1 for public CAs)"
        )
    return brokers


_ADDRESS = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\w*))?", re.ASCII)
_PORT = re.compile(r"0*[1-9]\d{0,4}", re.ASCII)


def _check_addresses(addresses: str) -> None:
    for address in addresses.split(","):
        match = _ADDRESS.fullmatch(address.strip())
        if match is None:
            raise BrokerSettingsError(
                f'"{address}" is not the address of a broker: write host:port, and commas between '
                "several, such as kafka-1:9092,kafka-2:9092"
            )
        port = match["port"]
        if port is not None and not (_PORT.fullmatch(port) and int(port) < 65_536):
            raise BrokerSettingsError(f'"{address}": the port is not a number from 1 to 65535')


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BrokerSettingsError(f'{name} "{value}" is none of {", ".join(known)}')


def _password(environment: Mapping[str, str]) -> str | None:
    path = environment.get("KAFKA_PASSWORD_FILE")
    if not path:
        return environment.get("KAFKA_PASSWORD") or None
    try:
        return Path(path).read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokerSettingsError(
            f"KAFKA_PASSWORD_FILE: cannot read {path}: {plainly(error)}"
        ) from error


def _tls(environment: Mapping[str, str]) -> ssl.SSLContext | None:
    """A context that always checks the broker's name."""
    ca, cert = environment.get("KAFKA_CA_FILE"), environment.get("KAFKA_CERT_FILE")
    if not (ca or cert or environment.get("KAFKA_TLS")):
        return None
    try:
        context = ssl.create_default_context(cafile=ca or None)
        if cert:
            context.load_cert_chain(cert, environment.get("KAFKA_KEY_FILE") or None)
        return context
    except (OSError, ssl.SSLError) as error:
        files = "KAFKA_CA_FILE, KAFKA_CERT_FILE, KAFKA_KEY_FILE"
        raise BrokerSettingsError(f"{files}: {plainly(error)}") from error


def _host(address: str) -> str:
    return address.rsplit(":", 1)[0].strip("[] ")
