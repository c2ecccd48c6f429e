"""An event's id, from what the row says and never from where it stands."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from copq.schemas.names import canonical

_BYTES = 16
"""Two of a billion events share an id with a chance of one in 10^20."""


def event_id(mapping: str, event_type: str, number: int, key: Sequence[str]) -> str:
    """The same for the same key, in whatever file and order; `number` tells one kind of
    event of a mapping from another of its type."""
    digest = blake2b(
        msgspec.json.encode([number, *map(canonical, key)]), digest_size=_BYTES
    ).hexdigest()
    return f"{mapping}/{event_type}/{digest}"
