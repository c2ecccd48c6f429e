"""Names in a sentence."""

from collections.abc import Collection, Iterable

from copq.schemas.refusal import nearest

_SHOWN = 20


def name_list(names: Iterable[str], known: int | None = None) -> str:
    """`a, b, c`, in the order given; a long list is cut and ends with the number of the others.

    `known` is how many there are where `names` are only the first of them.
    """
    found = list(names)
    rest = (known or len(found)) - _SHOWN
    more = f" and {rest:,} more" if rest > 0 else ""
    return (", ".join(found[:_SHOWN]) or "none yet") + more


def no_plant(plant: str, known: Iterable[str]) -> str:
    """The message for a plant that the rate book lacks."""
    return f'plant "{plant}" is not in the rate book; its plants: {name_list(sorted(known))}'


def unknown_plant(plant: str, known: Collection[str]) -> str:
    """As `no_plant`, for a person who may have mistyped it."""
    add = "" if known else ". Rates first: copq rates import FILE"
    return f"{no_plant(plant, known)}{nearest(plant, known)}{add}"
