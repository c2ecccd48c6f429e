"""A page of a pack: a question, its answer in a sentence, a chart, tables, and how to ask again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts below named columns; the first `left` columns are words, the rest figures.

    The rows whose numbers are in `strong` are sums, or the reviewed month.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1
    strong: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing; `alt` says in words what it shows. `data` is what its `kind` needs:

    - columns: `labels`, `series` (name, values), `target` and its name, `strong`, the reviewed one
    - bars: `rows` (name, value, text, share, cumulative)
    - waterfall: `steps` (name, from, to, text, kind)
    - scatter: `points` (x, y, is_strong), the names of the axes
    """

    kind: str
    title: str
    alt: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """`inputs` are letters of IATF 16949, 9.3.2.1; `again` is the command that asks this again."""

    heading: str
    message: str
    inputs: str = ""
    chart: Chart | None = None
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    again: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
