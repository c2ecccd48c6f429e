"""The file of --sign-in: what it may say, and how each fault is named."""

from pathlib import Path

import pytest

from copq.sign_in.config_file import SignInConfigError, client_secret, parse_config, read_config
from tests.support.sign_in.provider import CONFIG


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("issuer: https://", "issuer: http://", "use https://"),
        ("issuer: https://", "issuer: ", "is not an address"),
        ("issuer:", "isuer:", 'isuer: is not a name here; did you mean "issuer"?'),
        ("client_id: copq\n", "", "client_id: Field required"),
        ("addresses: [http://copq.example.com]", "addresses: []", "addresses"),
        ("http://copq.example.com", "http://copq.example.com/board", "addresses.0"),
        ("role: admin", "role: boss", "grants.0.role"),
        ("claim: groups, is: admins", "claim: groups", "claim: and is belong together"),
        ("claim: groups, is: admins", "is: admins", "claim: and is belong together"),
        ("plants: [north]", "lines: [north]", '"north" names no plant: write PLANT/LINE'),
        ("label: Example Login", "scopes: [profile]", "scopes: openid is missing"),
        ("label: Example Login", "idle_minutes: 0", "idle_minutes"),
        ("label: Example Login", "client_secret_env: A\nclient_secret_file: b", "not both"),
        (CONFIG, "", "is empty"),
        (CONFIG, "a: [", "is not YAML"),
        ("label: Example Login", "label: a\nlabel: b", "is not YAML"),
    ],
)
def test_each_fault_is_named_with_its_place(old: str, new: str, says: str) -> None:
    assert old in CONFIG
    with pytest.raises(SignInConfigError) as refused:
        parse_config(CONFIG.replace(old, new))
    assert says in str(refused.value)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(SignInConfigError) as refused:
        parse_config(CONFIG.replace("issuer:", "isuer:").replace("role: admin", "role: boss"))
    assert len(refused.value.faults) == 3


def test_a_provider_on_this_machine_or_named_as_trusted_may_be_reached_in_the_clear() -> None:
    for new in ("issuer: http://127.0.0.1:8000", "plaintext: true\nissuer: http://kc:8080"):
        text = CONFIG.replace("issuer: https://login.example.com", new)
        assert parse_config(text).allows(parse_config(text).issuer)


def test_the_secret_is_in_a_file_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sign-in.yaml"
    file.write_text(CONFIG + "client_secret_file: secret\n")
    with pytest.raises(SignInConfigError, match="client_secret_file"):
        client_secret(read_config(file))
    (tmp_path / "secret").write_text("word\n")
    assert client_secret(read_config(file)) == "word"
    asked = parse_config(CONFIG + "client_secret_env: COPQ_SIGN_IN_SECRET\n")
    with pytest.raises(SignInConfigError, match="COPQ_SIGN_IN_SECRET is not set"):
        client_secret(asked)
    monkeypatch.setenv("COPQ_SIGN_IN_SECRET", "word")
    assert client_secret(asked) == "word"
    assert client_secret(parse_config(CONFIG)) is None
