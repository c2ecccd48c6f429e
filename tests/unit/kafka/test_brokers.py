"""Settings of the brokers: what they make, and what is wrong with those that make nothing."""

from pathlib import Path

import pytest

from copq.kafka.brokers import Brokers, BrokerSettingsError, brokers_from

NAMED = {"KAFKA_USERNAME": "copq", "KAFKA_PASSWORD": "secret"}


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({}, "PLAINTEXT"),
        (NAMED, "SASL_PLAINTEXT"),
        ({"KAFKA_TLS": "1"}, "SSL"),
        ({**NAMED, "KAFKA_TLS": "1"}, "SASL_SSL"),
        ({**NAMED, "KAFKA_TLS": "1", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "SASL_SSL"),
    ],
)
def test_the_settings_make_the_protocol(environment: dict[str, str], protocol: str) -> None:
    found = brokers_from("broker:9092", environment)
    assert found.protocol == found.settings()["security_protocol"] == protocol
    credentials = found.credentials()
    assert (credentials.protocol.value if credentials else "PLAINTEXT") == protocol


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"KAFKA_USERNAME": "copq"}, "set both or neither"),
        ({"KAFKA_PASSWORD": "secret"}, "set both or neither"),
        ({"KAFKA_USERNAME": "copq", "KAFKA_PASSWORD_FILE": "/nowhere"}, "KAFKA_PASSWORD_FILE"),
        ({"KAFKA_CA_FILE": "/nowhere"}, "KAFKA_CA_FILE"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "other settings make PLAINTEXT"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "none of PLAINTEXT"),
        ({**NAMED, "KAFKA_SASL_MECHANISM": "GSSAPI"}, "none of SCRAM-SHA-512"),
    ],
)
def test_contradictory_settings_say_what_to_mend(environment: dict[str, str], says: str) -> None:
    with pytest.raises(BrokerSettingsError, match=says):
        brokers_from("broker:9092", environment)


def test_a_password_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("from a file\n")
    environment = {"KAFKA_USERNAME": "copq", "KAFKA_PASSWORD_FILE": str(secret)}
    assert brokers_from("broker:9092", environment).password == "from a file"


@pytest.mark.parametrize(
    ("addresses", "local"),
    [
        ("localhost:9092", True),
        ("127.0.0.1:9092,127.0.0.2:9093", True),
        ("[::1]:9092", True),
        ("127.0.0.1:9092,broker:9092", False),
        ("10.0.0.1:9092", False),
        ("localhost.example.com:9092", False),
    ],
)
def test_only_loopback_is_this_machine(addresses: str, local: bool) -> None:
    assert Brokers(addresses).are_local is local
