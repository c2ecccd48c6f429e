"""The way from a figure to its entries: an address of the API, and a command."""

import json
import shlex
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from copq.figures.why_attributes import split_attributes

Filters = Mapping[str, str | None]
_OPTIONS = {"defect_code": "code", "work_unit": "machine", "grouped_on": "grouped-on"}
"""Where `copq entries` has another name for a dimension."""


def entries_address(filters: Filters, first: date, last: date) -> str:
    """Of the failure entries of production days; an empty filter: entries without such a name."""
    days = {"from": first, "to": last, "category": "copq"}
    return "/v1/entries?" + urlencode({**days, **_texts(filters)})


def entries_command(filters: Filters, first: date, last: date) -> str:
    """The command that lists the same entries."""
    words = ["copq", "entries", "--category", "copq", "--from", str(first), "--to", str(last)]
    for name, value in _texts(filters).items():
        words += [f"--{_OPTIONS.get(name, name)}", value]
    return shlex.join(words)


def _texts(filters: Filters) -> dict[str, str]:
    """The filters as an address and a command write them: all attributes in one, as JSON."""
    columns, attributes = split_attributes(filters)
    said = {"attributes": json.dumps(attributes, ensure_ascii=False)} if attributes else {}
    return {**{name: value or "" for name, value in columns.items()}, **said}
