"""The cursor of a page: opaque to its holder, with everything that the next page needs."""

import base64
import json
from datetime import datetime
from typing import Annotated

import msgspec

from copq.figures.edges import FIRST_YEAR, LAST_YEAR
from copq.figures.entries import Place

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_EventId = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]+$")]
_EntryNo = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
_decode = msgspec.json.Decoder(tuple[_Instant, _Instant, _EventId, _EntryNo]).decode


def encode(place: Place) -> str:
    assert place.occurred_at is not None
    fields = [
        place.read_at.isoformat(), place.occurred_at.isoformat(), place.event_id, place.entry_no
    ]  # fmt: skip
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


def decode(cursor: str) -> Place:
    """The place of a cursor. Raises `ValueError` on a text that `encode` did not make."""
    try:
        read_at, occurred_at, event_id, number = _decode(base64.urlsafe_b64decode(cursor))
        if not all(FIRST_YEAR <= at.year <= LAST_YEAR for at in (read_at, occurred_at)):
            raise ValueError
    except ValueError:  # of base64, of JSON or of its values
        raise ValueError("cursor: copy it unchanged from `next` of the previous page") from None
    return Place(read_at, occurred_at, event_id, number)
