"""Numbers in a sentence."""


def count_of(number: int, one: str, many: str | None = None) -> str:
    """A number and what it counts: 1 event, 1,200 events."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
