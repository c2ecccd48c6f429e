"""The ids of the entries of standing costs: `copq:standing/17/2026-03-31`.

An id has the number of the version that booked the entry, and the production day. So no version
books a day twice.
"""

import re
from datetime import date

from copq.rates.book import compound_name
from copq.schemas.fields import OWN_IDS

_ID = re.compile(rf"{OWN_IDS}standing/(\d{{1,18}})/\d{{4}}-\d{{2}}-\d{{2}}")


def entry_id(number: int, day: date) -> str:
    """The id of the entry by which a version of a standing cost is booked on a day."""
    return OWN_IDS + compound_name("standing", str(number), str(day))


def number_of(event_id: str) -> int | None:
    """The number of the version that booked the entry; None if the id is of another kind."""
    found = _ID.fullmatch(event_id)
    return int(found[1]) if found else None
