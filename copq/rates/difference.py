"""The differences between two states of the rate book, by item and figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from copq.rates.file import ALWAYS, items_of
from copq.schemas.rates import RateFile

_Key = tuple[str, str, datetime]
"""Kind, key within the kind, effective from."""

_OWN = frozenset({"plant", "line", "grade", "product", "effective_from"})
"""What an item is found by; of a plant its name alone."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A figure before and after; None if the item lacks it."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """The change of one item: `added`, `changed`, `removed`, or `new version`.

    The figures of a new version are compared with the version before it in time.
    """

    kind: str
    item: str
    effective_from: datetime
    what: str
    fields: tuple[FieldDifference, ...]


def difference(before: RateFile, after: RateFile) -> list[ItemDifference]:
    """All differences, in order of item and date."""
    old = {i[:3]: i[3] for i in items_of(before)}
    new = {i[:3]: i[3] for i in items_of(after)}
    preceding = _preceding(sorted(new))
    return [
        _difference(key, old.get(key), new.get(key), _at(new, preceding.get(key)))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _at(items: Mapping[_Key, Any], key: _Key | None) -> Any:
    return None if key is None else items.get(key)


def _preceding(keys: list[_Key]) -> dict[_Key, _Key]:
    """For each version of an item, the version before it in time."""
    return {later: earlier for earlier, later in pairwise(keys) if earlier[:2] == later[:2]}


def _difference(key: _Key, old: Any, new: Any, preceding: Any) -> ItemDifference:
    kind, _, start = key
    what = "removed" if new is None else "changed" if old else "added"
    if what == "added" and preceding is not None:
        what, old = "new version", preceding
    changes = tuple(_fields(figures(old), figures(new)))
    return ItemDifference(kind, item_name(kind, new or old), start, what, changes)


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldDifference]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield FieldDifference(name, old.get(name), new.get(name))


def figures(item: BaseModel | None) -> dict[str, Any]:
    """The figures of an item by their flat names: `stages.blown.raw_material`."""
    if item is None:
        return {}
    return {name: value for name, value in _flat(item, "") if value not in (None, ())}


def _flat(item: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in type(item).model_fields:
        value = getattr(item, name)
        if not prefix and name in _OWN:
            continue
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{prefix}{name}.")
        elif name == "stages":
            yield "stages", tuple(stage.stage for stage in value)
            for stage in value:
                parts = dict(_flat(stage, f"stages.{stage.stage}."))
                del parts[f"stages.{stage.stage}.stage"]
                yield from parts.items()
        else:
            yield f"{prefix}{name}", f"{value:%H:%M}" if isinstance(value, time) else value


def item_name(kind: str, item: Any) -> str:
    """An item as finance calls it: `cost table "bottle" of plant "hamburg"`."""
    if kind == "plant":
        return f'plant "{item.plant}"'
    if kind == "plant_currency":
        return f'currency of plant "{item.plant}"'
    if kind == "cost_table":
        where = "all plants" if item.plant is None else f'plant "{item.plant}"'
        return f'cost table "{item.product}" of {where}'
    if kind == "line_rate":
        return f'line rate "{item.line}" of plant "{item.plant}"'
    return f'labour rate "{item.grade}" of plant "{item.plant}"'


def since(start: datetime) -> str:
    """The start of an item, for people: a time with its offset, or `always`."""
    return "always" if start == ALWAYS else f"{start:%Y-%m-%d %H:%M %z}".replace(" +0000", " UTC")
