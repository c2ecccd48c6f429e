"""SQL lives in files: the named queries of a package, with named parameters.

A package keeps its queries in `queries.sql`, or in a few files by subject in `sql/`. A section

    -- name: add_budget
    -- Set a budget.
    insert into copq.budget (plant, amount) values (:plant, :amount)

is called by its name, with all its parameters by their names. The answer is what asyncpg takes:

    _SQL = Queries.of(__file__)
    await conn.execute(*_SQL.add_budget(plant=plant, amount=amount))

`{{name}}` stands for the text of another section. `{{name(plant => asked.plant)}}` puts a column in
the place of its parameter; its other parameters are those of the whole query. Where no section has
the name, `placing` gives the text: the name of a table, for example.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

_HEADING = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_ABOUT = re.compile(r"(?:[ \t]*--[^\n]*\n|\s)*")
_TOKEN = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | '(?:[^']|'')*' | "[^"]*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | ::
    | (?P<number>\$\d+) | :(?P<parameter>[a-z_]\w*)
    | \{\{ (?P<part>[a-z_]\w*) (?:\((?P<columns>[^()]*)\))? \}\}""",
    re.VERBOSE | re.DOTALL,
)
_COLUMN = re.compile(r"\s*(\w+)\s*=>\s*([\w.]+)\s*")


@dataclass(frozen=True, slots=True)
class Query:
    """A statement as Postgres takes it; `parameters` are the names of $1, $2 and so on."""

    name: str
    text: str
    parameters: tuple[str, ...]

    def __call__(self, **values: Any) -> tuple[Any, ...]:
        """The arguments of a method of asyncpg: the text, then the values in their order.

        Raises `TypeError` unless the names of the values are those of the parameters.
        """
        return self.text, *self._in_order(values)

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> tuple[str, list[tuple[Any, ...]]]:
        """The arguments of `executemany`: each row has a value for each parameter."""
        return self.text, [self._in_order(row) for row in rows]

    def _in_order(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        if values.keys() != set(self.parameters):
            raise TypeError(self._mismatch(values))
        return tuple(values[name] for name in self.parameters)

    def _mismatch(self, values: Mapping[str, Any]) -> str:
        missing = [f'"{name}" is missing' for name in self.parameters if name not in values]
        unknown = [f'"{name}" is unknown' for name in values if name not in self.parameters]
        names = ", ".join(self.parameters) or "none"
        return f"query {self.name}: {', '.join(missing + unknown)}; its parameters are: {names}"


class Section(NamedTuple):
    """A query as its file has it: a comment that says what it does, and its SQL."""

    about: str
    sql: str


class Queries:
    """The queries of a package, as attributes."""

    def __init__(self, sections: Mapping[str, Section], places: Mapping[str, str]) -> None:
        self.sections, self._places = sections, places

    @classmethod
    def of(cls, module: str) -> Self:
        """Those of the package of the module whose `__file__` is given."""
        return cls(_sections(Path(module).parent), {})

    def placing(self, **texts: str) -> Self:
        """The same queries with these texts at `{{name}}`. Never give text from outside."""
        return type(self)(self.sections, {**self._places, **texts})

    def __getattr__(self, name: str) -> Query:
        if name.startswith("__") or name not in self.sections:
            raise AttributeError(f"no query has the name {name}: {', '.join(self.sections)}")
        query = self[name]
        setattr(self, name, query)
        return query

    def __getitem__(self, name: str) -> Query:
        named = self._expand(self.sections[name].sql, {})
        names: dict[str, str] = {}

        def number(token: re.Match[str]) -> str:
            parameter = token["parameter"]
            return names.setdefault(parameter, f"${len(names) + 1}") if parameter else token[0]

        text = _TOKEN.sub(number, named)
        return Query(name, text, tuple(names))

    def _expand(self, sql: str, bound: Mapping[str, str]) -> str:
        """The SQL with the text of its parts, and columns in the place of bound parameters."""

        def text(token: re.Match[str]) -> str:
            if token["number"]:
                raise ValueError(f"write a parameter as :name, not as {token[0]}: {sql}")
            if token["parameter"]:
                return bound.get(token["parameter"], token[0])
            if token["part"]:
                inner = {**bound, **_columns(token["columns"] or "")}
                return self._expand(self._part(token["part"]), inner)
            return token[0]

        return _TOKEN.sub(text, sql)

    def _part(self, name: str) -> str:
        if name in self._places:
            return self._places[name]
        if name in self.sections:
            return self.sections[name].sql
        raise LookupError(f"{{{{{name}}}}} is neither a section nor given by placing()")


def _columns(pairs: str) -> dict[str, str]:
    """The columns that stand in the place of parameters: `plant => asked.plant, ...`."""
    found = {pair: _COLUMN.fullmatch(pair) for pair in pairs.split(",") if pair.strip()}
    for pair, match in found.items():
        if match is None:
            raise ValueError(f'write "parameter => column", not "{pair.strip()}"')
    return {match[1]: match[2] for match in found.values() if match}


@cache
def _sections(folder: Path) -> Mapping[str, Section]:
    files = [folder / "queries.sql", *sorted(folder.glob("sql/*.sql"))]
    sections: dict[str, Section] = {}
    for file in filter(Path.exists, files):
        for name, section in parse(file.read_text(encoding="utf-8")):
            if name in sections or hasattr(Queries, name):
                raise ValueError(f"{file}: {name} is the name of something else already")
            sections[name] = section
    return sections


def parse(text: str) -> list[tuple[str, Section]]:
    """The sections of a file by name, in order. Above the first there are comments alone."""
    head, *parts = _HEADING.split(text)
    if _ABOUT.fullmatch(head) is None:
        raise ValueError(f"SQL without a name: {head}")
    return [(name, _section(body)) for name, body in zip(parts[::2], parts[1::2], strict=True)]


def _section(body: str) -> Section:
    about = _ABOUT.match(body)
    end = about.end() if about else 0
    return Section(body[:end].strip(), body[end:].strip())
