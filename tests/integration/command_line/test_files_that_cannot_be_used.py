"""Every command that is given a file says in one way that it cannot use it."""

import asyncio
from pathlib import Path
from ssl import SSLError

import pytest
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from typer.testing import CliRunner

from copq.command_line.command import app
from copq.process.system_errors import plainly

READING = (
    ("rates", "import", "gone.yaml"), ("rates", "submit", "gone.yaml", "--why", "x"),
    ("targets", "import", "gone.yaml"), ("currencies", "import", "gone.yaml"),
    ("price", "--rates", "gone.yaml", "--events", "x"), ("audit", "verify", "--file", "gone.yaml"),
    ("rejected", "replay", "1", "--with", "gone.yaml"), ("mqtt", "check", "gone.yaml"),
    ("import", "events.csv", "--mapping", "gone.yaml"),
    ("watch", ".", "--mapping", "*.csv=gone.yaml"),
)  # fmt: skip
SAID = "cannot read gone.yaml: No such file or directory"


@pytest.mark.parametrize("words", READING, ids=lambda words: " ".join(words[:2]))
async def test_a_file_that_is_not_there_is_said_in_a_plain_sentence(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    if words[0] == "currencies":
        run = ["currencies", "set", "EUR"]
        assert (await asyncio.to_thread(CliRunner().invoke, app, run)).exit_code == 0
    done = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    assert done.exit_code == 2 and SAID in done.output, done.output
    assert "Errno" not in done.output


def test_a_file_that_cannot_be_written_is_said_so(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["audit", "export", "--output", "gone/audit.ndjson", "--database", database]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "cannot write gone/audit.ndjson: No such file or directory" in done.output


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "rates.yaml"),
         "No such file or directory"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 101] No route"),
         "Multiple exceptions: Connect call failed, No route"),
        (UnicodeDecodeError("utf-8", b"abc\xff", 3, 4, "invalid start byte"),
         "it is not UTF-8 text at byte 3"),
        (OSError(111, "Connect call failed ('127.0.0.1', 5432)"),
         "127.0.0.1:5432: Connection refused"),
        (KafkaConnectionError("Unable to bootstrap from [('kafka', 9092, <AddressFamily.X: 0>)]"),
         "no broker answers at kafka:9092"),
        (TopicAuthorizationFailedError("quality.events"), "quality.events"),
        (SSLError(1, "[X509: NO_CERTIFICATE] no certificate found (_ssl.c:4149)"),
         "no certificate found"),
        (TimeoutError(), "no answer in time"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_said_without_numbers(error: Exception, said: str) -> None:
    assert plainly(error) == said
