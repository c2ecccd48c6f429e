"""Errors of the system, Postgres and Kafka in plain words."""

import os
import re
import ssl

from copq.database.address import redact

_NUMBER = re.compile(r"\[(?:Errno|Error) -?\d+\] ")
_REFUSED = re.compile(r"(?:\[Errno (\d+)\] )?Connect call failed \('([^']*)', (\d+)[^)]*\)")
_SERVER = re.compile(r"\[?\('([^']*)', (\d+)(?:, [^)]*)?\)\]?")
_OPENSSL = re.compile(r"^\[[^\]]*\] |\s*\(_ssl\.c:\d+\)")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SERVERS = {"asyncpg": "Postgres", "aiokafka": "Kafka", "aiomqtt": "the MQTT broker"}


def plainly(error: BaseException) -> str:
    """A plain message: `No such file or directory`, without error numbers and Python's names.

    It never quotes the bytes of a file or the password of an address.
    """
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 text at byte {error.start:,}"
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return _OPENSSL.sub("", error.strerror or str(error)) or "TLS failed"
    if isinstance(error, OSError) and error.strerror and "Connect call" not in error.strerror:
        return error.strerror
    if _server(error) == "Kafka":
        return _describe_kafka_error(error)
    return (
        redact(_NUMBER.sub("", _REFUSED.sub(_describe_refusal, str(error)))) or type(error).__name__
    )


def with_server(error: BaseException) -> str:
    """As `plainly`, with the name of the server in front."""
    server = _server(error)
    return f"{server}: {plainly(error)}" if server else plainly(error)


def is_of_server(error: BaseException) -> bool:
    """Whether a client of Postgres, Kafka or MQTT raised it."""
    return _server(error) is not None


def _server(error: BaseException) -> str | None:
    return _SERVERS.get(type(error).__module__.partition(".")[0])


def _describe_refusal(found: re.Match[str]) -> str:
    number, host, port = found.groups()
    return f"{host}:{port}: {os.strerror(int(number)) if number else 'connection failed'}"


def _describe_kafka_error(error: BaseException) -> str:
    """aiokafka's messages without the class names and tuples that they print."""
    name = type(error).__name__
    said = _NUMBER.sub("", str(error)).removeprefix(f"{name}: ").removeprefix(name).strip()
    bootstrap = "Unable to bootstrap from "
    if said.startswith(bootstrap):
        brokers = [f"{host}:{port}" for host, port in _SERVER.findall(said)]
        return f"no broker answers at {', '.join(brokers)}"
    return _SERVER.sub(r"\1:\2", said) or _WORDS.sub(" ", name).removesuffix(" Error").lower()
