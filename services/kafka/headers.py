"""Record headers: what copq says of a message beside its key and value."""

from collections.abc import Sequence

Headers = list[tuple[str, bytes]]
"""Of a message to publish, in order. A name may come twice."""

Read = Sequence[tuple[str, bytes]]
"""Those of a message that was read."""

NONE: Headers = []
"""Shared by all messages without: nobody adds to it."""

SENT_BY = "copq-sent-by"
_LONGEST = 256


def of_sender(name: str | None) -> Headers:
    """The headers of what `name` sent; none where nobody asked."""
    return [(SENT_BY, name.encode())] if name else NONE


def passed_on(headers: Read) -> Headers:
    """Those of an event that its priced event has, too."""
    return [header for header in headers if header[0] == SENT_BY]


def sent_by(headers: Read) -> str | None:
    """Who sent a message, if its headers say so. Whoever may write to a topic may claim a name,
    so it is made fit to be stored: cut, and without control characters."""
    for name, value in headers:
        if name == SENT_BY and value:
            text = value[: 4 * _LONGEST].decode(errors="replace")
            return "".join(c if c.isprintable() else "\ufffd" for c in text[:_LONGEST])
    return None
