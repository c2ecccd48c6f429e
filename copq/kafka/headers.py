"""Record headers: the sender and the trace of a message."""

from collections.abc import Sequence

from copq.telemetry.traceparents import TRACEPARENT, is_traceparent

Headers = list[tuple[str, bytes]]
"""The headers of a message to publish, in order. A name may occur twice."""

Read = Sequence[tuple[str, bytes]]
"""The headers of a message that was read."""

NONE: Headers = []
"""Shared by all messages without headers; it is never changed."""

SENT_BY = "copq-sent-by"
_LONGEST = 256


def sender_headers(name: str | None, traceparent: bytes | None = None) -> Headers:
    """The headers of a message that `name` sent; empty without a name and a trace."""
    if not traceparent:
        return [(SENT_BY, name.encode())] if name else NONE
    return [*sender_headers(name), (TRACEPARENT, traceparent)]


def forwarded_headers(headers: Read) -> Headers:
    """The headers that a priced event takes from its event: each name once, of bounded length."""
    passed: dict[str, bytes] = {}
    for name, value in headers:
        if name == SENT_BY:
            passed.setdefault(name, (value or b"")[: 4 * _LONGEST])
        elif name == TRACEPARENT and is_traceparent(value):
            passed.setdefault(name, value)
    return list(passed.items())


def sender_of(headers: Read) -> str | None:
    """The sender that the headers name, or None.

    Anyone who may write to a topic may claim a name. So the name is cut, and characters that cannot
    be printed are escaped.
    """
    for name, value in headers:
        if name == SENT_BY and value:
            text = value[: 4 * _LONGEST].decode(errors="backslashreplace")
            return "".join(map(_printable, text))[:_LONGEST]
    return None


def _printable(character: str) -> str:
    return character if character.isprintable() else f"<U+{ord(character):04X}>"
