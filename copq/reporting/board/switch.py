"""What another plant keeps of a view: the filters that it has, too."""

from collections.abc import Collection

from copq.database.queries import Queries
from copq.figures.books import Reading
from copq.groups.store import groups_of_grouping

_SQL = Queries.of(__file__)


async def kept_filters(
    reading: Reading, line: str | None, product: str | None, group: str | None,
    grouping: str | None,
) -> dict[str, list[str]]:  # fmt: skip
    """The names of those filters that each plant has; the empty plant stands for all plants."""
    with_line = await _with_line(reading, line) if line else ()
    kept: dict[str, list[str]] = {"": [], **{plant: [] for plant in reading.book.sites}}
    for plant, names in kept.items():
        if line and plant in ("", *with_line):
            names.append("line")
        if product and (not plant or reading.book.has_table(plant, product)):
            names.append("product")
        if group and grouping:
            groups = await groups_of_grouping(reading.conn, grouping, plant or None)
            names += ["group", "grouping"] if group in groups else []
    return kept


async def _with_line(reading: Reading, line: str) -> Collection[str]:
    """The plants that have the line in their rates or in a figure."""
    sites = reading.book.sites
    listed = {plant for plant, site in sites.items() if line in site.lines}
    others = [plant for plant in sites if plant not in listed]
    rows = await reading.conn.fetch(*_SQL.plants_with_line(plants=others, line=line))
    return listed | {row["plant"] for row in rows}
