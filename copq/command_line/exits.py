"""What an exit code of `copq` means. `copq --help` shows this table."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    NO = 1
    """The answer is no: a difference was found, an event was refused, a month stays closed."""
    USAGE = 2
    """The command or a file that it was given is wrong, or names something unknown (a plant, a
    month, a token): correct it and run again."""
    UNAVAILABLE = 3
    """Postgres or Kafka does not answer, or its schema is another version's."""
    STOPPED = 4
    """A stream stopped itself: too much of what it read was refused."""
    FAULT = 5
    """A fault of copq itself."""


INTERRUPTED = 130
"""As a shell says it: ended by Ctrl-C."""
