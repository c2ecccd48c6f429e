"""The calls of named queries in the source, read without running it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from copq.database.queries import Queries

_PLACE = re.compile(r"\{\{(\w+)")
PLACES = {
    "table": "copq.token",
    "ledger": "copq.ledger",
    "rollup": "copq.rollup",
    "figures": "select 'scrap' as element, 1 as before, 2 as after",
    "before": "'before'",
    "after": "'after'",
}
"""A text of each kind that the product places."""


@dataclass(frozen=True, slots=True)
class Use:
    """A query that a module names. `keywords` are those of its call; None where there is none."""

    file: Path
    line: int
    name: str
    keywords: frozenset[str] | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}"


@dataclass(frozen=True, slots=True)
class Package:
    """The queries of a folder, the sections that are parts, and the uses in its modules."""

    queries: Queries
    parts: frozenset[str]
    uses: list[Use]

    @classmethod
    def of(cls, folder: Path) -> Self:
        queries = Queries.of(str(folder / "__init__.py"))
        named = {n for s in queries.sections.values() for n in _PLACE.findall(s.sql)}
        uses = [use for file in sorted(folder.glob("*.py")) for use in uses_in(file)]
        return cls(queries.placing(**PLACES), frozenset(named), uses)


def uses_in(file: Path) -> Iterator[Use]:
    """The queries that a module takes from its own package."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    own = set(_names(tree))
    nodes = list(ast.walk(tree))
    calls = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    members = {id(node.value): node for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and _is_query(node, own):
            names = _names_given(calls, node, members.get(id(node)))
            yield Use(file, node.lineno, node.attr, names)


def _names(tree: ast.Module) -> Iterator[str]:
    """The module's variables that hold the queries of its package."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            of_file = [a for a in node.value.args if isinstance(a, ast.Name) and a.id == "__file__"]
            yield from (t.id for t in node.targets if of_file and isinstance(t, ast.Name))


def _is_query(node: ast.Attribute, own: set[str]) -> bool:
    """`_SQL.name`, `_SQL.placing(...).name` and the like."""
    of = node.value
    while True:
        if isinstance(of, ast.Call) and isinstance(of.func, ast.Attribute):
            of = of.func.value
        elif isinstance(of, ast.Subscript | ast.Call):
            of = of.value if isinstance(of, ast.Subscript) else of.func
        else:
            break
    return node.attr not in vars(Queries) and isinstance(of, ast.Name) and of.id in own


def _names_given(
    calls: dict[int, ast.Call], query: ast.Attribute, member: ast.Attribute | None
) -> frozenset[str] | None:
    """The names in `query(...)`, or in each row of `query.rows({...} for ...)`."""
    if call := calls.get(id(query)):
        keywords = [keyword.arg for keyword in call.keywords] + ["*" for _ in call.args]
        return None if None in keywords else frozenset(k for k in keywords if k)
    rows = calls.get(id(member)) if member and member.attr == "rows" else None
    match rows and rows.args:
        case [ast.GeneratorExp(elt=ast.Dict(keys=keys)) | ast.ListComp(elt=ast.Dict(keys=keys))]:
            names = [str(key.value) for key in keys if isinstance(key, ast.Constant)]
            return frozenset(names) if len(names) == len(keys) else None
    return None
