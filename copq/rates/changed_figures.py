"""The rate book with some figures changed, for a what-if: nothing is stored."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from copq.improvement.what_if.changes import ChangeError, RateChange
from copq.ledger.arithmetic import MONEY, ROUNDING
from copq.rates.book import RateBook, Versioned
from copq.rates.names import name_list
from copq.schemas.rates import Effective
from copq.schemas.refusal import nearest

E = TypeVar("E", bound=Effective)
_KIND = {"product": "cost table", "line": "line rate", "labour": "labour rate"}
_KEY = {"product": "product", "line": "line", "labour": "grade"}
STAGE_PARTS = ("raw_material", "labour_overhead", "fixed_overhead")
_SHARES = ("recovery_rate", "allowed_rejection")
_UNCHANGED = "ideal_rate_per_minute"
_LAST_PLACE = Decimal("1E-8")
"""A rate has at most eight decimals, so a multiplied one is rounded to them."""


def changed_book(book: RateBook, changes: Sequence[RateChange]) -> RateBook:
    """The book with the changes, in their order, in every version of the rates.

    A version without the figure stays as it is. Raises `ChangeError` for a figure that no rate
    may have.
    """
    kept: dict[str, list[Versioned[Any]]] = {}
    for kind, _, version in book.named_items():
        kept.setdefault(kind, []).append(_changed(version, kind, changes))
    changed = RateBook(
        book.revision, [site.plant for site in book.sites.values()], kept.get("cost table", ()),
        kept.get("line rate", ()), kept.get("labour rate", ()), kept.get("plant currency", ()),
    )  # fmt: skip
    changed.sites = book.sites
    return changed


def check_rates(book: RateBook, changes: Sequence[RateChange]) -> None:
    """Raises `ChangeError` if no rate has the name or the figure, or may be what it becomes."""
    for change in changes:
        items = _items_of(book, _KIND[change.kind])
        named = [item for item in items if _name(item, change.kind) == change.name]
        if not named:
            known = sorted({_name(item, change.kind) for item in items})
            raise ChangeError(
                change.text,
                f'no {_KIND[change.kind]} is of {change.kind} "{change.name}"; there are '
                f"{name_list(known)}{nearest(change.name, known)}",
            )
        _check_figure(named, change)
    changed_book(book, changes)


def known_stages(book: RateBook) -> list[str]:
    """The stages of all cost tables of the plants that the reader sees, in order."""
    return sorted({stage for table in _items_of(book, "cost table") for stage in table.stage_costs})


def _items_of(book: RateBook, kind: str) -> list[Any]:
    """The rates of a kind of the plants and lines that the reader sees."""
    items = [version.item for of, _, version in book.named_items() if of == kind]
    return [item for item in items if item.plant is None or _is_seen(book, item)]


def _is_seen(book: RateBook, item: Any) -> bool:
    site, line = book.sites.get(item.plant), getattr(item, "line", None)
    return site is not None and (line is None or not site.lines or line in site.lines)


def _name(item: Any, kind: str) -> str:
    return str(getattr(item, _KEY[kind]))


def _check_figure(items: Sequence[Any], change: RateChange) -> None:
    known = list(dict.fromkeys(name for item in items for name in _figures(item)))
    figure = change.figure
    if figure is None or figure in known or (figure in STAGE_PARTS and change.value is None):
        return
    if figure in STAGE_PARTS:
        raise ChangeError(change.text, f"name the stage: {name_list(_of_stages(known, figure))}")
    raise ChangeError(
        change.text,
        f'no {_KIND[change.kind]} of "{change.name}" has the figure "{figure}"; there are '
        f"{name_list(known)}{nearest(figure, known)}",
    )


def _of_stages(known: Sequence[str], part: str) -> list[str]:
    return [name for name in known if name.startswith("stages.") and name.endswith(f".{part}")]


def _figures(item: Any) -> Iterator[str]:
    """The names of all figures of an item, as in a rate file."""
    for place in _places(item.model_dump()):
        yield ".".join(place)


Place = tuple[str, ...]


def _places(dump: dict[str, Any]) -> Iterator[Place]:
    for name, value in dump.items():
        if isinstance(value, Decimal) and name != _UNCHANGED:
            yield (name,)
        elif isinstance(value, dict):
            yield from ((name, *rest) for rest in _places(value))
        elif name == "stages":
            for stage in value:
                yield from (("stages", stage["stage"], part) for part in STAGE_PARTS)


def _changed(version: Versioned[E], kind: str, changes: Sequence[RateChange]) -> Versioned[E]:
    for change in changes:
        if _KIND[change.kind] == kind and _name(version.item, change.kind) == change.name:
            version = Versioned(version.version, _changed_item(version.item, change))
    return version


def _changed_item(item: E, change: RateChange) -> E:
    dump = item.model_dump()
    for place in list(_places(dump)):
        if _is_named(place, change):
            _set(dump, place, lambda old: _new(old, change))
    try:
        return type(item).model_validate(dump)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise ChangeError(change.text, f"{where}: {fault['msg'].lower()}") from None


def _is_named(place: Place, change: RateChange) -> bool:
    figure = change.figure
    if figure is None:
        return place[-1] not in _SHARES
    if figure in STAGE_PARTS:
        is_input = figure == "raw_material" and place == ("input_raw_material",)
        return is_input or (place[0] == "stages" and place[-1] == figure)
    return ".".join(place) == figure


def _new(old: Decimal, change: RateChange) -> Decimal:
    if change.value is not None:
        return change.value
    assert change.factor is not None
    new = MONEY.multiply(old, change.factor)
    return new.quantize(_LAST_PLACE, context=ROUNDING)


def _set(dump: dict[str, Any], place: Place, new: Callable[[Decimal], Decimal]) -> None:
    *outer, name = place
    if outer[:1] == ["stages"]:
        holder = next(stage for stage in dump["stages"] if stage["stage"] == outer[1])
    else:
        holder = dump
        for step in outer:
            holder = holder[step]
    holder[name] = new(holder[name])
