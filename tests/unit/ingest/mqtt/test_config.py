"""Configuration files: what is wrong is named with its place."""

from pathlib import Path

import pytest

from copq.ingest.mqtt.config_file import parse_config, password, read_config, tls_context
from copq.ingest.mqtt.faults import ConfigFault, MqttConfigError
from copq.ingest.mqtt.topic import TopicPattern

HEAD = "broker: mqtt://localhost\nclient_id: c\n"
ONE = "subscriptions: [{topic: 'a/{plant}/{line}', format: copq}]\n"

WRONG = [
    ("", "is empty"),
    ("- a", "is empty"),
    ("a: [", "is not YAML"),
    (HEAD, "subscriptions: Field required"),
    (HEAD + ONE + "client: x", 'client: is not a name here; did you mean "client_id"?'),
    (ONE + "client_id: c\nbroker: mqtt://10.0.0.7", "in the clear"),
    (ONE + "client_id: c\nbroker: mqtt://broker.example:1883", "plaintext: true"),
    (ONE + "client_id: c\nbroker: http://localhost", "is not an address such as mqtts://"),
    (ONE + "client_id: c\nbroker: mqtts://me:pw@localhost", "no user or password here"),
    (HEAD + ONE + "password: x", "password: is not a name here"),
    (HEAD + ONE + "password_env: X", "username: is needed"),
    (HEAD + ONE + "tls: {cert: a.pem}", "cert: and key belong together"),
    (HEAD + "subscriptions: [{topic: a, format: cpq}]", "format is one of copq, umh, sparkplug"),
    (HEAD + "subscriptions: [{topic: 'a/{lnie}', format: copq}]", 'did you mean "line"?'),
    (HEAD + "subscriptions: [{topic: 'a/#/b', format: copq}]", "# stands at the end"),
    (HEAD + "subscriptions: [{topic: 'a/{line}', format: umh}]", "plant: name a level"),
    (
        HEAD + "subscriptions: [{topic: a, format: copq, constants: {cost: 1}}]",
        '"cost" is not a field',
    ),
    (
        HEAD + "subscriptions: [{topic: '{plant}/{line}', format: umh, states: {x: stop}}]",
        "should match pattern",
    ),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_a_wrong_file_is_refused_and_says_why(text: str, why: str) -> None:
    with pytest.raises(MqttConfigError) as error:
        parse_config(text)
    assert why in str(error.value)


@pytest.mark.parametrize("broker", ["mqtt://127.0.0.1", "mqtt://[::1]:99", "mqtts://far.example"])
def test_loopback_may_be_plain_and_others_are_encrypted(broker: str) -> None:
    assert parse_config(ONE + f"client_id: c\nbroker: {broker}").broker.port


def test_plain_to_another_machine_can_be_asked_for_by_name() -> None:
    found = parse_config(ONE + "client_id: c\nbroker: mqtt://far.example\nplaintext: true")
    assert tls_context(found) is None


def test_a_password_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mqtt.yaml"
    file.write_text(HEAD + ONE + "username: me\npassword_file: pw")
    with pytest.raises(MqttConfigError, match="password_file"):
        password(read_config(file))
    (tmp_path / "pw").write_text("secret\n")
    assert password(read_config(file)) == "secret"
    named = parse_config(HEAD + ONE + "username: me\npassword_env: COPQ_TEST_PW")
    with pytest.raises(MqttConfigError, match="COPQ_TEST_PW is not set"):
        password(named)
    monkeypatch.setenv("COPQ_TEST_PW", "other")
    assert password(named) == "other"


def test_a_missing_authority_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mqtt.yaml"
    file.write_text(ONE + "client_id: c\nbroker: mqtts://far.example\ntls: {ca: none.pem}")
    with pytest.raises(MqttConfigError, match="tls: "):
        tls_context(read_config(file))


@pytest.mark.parametrize(
    ("pattern", "topic", "fields"),
    [
        ("a/{plant}/b", "a/north/b", {"plant": "north"}),
        ("a/{plant}/b", "a/north/c", None),
        ("a/{plant}/b", "a/north/b/c", None),
        ("a/{plant}/#", "a/north/b/c", {"plant": "north"}),
        ("a/{plant}/#", "a/north", {"plant": "north"}),
        ("a/+/{line}", "a/x/L1", {"line": "L1"}),
        ("#", "a/b", {}),
    ],
)
def test_a_topic_is_taken_apart(pattern: str, topic: str, fields: dict[str, str] | None) -> None:
    assert TopicPattern(pattern).match(topic) == fields


def test_a_level_named_twice_is_refused() -> None:
    with pytest.raises(ConfigFault, match="twice"):
        TopicPattern("{line}/{line}")
