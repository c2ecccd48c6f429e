"""Declared attributes of events as dimensions of losses."""

from collections.abc import Iterable, Mapping

from copq.schemas.rates import MOST_ATTRIBUTES

_PREFIX = "attributes."
OTHER_VALUE = "other"
"""All values of an attribute that have no name of their own."""


def dimension_of(attribute: str) -> str:
    """The name of the dimension of an attribute, as in a mapping of columns: attributes.cavity."""
    return f"{_PREFIX}{attribute}"


def attribute_of(dimension: str) -> str | None:
    """The attribute of a dimension; None where it is a column of the ledger."""
    return dimension.removeprefix(_PREFIX) if dimension.startswith(_PREFIX) else None


def split_attributes(
    filters: Mapping[str, str | None],
) -> tuple[dict[str, str | None], dict[str, str]]:
    """The filters by columns, and those by attributes: an empty text is none."""
    columns = {name: value for name, value in filters.items() if attribute_of(name) is None}
    attributes = {
        name: value or ""
        for dimension, value in filters.items()
        if (name := attribute_of(dimension)) is not None
    }
    return columns, attributes


def usable_attributes(declared: Iterable[str]) -> tuple[str, ...]:
    """The attributes to explain by, in order; none where the plants together have too many."""
    names = tuple(sorted(declared))
    return names if len(names) <= MOST_ATTRIBUTES else ()


def left_out_attributes(declared: Iterable[str], used: Iterable[str]) -> str:
    """Why declared attributes are left out; empty where they are used."""
    names, shown = sorted(declared), set(used)
    if not names or shown:
        return ""
    why = "too many combinations" if len(names) <= MOST_ATTRIBUTES else "too many attributes"
    return f"The attributes {', '.join(names)} are left out: {why}; name a plant or a line."
