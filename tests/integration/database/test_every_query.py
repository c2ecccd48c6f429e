"""Every query of the product: named, explained, used, and called with its own parameters."""

from pathlib import Path

import pytest
from asyncpg import Connection, PostgresError

from copq.database import queries
from copq.database.queries import Queries
from copq.repricing import filling
from deploy.grafana import generate
from tests.support.database.calls import Package, uses_in

ROOT = Path(queries.__file__).parents[1]
GRAFANA = Path(generate.__file__).parent
FOLDERS = sorted(
    {file.parent for file in ROOT.rglob("queries.sql")}
    | {
        file.parent.parent
        for file in ROOT.rglob("sql/*.sql")
        if file.read_text(encoding="utf-8").startswith("-- name: ")
    }
)
each_package = pytest.mark.parametrize(
    "folder", [*FOLDERS, GRAFANA], ids=lambda f: str(f.relative_to(ROOT.parent))
)


@each_package
def test_a_call_passes_exactly_the_parameters_of_its_query(folder: Path) -> None:
    package = Package.of(folder)
    wrong = [
        f"{use} takes {', '.join(query.parameters)}; it is given {', '.join(use.keywords)}"
        for use in package.uses
        if (query := getattr(package.queries, use.name)) and use.keywords is not None
        if use.keywords != set(query.parameters)
    ]
    assert not wrong, "\n".join(wrong)


@each_package
def test_each_query_is_used_or_part_of_another(folder: Path) -> None:
    package = Package.of(folder)
    used = package.parts | {use.name for use in package.uses}
    assert set(package.queries.sections) <= used


@each_package
def test_a_comment_says_what_each_query_does(folder: Path) -> None:
    sections = Package.of(folder).queries.sections
    assert [name for name, section in sections.items() if not section.about] == []


async def test_postgres_knows_all_that_queries_name(conn: Connection) -> None:
    """Tables, columns and types; but for a temporary table nothing is made.

    Grafana's queries hold its variables; a test of the dashboards sends them.
    """
    await conn.execute(*Queries.of(filling.__file__).create_repriced())
    for folder in FOLDERS:
        package = Package.of(folder)
        for name in {use.name: None for use in package.uses}:
            query = getattr(package.queries, name)
            try:
                await conn.prepare(query.text)
            except PostgresError as error:
                pytest.fail(f"{folder / name}: {error}\n{query.text}")


def test_a_wrong_name_is_found_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(
        "_SQL = Queries.of(__file__)\n"
        "conn.execute(*_SQL.add(plant=1, lines=2))\n"
        "conn.execute(*_SQL.placing(t='a').add(plant=1, line=2), _SQL.add.text)\n"
        "conn.execute(*_SQL.add(1, **more), *_SQL.add(1))\n"
        "conn.executemany(*_SQL.add.rows({'plant': n, 'lime': 1} for n in plants))\n"
        "other.add(plant=3)\n"
    )
    found = [use.keywords for use in uses_in(tmp_path / "store.py")]
    for right in ({"plant", "lines"}, {"plant", "line"}, {"*"}, {"plant", "lime"}):
        assert right in found
    assert found.count(None) == 2
