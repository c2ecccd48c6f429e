"""The parameters of a page's address: those of the same question to the API."""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from copq.schemas.names import fault_of_name
from copq.web.questions import name_fault

DIALOG = ("entries", "event", "sort_entries")
"""What the address holds of the entries that are open on the page."""


class Asked:
    """What an address asks for. Empty parameters are left out, as a form sends them.

    A form sends a choice of several as a parameter for each; the API has one with commas.
    """

    def __init__(
        self, path: str, items: Iterable[tuple[str, str]], place: Mapping[str, str] | None = None
    ) -> None:
        self.path = path
        self.place = dict(place or {})
        """The names in the path of the page."""

        self.given: dict[str, str] = {}
        for name, value in items:
            if value.strip() and name not in DIALOG:
                known = self.given.get(name)
                self.given[name] = f"{known},{value.strip()}" if known else value.strip()

    def check(self, known: Iterable[str]) -> None:
        """Raises `ValueError` on a name that the page does not have, or on an unsound value."""
        if wrong := name_fault(self.path, self.given.items(), [*known]):
            raise ValueError(wrong)
        for name, value in self.given.items():
            if fault := fault_of_name(value):
                raise ValueError(f"{name} {fault}")

    @property
    def is_sound(self) -> bool:
        return not any(fault_of_name(value) for value in self.given.values())

    def text(self, name: str, default: str = "") -> str:
        return self.given.get(name, default)

    def name(self, name: str) -> str | None:
        """None where nothing is named."""
        return self.given.get(name)

    def number(self, name: str, most: int) -> int | None:
        """A whole number from 1 to `most`. Raises `ValueError` on anything else."""
        text = self.given.get(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
            raise ValueError(f'{name} is "{text}": it must be a whole number from 1 to {most:,}')
        return int(text)

    def query(self, **changes: str | None) -> str:
        """The query with other values for some names; None takes a name away."""
        values = {**self.given, **{name.rstrip("_"): value for name, value in changes.items()}}
        return query_of(values)

    def entries(self, **filters: object) -> str:
        """The address that opens the entries of these filters on the same page.

        None leaves a filter out; an empty one means entries without such a name.
        """
        known = {name.rstrip("_"): value for name, value in filters.items() if value is not None}
        return f"?{query_of({**self.given, 'entries': urlencode(known)})}"

    def entries_at(self, address: str | None) -> str:
        """The address that opens the entries of an address of the API on the same page."""
        filters = urlsplit(address or "").query
        return self.entries(**dict(parse_qsl(filters, keep_blank_values=True))) if filters else ""

    def event(self, event_id: str) -> str:
        """The address that opens one event on the same page."""
        return f"?{query_of({**self.given, 'event': event_id})}"


def query_of(values: Mapping[str, str | None]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
