"""Which of many scopes hold a loss: each combination of names is looked up once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from copq.improvement.projects.plan import SCOPE_FIELDS
from copq.improvement.projects.scope import Scope, allows, names_of

OF_EVENT = ("line", "product", "stage", "defect_code", "work_unit", "shift", "supplier")
"""Names that all entries of an event share."""


@dataclass(frozen=True, slots=True)
class Found:
    """The scopes, by number, that hold a loss; and those that hold some entry of its event."""

    holding: frozenset[int]
    reaching: frozenset[int]


@dataclass(slots=True)
class Scopes:
    """The scopes of a plant, by number."""

    of: Mapping[int, Scope]
    fields: tuple[str, ...] = ()
    """Those that some scope filters by."""

    _by_line: dict[str | None, list[int]] = field(default_factory=lambda: defaultdict(list))
    _found: dict[tuple[str, ...], Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scopes = self.of.values()
        self.fields = tuple(
            name for name in SCOPE_FIELDS if any(names_of(scope, name) for scope in scopes)
        )
        for number, scope in self.of.items():
            for line in names_of(scope, "line") or (None,):
                self._by_line[line].append(number)

    def find(self, names: Mapping[str, Any]) -> Found:
        """The scopes of an entry with these names; None is an empty name."""
        key = tuple([names[name] or "" for name in self.fields])
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._look(dict(zip(self.fields, key, strict=True)))
        return found

    def _look(self, names: Mapping[str, str]) -> Found:
        near = [*self._by_line.get(None, ()), *self._by_line.get(names.get("line", ""), ())]
        reaching = [one for one in near if self._allows(one, names, OF_EVENT)]
        holding = [one for one in reaching if self._allows(one, names, ("element", "category"))]
        return Found(frozenset(holding), frozenset(reaching))

    def _allows(self, number: int, names: Mapping[str, str], fields: Iterable[str]) -> bool:
        scope = self.of[number]
        return all(allows(scope, name, names[name]) for name in fields if name in names)


def around(scopes: Iterable[Scope]) -> dict[str, list[str] | None]:
    """By field, the names that an entry of an event must have to be reached by any of these scopes;
    None: any."""
    found: dict[str, list[str] | None] = {}
    every = list(scopes)
    for name in OF_EVENT:
        own = [names_of(scope, name) for scope in every]
        known = [names for names in own if names is not None]
        found[name] = sorted(set().union(*known)) if len(known) == len(own) else None
    return found
