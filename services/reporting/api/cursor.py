"""The cursor of a page: opaque to whoever holds it, and all that the next page needs."""

import base64
import binascii
import json
from datetime import datetime

from services.reporting.entries import Place


def written(place: Place) -> str:
    assert place.occurred_at is not None
    said = [
        place.read_at.isoformat(), place.occurred_at.isoformat(), place.event_id, place.entry_no
    ]  # fmt: skip
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode()


def read(cursor: str) -> Place:
    """Raises `ValueError` on what is no cursor of ours."""
    try:
        read_at, occurred_at, event_id, number = json.loads(base64.urlsafe_b64decode(cursor))
        if not isinstance(event_id, str) or not isinstance(number, int):
            raise ValueError
        return Place(_instant(read_at), _instant(occurred_at), event_id, number)
    except (binascii.Error, ValueError, TypeError):
        raise ValueError("cursor: take it as it is from `next` of the page before") from None


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError
    return instant
