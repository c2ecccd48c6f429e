"""A token decides for its own lines only, whichever command it decides with."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copq.access.authority import Actor, OutOfScope
from copq.access.door import Role
from copq.access.sender import Lines
from copq.command_line.command import app
from copq.database.connections import DatabaseRole, connected
from copq.rates.store import import_rates
from copq.rates.yaml_text import yaml_of
from copq.schemas.rates import RateFile
from tests.support.access.serving import grant, run
from tests.support.building import plant, rates

BOTH = rates(plant("north"), plant("south"))
NORTH: Lines = frozenset({("north", None)})
LINE: Lines = frozenset({("north", "L1")})
FROM = "time_zone: UTC\n{}: [{{plant: PLANT, effective_from: 2026-03-01, {}}}]\n"
FILES = {
    "targets": FROM.format("targets", "ratio: 0.1"),
    "budgets": FROM.format("budgets", "amount: 9"),
}
DAY = datetime.now(UTC).date() - timedelta(days=3)
Tell = Callable[..., tuple[int, str]]


@pytest.mark.parametrize(
    ("lines", "places", "outside"),
    [
        (None, [(None, None), ("south", "L9")], None),
        (NORTH, [("north", None), ("north", "L1")], None),
        (NORTH, [("south", None), ("north", None)], 'plant "south"'),
        (NORTH, [(None, None)], "all plants"),
        (LINE, [("north", "L1")], None),
        (LINE, [("north", "L2")], 'line "L2" of plant "north"'),
        (LINE, [("north", None)], 'plant "north"'),
    ],
)
def test_an_actor_decides_for_the_lines_of_the_token(
    lines: Lines | None, places: list[tuple[str | None, str | None]], outside: str | None
) -> None:
    actor = Actor("carla", Role.FINANCE, lines)
    if outside is None:
        actor.require(places)
    else:
        with pytest.raises(OutOfScope, match=f"this is for {outside}"):
            actor.require(places)


@pytest.fixture
def tell(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Runs a command as the holder of a token: its exit code, and what it prints."""

    async def prepare() -> dict[str, str]:
        async with connected(database, DatabaseRole.FINANCE) as conn:
            await import_rates(conn, BOTH, "rates.yaml", "test")
        return {
            "finance": await grant(database, "finance", Role.FINANCE, NORTH),
            "admin": await grant(database, "admin", Role.ADMIN, NORTH),
            "group": await grant(database, "group", Role.FINANCE),
            "line": await grant(database, "line", Role.FINANCE, LINE),
            **{name: await grant(database, name, Role.OPERATOR, lines) for name, lines in (
                ("north press", LINE), ("south press", frozenset({("south", "L1")})),
                ("both", NORTH | {("south", None)}), ("all", None))},
        }  # fmt: skip

    tokens = asyncio.run(prepare())
    monkeypatch.chdir(tmp_path)
    for kind, text in FILES.items():
        for name in ("north", "south"):
            (tmp_path / f"{kind}-{name}.yaml").write_text(text.replace("PLANT", name))
    (tmp_path / "all.yaml").write_text(FILES["targets"].replace("plant: PLANT, ", ""))
    (tmp_path / "fx.csv").write_text(f"date,currency,rate\n{DAY},USD,1.1\n")

    def as_holder(holder: str, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(
            app, [*words, "--database", database], env={"COPQ_TOKEN": tokens[holder]}
        )
        return done.exit_code, " ".join(done.output.split())

    return as_holder


WHY = ("--why", "test")
OUTSIDE = [
    ("finance", "targets set 3% --plant south"),
    ("finance", "targets set 3%"),
    ("finance", "targets set 3% --product widget"),
    ("finance", "targets set none --plant south --line L1"),
    ("line", "targets set 3% --plant north"),
    ("line", "targets set 3% --plant north --line L2"),
    ("finance", "targets budget 9 --plant south"),
    ("line", "targets budget 9 --plant north"),
    ("finance", "targets import targets-south.yaml"),
    ("finance", "targets import budgets-south.yaml"),
    ("finance", "targets import all.yaml"),
    ("finance", "periods close south 2026-03 --why test"),
    ("finance", "periods reopen south 2026-03 --why test"),
    ("finance", "periods lock south 2026-03 --why test"),
    ("line", "periods close north 2026-03 --why test"),
    ("finance", "reprice --apply --why test"),
    ("finance", "reprice --apply --why test --plant south"),
    ("line", "reprice --apply --why test --plant north"),
    ("finance", "currencies set EUR"),
    ("finance", "currencies import fx.csv"),
    ("admin", "tokens create new"),
    ("admin", "tokens create new --plant south"),
    ("admin", "tokens create new --plant north --line south/L1"),
    ("admin", "tokens create new --role admin"),
    ("admin", "tokens revoke all"),
    ("admin", "tokens revoke both"),
    ("admin", "tokens revoke group"),
    ("admin", "retention apply --older-than 24m --why test"),
    ("admin", "retention apply --older-than 24m --why test --plant south"),
    ("admin", "retention apply --refused-older-than 24m --why test"),
    ("admin", "retention apply --older-than 24m --refused-older-than 24m --plant north --why test"),
]
INSIDE = [
    ("finance", "targets set 3% --plant north"),
    ("finance", "targets set 3% --plant north --line L1"),
    ("line", "targets set 3% --plant north --line L1"),
    ("line", "targets budget 9 --plant north --line L1"),
    ("finance", "targets budget 9 --plant north"),
    ("finance", "targets import targets-north.yaml"),
    ("finance", "targets import budgets-north.yaml"),
    ("group", "targets set 3%"),
    ("finance", "reprice --apply --why test --plant north"),
    ("group", "currencies set EUR"),
    ("admin", "tokens create new --plant north"),
    ("admin", "tokens create newer --line north/L2 --role admin"),
    ("admin", "retention apply --older-than 24m --why test --plant north"),
    ("admin", "tokens revoke line"),
]


def test_outside_its_lines_a_token_decides_nothing(tell: Tell, database: str) -> None:
    assert tell("group", "currencies", "set", "EUR")[0] == 0
    decisions = "select count(*) from copq.audit"
    before = asyncio.run(run(database, decisions))
    for holder, words in OUTSIDE:
        code, said = tell(holder, *words.split())
        assert code == 1 and f'"{holder}" decides for north/' in said, (words, said)
        assert "this is for" in said and "Set COPQ_TOKEN" in said, said
    assert tell("admin", "tokens", "revoke", "south press")[0] == 1
    assert asyncio.run(run(database, decisions)) == before


def test_within_its_lines_a_token_decides(tell: Tell) -> None:
    for holder, words in INSIDE:
        code, said = tell(holder, *words.split())
        assert code == 0, (words, said)


def changed(kind: str, name: str | None) -> RateFile:
    """Both plants' rates with one item changed: that of plant `name`, or one for all plants."""
    shown = json.loads(BOTH.model_dump_json())
    item = next(item for item in shown[kind] if item["plant"] == (name or "north"))
    if name is None:
        shown[kind].append(item := {**item, "plant": None})
    item |= {
        "plants": {"lines": ["L1", "L2", "L3"]},
        "cost_tables": {"price": "99"},
        "line_rates": {"rate_per_minute": "7"},
        "labour_rates": {"rate_per_minute": "7"},
        "plant_currencies": {},
    }[kind]
    return RateFile.model_validate(shown)


@pytest.mark.parametrize(
    ("kind", "name", "allowed"),
    [
        ("plants", "north", {"finance", "group"}),
        ("plants", "south", {"group"}),
        ("cost_tables", "north", {"finance", "group"}),
        ("cost_tables", "south", {"group"}),
        ("cost_tables", None, {"group"}),
        ("line_rates", "north", {"finance", "group", "line"}),
        ("line_rates", "south", {"group"}),
        ("labour_rates", "north", {"finance", "group"}),
        ("labour_rates", "south", {"group"}),
    ],
)
def test_rates_are_for_those_whose_lines_they_change(
    tell: Tell, database: str, kind: str, name: str | None, allowed: set[str]
) -> None:
    """What a file repeats as it is in the book changes nothing, and needs no authority."""
    asyncio.run(grant(database, "other", Role.FINANCE))
    Path("rates.yaml").write_text(yaml_of(changed(kind, name)))
    for holder in ("finance", "line"):
        for words in (("submit", "rates.yaml", *WHY), ("import", "rates.yaml")):
            code, said = tell(holder, "rates", *words)
            assert code == (0 if holder in allowed else 1), said
            assert holder in allowed or "decides for north/" in said
    code, said = tell("group", "rates", "submit", "rates.yaml", *WHY, "--json")
    number = str(json.loads(said)["document"])
    for holder in {"finance", "line"} - allowed:
        for decision in (("approve", number, "--yes"), ("reject", number, *WHY)):
            code, said = tell(holder, "rates", *decision)
            assert code == 1 and "decides for north/" in said, said
    if "finance" in allowed:
        assert tell("finance", "rates", "approve", number, "--yes")[0] == 0
