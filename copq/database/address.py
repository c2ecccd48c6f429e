"""The address of a Postgres server: checked before it is used, shown without its password."""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

EXAMPLE = "postgresql://user@host:5432/copq"
HOW = (
    f"write {EXAMPLE}; in a user name or password write @ as %40, : as %3A, / as %2F, ? as %3F, "
    "# as %23 and % as %25, or leave the password to PGPASSWORD or a file named by PGPASSFILE"
)
_SECRETS = ("password", "sslpassword")
_WITH_PASSWORD = re.compile(r"(\w+://[^\s:/@]*):\S*@")
_PARAMETER = re.compile(rf"\b({'|'.join(_SECRETS)})=[^&\s]*", re.IGNORECASE)
_PORTS = range(1, 65_536)


class AddressError(ValueError):
    """What is wrong with an address, without any part of its password, and what to write."""


class Secrets(NamedTuple):
    """The parts of an address that other users of the machine must not read."""

    password: str | None
    key_passphrase: str | None


def check_address(dsn: str) -> str:
    """The address, which asyncpg and libpq read alike. Raises `AddressError`."""
    scheme, _, _ = dsn.partition("://")
    if "://" not in dsn or scheme not in ("postgresql", "postgres"):
        raise AddressError(f"a database address begins with postgresql://: write {EXAMPLE}")
    if any(c.isspace() or not c.isprintable() for c in dsn):
        raise AddressError(f"a database address holds no spaces: {HOW}")
    parts = _split(dsn)
    _check_login(parts)
    _check_hosts(parts.netloc.rpartition("@")[2])
    _check_parameters(parts.query)
    return dsn


def without_secrets(dsn: str) -> tuple[str, Secrets]:
    """A checked address without its secrets, and the secrets."""
    parts = _split(dsn)
    who, at, where = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    asked = parse_qsl(parts.query, keep_blank_values=True)
    hidden = {name: value for name, value in asked if name in _SECRETS}
    query = urlencode([pair for pair in asked if pair[0] not in _SECRETS], safe="/:,")
    shown = f"{parts.scheme}://{user}{at}{where}{parts.path}" + (f"?{query}" if query else "")
    return shown, Secrets(unquote(password) or hidden.get("password"), hidden.get("sslpassword"))


def redact(text: str) -> str:
    """A message or log line with the passwords of quoted addresses removed."""
    return _PARAMETER.sub(r"\1=***", _WITH_PASSWORD.sub(r"\1:***@", text))


def _split(dsn: str) -> SplitResult:
    try:
        return urlsplit(dsn)
    except ValueError:
        raise AddressError(f"this is not a database address: {HOW}") from None


def _check_login(parts: SplitResult) -> None:
    unescaped = parts.netloc.count("@") > 1 or "@" in parts.path + parts.fragment
    if unescaped or parts.fragment:
        raise AddressError(f"a character in this address has to be escaped: {HOW}")
    if "@" in parts.query and not parts.netloc.count("@"):
        raise AddressError(f"a character in this address may have to be escaped: {HOW}")
    login = parts.netloc.rpartition("@")[0]
    if login.count(":") > 1 or re.search("%(?![0-9A-Fa-f]{2})", login):
        raise AddressError(f"the user or password of this address is not escaped: {HOW}")


def _check_hosts(hosts: str) -> None:
    for host in hosts.split(",") if hosts else ():
        # What stands behind the last colon may be a password that lacks its @: it is not shown.
        name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if colon and not (port.isascii() and port.isdigit() and int(port) in _PORTS):
            raise AddressError(f"the port of this address is not a number from 1 to 65535: {HOW}")
        if ":" in name and not (name.startswith("[") and name.endswith("]")):
            raise AddressError(f"an IPv6 address stands in brackets, such as [::1]:5432: {HOW}")


def _check_parameters(query: str) -> None:
    try:
        asked = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise AddressError(f"what follows the ? is not name=value&name=value: {HOW}") from None
    for port in filter(None, asked.get("port", "").split(",")):
        if not (port.isascii() and port.isdigit() and int(port) in _PORTS):
            raise AddressError(f"port= is not a number from 1 to 65535: {HOW}")
