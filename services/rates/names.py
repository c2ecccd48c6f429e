"""Names in a sentence."""

from collections.abc import Collection, Iterable

from schemas.refusal import nearest

_SHOWN = 20


def listed(names: Iterable[str]) -> str:
    """`a, b, c`, in the order given; of many the first, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return (", ".join(found[:_SHOWN]) or "none yet") + more


def no_plant(plant: str, known: Iterable[str]) -> str:
    """What is said wherever somebody names a plant that the rate book has not."""
    return f'plant "{plant}" is not in the rate book; its plants: {listed(sorted(known))}'


def unknown_plant(plant: str, known: Collection[str]) -> str:
    """As `no_plant`, for a person who may have mistyped it."""
    add = "" if known else ". Rates first: copq rates import FILE"
    return f"{no_plant(plant, known)}{nearest(plant, known)}{add}"
