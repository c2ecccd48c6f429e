"""The way from a figure to its entries: an address of the API, and a command."""

import shlex
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

Filters = Mapping[str, str | None]
_OPTIONS = {"defect_code": "code", "work_unit": "machine", "grouped_on": "grouped-on"}
"""Where `copq entries` has another name for a dimension."""


def entries_address(filters: Filters, first: date, last: date) -> str:
    """Of the failure entries of production days; an empty filter: entries without such a name."""
    days = {"from": first, "to": last, "category": "copq"}
    return "/v1/entries?" + urlencode({**days, **{n: v or "" for n, v in filters.items()}})


def entries_command(filters: Filters, first: date, last: date) -> str:
    """The command that lists the same entries."""
    words = ["copq", "entries", "--category", "copq", "--from", str(first), "--to", str(last)]
    for name, value in filters.items():
        words += [f"--{_OPTIONS.get(name, name)}", value or ""]
    return shlex.join(words)
