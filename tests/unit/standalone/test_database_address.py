"""A malformed address is named without its password, and no password reaches a log."""

import logging

import pytest
from typer.testing import CliRunner

from copq.command_line.command import app
from copq.command_line.logs import LogFormat, PlainErrors
from copq.database.address import AddressError, check_address, redact, without_secrets

MALFORMED = [
    "postgresql://copq:s3:cr#t@db/copq",
    "postgresql://copq:s3/crt@db/copq",
    "postgresql://copq:s3?crt@db/copq",
    "postgresql://copq:s3@crt@db/copq",
    "postgresql://copq:s3%crt@db/copq",
    "postgresql://copq:s3[crt@db/copq",
    "postgresql://copq:s3 crt@db/copq",
    "postgresql://copq:s3crt",
    "postgresql://copq@db:s3crt/copq",
    "postgresql://copq:s3crt@db:99999/copq",
    "postgresql://copq:s3crt@db/copq?port=x",
    "postgresql://copq:s3crt@db/copq?s3crt",
    "mysql://copq:s3crt@db/copq",
    "host=db password=s3crt",
    "",
]
SOUND = [
    "postgresql:///copq",
    "postgres://copq@db/copq",
    "postgresql://copq:p%40ss@db-1:5432,db-2:5433/copq?sslmode=require&target_session_attrs=any",
    "postgresql://[::1]:5432/copq",
    "postgresql://postgres:@/postgres?host=/tmp/a&port=5432",
]


@pytest.mark.parametrize("dsn", MALFORMED)
def test_a_malformed_address_is_one_plain_answer_of_every_command(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    for words in (["report"], ["verify"], ["migrate"], ["reporting"], ["backup", "x.dump"]):
        done = CliRunner().invoke(app, [*words, "--database", dsn])
        assert done.exit_code == 2, done.output
        assert "postgresql://" in done.output and "Traceback" not in done.output
        assert not any(part in done.output for part in ("s3", "crt", "cr#t"))


@pytest.mark.parametrize("dsn", SOUND)
def test_a_sound_address_stays_as_it_is(dsn: str) -> None:
    assert check_address(dsn) == dsn


def test_what_may_be_a_password_with_a_bare_question_mark_is_refused() -> None:
    with pytest.raises(AddressError, match="%3F"):
        check_address("postgresql://copq:what?now@db/copq")


def test_secrets_are_taken_out_of_an_address() -> None:
    shown, secrets = without_secrets("postgresql://copq:p%40ss@db:5432/copq?sslmode=require")
    assert (shown, secrets) == ("postgresql://copq@db:5432/copq?sslmode=require", ("p@ss", None))
    shown, secrets = without_secrets("postgresql:///copq?password=a%26b&sslpassword=c&host=/tmp/x")
    assert (shown, secrets) == ("postgresql:///copq?host=/tmp/x", ("a&b", "c"))


def test_a_log_line_holds_no_password_and_no_python_internals() -> None:
    error = OSError(111, "Connect call failed ('127.0.0.1', 5432)")
    line = logging.LogRecord(
        "copq", logging.WARNING, "", 0, "no answer of %s: %r",
        ("postgresql://u:s3crt@db/copq?password=s3crt&x=1", error), None,
    )  # fmt: skip
    line.created = 1_767_225_600.5
    line.msecs = 500
    PlainErrors().filter(line)
    assert LogFormat().format(line) == (
        "2026-01-01T00:00:00.500Z WARNING copq no answer of "
        "postgresql://u:***@db/copq?password=***&x=1: 127.0.0.1:5432: Connection refused"
    )
    assert redact("nothing to hide: http://localhost:8080/") == (
        "nothing to hide: http://localhost:8080/"
    )
