"""A broker that asks who comes: SASL/SCRAM on one listener, client certificates on another."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

USER, PASSWORD = "copq", "a-secret-of-the-test"
_SCRAM = "SCRAM-SHA-512"
_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


@dataclass(frozen=True)
class SecureBroker:
    """Addresses by what they ask for; files as an operator would name them."""

    broker: KafkaBroker
    scram: str
    mutual: str
    ca_file: Path
    client_pem: Path


def secure_broker(folder: Path, jars: Path) -> SecureBroker:
    """Not started yet. Its plain listener is there for the broker itself."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, ca_file = trustme.CA(), folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    client = _pem(authority.issue_cert("client.copq"), folder / "client.pem")
    server = _pem(authority.issue_cert("127.0.0.1", "localhost"), folder / "server.pem")
    scram, mutual = (f"localhost:{port}" for port in free_ports(2))
    listeners = f"SCRAM://{scram},MUTUAL://{mutual}"
    more = {"listeners": listeners, "advertised.listeners": listeners}
    more |= {"ssl.keystore.location": str(server), "ssl.truststore.location": str(ca_file)}
    user = f"{_SCRAM}=[name={USER},password={PASSWORD}]"
    broker = KafkaBroker(folder, jars, more | _SECURITY, user)
    return SecureBroker(broker, scram, mutual, ca_file, client)


_SECURITY = {
    "listener.security.protocol.map": (
        "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_SSL,MUTUAL:SSL"
    ),
    "ssl.keystore.type": "PEM",
    "ssl.truststore.type": "PEM",
    "listener.name.mutual.ssl.client.auth": "required",
    "listener.name.scram.sasl.enabled.mechanisms": _SCRAM,
    "listener.name.scram.scram-sha-512.sasl.jaas.config": _LOGIN,
}


def _pem(issued: trustme.LeafCert, path: Path) -> Path:
    """Key and certificates in one file, the key as PKCS 8: Kafka reads no other."""
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(text + b"".join(cert.bytes() for cert in issued.cert_chain_pems))
    return path
