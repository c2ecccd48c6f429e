"""Which losses a scope holds, and which scopes can hold the same ones."""

from collections.abc import Mapping
from typing import Any

from copq.improvement.projects.plan import SCOPE_FIELDS

Scope = Mapping[str, frozenset[str]]
"""By field, the names that an entry may have; an empty name is none. A field that is missing or has
no names filters nothing."""


def names_of(scope: Scope, field: str) -> frozenset[str] | None:
    """The names that an entry may have; None: any."""
    return scope.get(field) or None


def allows(scope: Scope, field: str, name: str | None) -> bool:
    """Whether a scope holds entries with this name."""
    names = names_of(scope, field)
    return names is None or (name or "") in names


def holds(scope: Scope, entry: Mapping[str, Any]) -> bool:
    """Whether an entry with these names is in the scope."""
    return all(allows(scope, field, entry[field]) for field in SCOPE_FIELDS)


def share_losses(one: Scope, other: Scope) -> bool:
    """Whether an entry can be in both scopes."""
    for field in SCOPE_FIELDS:
        names, others = names_of(one, field), names_of(other, field)
        if names is not None and others is not None and not names & others:
            return False
    return True
