"""One form for all logs of a process: ours, uvicorn's, Faust's and aiokafka's."""

import logging
from datetime import UTC, datetime

from copq.command_line.repeats import RepeatFilter
from copq.database.address import redact
from copq.process.system_errors import plainly
from copq.schemas.names import visible


class _Plain:
    """An error that reads plainly, whether a line asks for its text or its representation."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __str__(self) -> str:
        return plainly(self._error)

    __repr__ = __str__


class PlainErrors(logging.Filter):
    """Writes errors in log lines as plain sentences."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _Plain(one) if isinstance(one, BaseException) else one for one in record.args
            )
        return True


class LogFormat(logging.Formatter):
    """`2026-03-02T06:30:00.123Z INFO copq.rates.watch rate book revision 7`, in UTC."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        return visible(redact(super().format(record)))


def start_logging() -> None:
    """Log to the standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormat())
    # Only on our handler: an existing handler belongs to another program.
    handler.addFilter(PlainErrors())
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("copq").setLevel(logging.INFO)
