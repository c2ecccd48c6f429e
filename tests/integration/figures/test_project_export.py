"""A project's export: a program in another language recomputes it, and finds what was changed."""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.access.door import Role
from copq.figures.books import Books
from copq.figures.project_export import export_lines
from copq.figures.verify import verify
from copq.improvement.projects.plan import BenefitType
from copq.projects.accounts import add_non_routine, add_substitute, decide, divide
from copq.projects.file import read_projects
from copq.projects.order import Order
from copq.projects.savings import Verdict, claim, validate
from copq.projects.store import ProjectError
from copq.rates.book import RateBook
from copq.rates.file import read_rate_file
from copq.rates.store import book_of, import_rates, load
from copq.retention.apply import apply
from copq.retention.bounds import bounds
from copq.retention.store import EVENTS
from copq.retention.store import Order as Retention
from copq.schemas.projects import ProjectFile
from copq.schemas.rates import LineRate, RateFile
from tests.support.building import book as rate_book
from tests.support.building import defect, event, post_with_rates, production, rates, stop
from tests.support.improvement.measured_projects import (
    FINN,
    approve_all,
    close_months,
    measure_months,
    post_all,
)
from tests.support.improvement.simulated_plant import (
    LOG,
    PLANT,
    SHARES,
    Simulation,
    events,
)
from tests.support.patience import PATIENCE_S
from tests.support.projects import item, propose

D = Decimal
PROGRAM = Path(__file__).parents[3] / "examples/auditor/recompute.mjs"
NODE = which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node")
OCTOBERS = date(2023, 10, 1), date(2024, 10, 1)
SEPTEMBER, OCTOBER, NOVEMBER = (date(2024, month, 1) for month in (9, 10, 11))
OLGA = Order(Actor("olga", role=Role.MANAGER), "as measured")


async def export(conn: Any, plant: str, name: str) -> str:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        lines = export_lines(
            conn,
            Books(),
            await load(conn),
            plant,
            name,
            await conn.fetchval("select clock_timestamp()"),
        )
        return "".join([line async for line in lines])


def recompute(text: str, folder: Path) -> tuple[int, str]:
    file = folder / "export.json"
    file.write_text(text, encoding="utf-8")
    assert NODE
    done = subprocess.run(
        [NODE, PROGRAM, file], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    return done.returncode, done.stdout + done.stderr


def two_projects() -> ProjectFile:
    """The two that reach for the same leaks, with a short baseline and a late start."""
    found = []
    for one in read_projects(LOG.parent / "projects.yaml").projects:
        if one.name in SHARES:
            starts = max(one.starts, SEPTEMBER)
            benefit = one.benefits[0].model_copy(update={"first_month": starts})
            short = one.baseline.model_copy(update={"first": OCTOBERS[0]})
            update = {"baseline": short, "starts": starts, "benefits": (benefit,)}
            found.append(one.model_copy(update=update))
    return ProjectFile(projects=tuple(found))


async def signed_plant(conn: Any, database: str) -> None:
    """Autumn 2024 of the canning plant against autumn 2023, with savings that finance signed."""
    await import_rates(conn, read_rate_file(LOG.parent / "rates.yaml"), "rates.yaml", "finn")
    kept = ((OCTOBERS[0], date(2023, 12, 31)), (SEPTEMBER, date(2024, 11, 30)))
    log = (m for m in Simulation().log if any(first <= m.day <= last for first, last in kept))
    await post_all(conn, events(m for m in log if m.line != "3"))
    await approve_all(conn, two_projects())
    await divide(conn, PLANT, OCTOBER, SHARES, Order(FINN, "as measured"))
    number = await add_non_routine(
        conn, PLANT, "seam-checks", NOVEMBER, D("12.34"), "report 17", OLGA
    )
    await decide(conn, PLANT, "seam-checks", "non_routine", number, "accept", Order(FINN, "seen"))
    await measure_months(database)
    before = [date(2023, month, 1) for month in (10, 11, 12)]
    await close_months(conn, PLANT, *before, SEPTEMBER, OCTOBER)
    for month, verdict in (
        (SEPTEMBER, Verdict("accept")),
        (OCTOBER, Verdict("reduce", D(1500), in_budget=D(1000))),
    ):
        await claim(conn, PLANT, "seam-checks", month, BenefitType.HARD, None, OLGA)
        order = Order(FINN, "checked")
        await validate(conn, PLANT, "seam-checks", month, BenefitType.HARD, verdict, order)


Change = Callable[[str], str]


def text(pattern: str, to: str) -> Change:
    """Change the first match of the file."""

    def change(whole: str) -> str:
        after = re.sub(pattern, to, whole, count=1)
        assert after != whole, pattern
        return after

    return change


def entry(named: str, **fields: str | None) -> Change:
    """Change an entry of seam-checks; without fields it is left out."""

    def change(whole: str) -> str:
        head, *rest = whole.splitlines()
        columns = json.loads(head + "]}")["columns"]
        [at] = [n for n, row in enumerate(rest) if row.startswith(f'["seam-checks", {named}')]
        values = dict(zip(columns, json.loads(rest[at].rstrip(",")), strict=True))
        row = json.dumps(list((values | fields).values())) + ","
        rest[at : at + 1] = [row] if fields else []
        return "\n".join([head, *rest]) + "\n"

    return change


OF_MONTH = '"months", "2024-10-07-tomato-400-LEAK"'
OF_BASELINE = '"baseline", "2023-10-09-beans-400"'
TAMPERED: dict[str, tuple[Change, str]] = {
    "a cent of a bridge": (text(r'("actual": "\d+\.\d)\d', r"\1"), "2024-09: actual is "),
    "a cent of an entry": (entry(OF_MONTH, net="0.01"), "net is not gross - recovered - allowed"),
    "its quantity": (entry(OF_MONTH, quantity="1"), "costs 0.310000 at the frozen rates, not"),
    "an entry of a month": (entry(OF_MONTH), "2024-10: actual is"),
    "an entry of the baseline": (entry(OF_BASELINE), "of the baseline are not the 312 that were"),
    "who booked what when": (entry(OF_BASELINE, booked_at="1.000000"), "of the baseline are not"),
    "a share": (text('"seam-checks": "4/5"', '"seam-checks": "3/4"'), "add up to 0.950, not 1"),
    "both shares": (
        text('"seam-checks": "4/5", "leak-gauge": "1/5"', '"seam-checks": "0", "leak-gauge": "1"'),
        "2024-10: net is",
    ),
    "the promise": (text("1800", "1700"), "the evidence of seam-checks does not have its SHA-256"),
    "a rate": (text(r'(\\"raw_material\\":\\")0.22', r"\g<1>0.21"), "is not in the evidence"),
    "a validated amount": (
        text(r'("decision": "accepted", "amount": ")1', r"\g<1>9"),
        "validation of 2024-09: accepted at",
    ),
    "who validated": (
        text(r'("decided_at": "[^"]*", "decided_by": ")finn("\}\], "closings")', r"\1olga\2"),
        "validation of 2024-10: olga claimed it, or owns the project",
    ),
    "the end of the file": (lambda whole: whole[: len(whole) // 2], ""),
}  # fmt: skip


async def test_a_program_in_another_language_recomputes_every_saving(
    conn: Any, database: str, tmp_path: Path
) -> None:
    await signed_plant(conn, database)
    for name, months in (("leak-gauge", 2), ("seam-checks", 3)):
        whole = await export(conn, PLANT, name)
        code, said = recompute(whole, tmp_path)
        assert code == 0, said
        assert f"OK: {months} months" in said and ", of which 0 at frozen rates on trust" in said
    shown = re.search(r"2024-10( +[\d.]+)+", said)
    assert shown
    baseline, actual, gross, net, claimed, validated = map(D, shown[0].split()[1:])
    assert (net, validated) == (claimed, 1500)
    assert 0 < net < gross < baseline > actual
    for what, (change, reason) in TAMPERED.items():
        code, said = recompute(change(whole), tmp_path)
        assert code == 1 and reason in said, f"{what}\n{said}"


MARCH = datetime.fromisoformat("2026-03-02T00:00:00+01:00")
WHOLE_PLANT: dict[str, Any] = {
    "scope": {}, "whole_plant": True, "starts": "2026-03-01", "exposure": "cost_of_production",
    "baseline": {"first": "2026-02-01", "last": "2026-02-28"},
    "benefits": [{"type": "hard", "amount": "10", "first_month": "2026-03"}],
}  # fmt: skip


def a_day(month: int, rejects: int) -> list[bytes]:
    """Output, rejects with a dispatch, a stop over an hour's edge, and minutes of labour."""
    at, name = f"2026-{month:02}-10T12:00:00+01:00", str(month)
    end = f"2026-{month:02}-10T13:10:07+01:00"
    return [
        production(f"made-{name}", at), defect(f"leak-{name}", at, rejects),
        defect(f"odd-{name}", at, 3, stage="S1"), stop(f"jam-{name}", at, end),
        event("inspection", f"look-{name}", occurred_at=at, minutes=30),
    ]  # fmt: skip


async def test_stops_reversals_and_changed_rates_are_recomputed_and_the_rest_is_counted(
    conn: Any, database: str, tmp_path: Path
) -> None:
    """All rates of the plant rise in March, and an event of March is corrected."""
    old = rate_book(recovery_rate="0.5", recovery_overhead_per_day="9", allowed_rejection="0.1")
    await post_with_rates(conn, old, a_day(2, 8))
    table = rates(recovery_rate=D("0.25"), allowed_rejection=D("0.2")).cost_tables[0]
    line = LineRate(plant="north", line="L1", effective_from=MARCH, rate_per_hour=D("133.7"))
    later = RateFile(
        cost_tables=(table.model_copy(update={"effective_from": MARCH}),), line_rates=(line,)
    )
    await import_rates(conn, later, "rates.yaml", "finn")
    file = ProjectFile.model_validate({"projects": [item("all", **WHOLE_PLANT)]})
    await approve_all(conn, file)
    void = event(
        "correction", "fix", corrects="odd-3", occurred_at="2026-03-11T12:00:00+01:00",
        reason="counted twice",
    )  # fmt: skip
    await post_all(conn, [*a_day(3, 4), production("p4", "2026-04-10T12:00:00+01:00")])
    await post_all(conn, [void])
    await measure_months(database, datetime(2026, 4, 20, tzinfo=UTC))
    code, said = recompute(await export(conn, "north", "all"), tmp_path)
    assert code == 0, said
    trusted = re.search(r"entries, of which (\d+) at frozen rates on trust: ([\d.]+)", said)
    assert trusted and trusted.groups() == ("4", "76.20")


async def test_after_a_retention_all_of_it_is_still_proven(
    conn: Any, database: str, tmp_path: Path
) -> None:
    """Rates rise within the baseline; later a project shares the losses, so that all days are read
    again, of which none has bytes."""
    old = rate_book(recovery_rate="0.5", recovery_overhead_per_day="9", allowed_rejection="0.1")
    await post_with_rates(conn, old, a_day(2, 8))
    table = rates(recovery_rate=D("0.25"), allowed_rejection=D("0.2")).cost_tables[0]
    raised = datetime.fromisoformat("2026-02-20T00:00:00+01:00")
    labour = (
        rates()
        .labour_rates[0]
        .model_copy(update={"effective_from": raised, "rate_per_minute": D("1.5")})
    )
    line = LineRate(plant="north", line="L1", effective_from=raised, rate_per_hour=D("133.7"))
    changed = table.model_copy(update={"effective_from": raised})
    later = RateFile(cost_tables=(changed,), line_rates=(line,), labour_rates=(labour,))
    await import_rates(conn, later, "rates.yaml", "finn")
    file = ProjectFile.model_validate({"projects": [item("all", **WHOLE_PLANT)]})
    await approve_all(conn, file)
    await post_all(conn, [*a_day(3, 4), *a_day(4, 2)])
    may = datetime(2026, 5, 20, tzinfo=UTC)
    await measure_months(database, may)
    [of_march] = await conn.fetch("select * from copq.project_month where month = '2026-03-01'")
    before = Retention(EVENTS, date(2026, 4, 1))
    limits = await bounds(conn, await load(conn), before.before, None)
    assert [step async for step in apply(conn, before, limits, FINN, "records policy", 3)]
    kept = await conn.fetchval("select min(occurred_at) from copq.event where payload is not null")
    assert kept == datetime(2026, 4, 10, 11, tzinfo=UTC)
    march = {"first": "2026-03-01", "last": "2026-03-31"}
    april = {"type": "hard", "amount": "10", "first_month": "2026-04"}
    plan = {"baseline": march, "starts": "2026-04-01", "benefits": [april]}
    of_line = item("line", exposure="cost_of_production", **plan)
    await approve_all(conn, ProjectFile.model_validate({"projects": [of_line]}))
    await post_all(conn, [defect("late", "2026-03-12T12:00:00+01:00", 3)])
    await measure_months(database, may)
    assert await verify(conn) == []
    for name in ("all", "line"):
        code, said = recompute(await export(conn, "north", name), tmp_path)
        assert code == 0, said
    newest = (await conn.fetch("select * from copq.project_month where month = '2026-03-01'"))[-1]
    # The late rejects alone: 3 x (10 - 0.25 x 4), of which a fifth is allowed.
    assert (newest["version"], newest["left_as_booked"]) == (2, 0)
    assert of_march["gross"] - newest["gross"] == D("21.60")


HALF = {"type": "hard", "amount": "10", "first_month": "2026-03"}
FEBRUARY = {"first": "2026-02-01", "last": "2026-02-28"}
JANUARY = {"first": "2026-01-01", "last": "2026-01-31"}


def lost(month: int, product: str, rejects: int, made: int = 100) -> list[bytes]:
    at, name = f"2026-{month:02}-10T12:00:00+01:00", f"{month}-{product}"
    return [
        event("production", f"of-{name}", occurred_at=at, product=product, quantity=made),
        defect(f"bad-{name}", at, rejects, product=product),
    ]


def book_of_products(*names: str) -> RateBook:
    """Each product costs what a widget does."""
    file = rates()
    tables = (file.cost_tables[0].model_copy(update={"product": name}) for name in names)
    return book_of(file.model_copy(update={"cost_tables": tuple(tables)}))


async def test_what_an_earlier_project_has_no_baseline_for_is_measured_from_a_later_one(
    conn: Any, database: str, tmp_path: Path
) -> None:
    """The earlier one is compared with a month in which the other product was not made."""
    before = [*lost(1, "widget", 9), *lost(2, "widget", 8), *lost(2, "jar", 6)]
    await post_with_rates(conn, book_of_products("widget", "jar", "lid"), before)
    shared = {"starts": "2026-03-01", "benefits": [HALF], "scope": {"line": "L1"}}
    early = item("early", baseline=JANUARY, **shared)
    late = item("late", baseline=FEBRUARY, **shared)
    await approve_all(conn, ProjectFile.model_validate({"projects": [early]}))
    await approve_all(conn, ProjectFile.model_validate({"projects": [late]}))
    made = [*lost(3, "widget", 5), *lost(3, "jar", 1), *lost(3, "lid", 3)]
    await post_all(conn, [*made, production("p4", "2026-04-10T12:00:00+01:00")])
    lid, jar = ("L1", "lid"), ("L1", "jar")
    number = await add_substitute(conn, "north", "late", lid, jar, OLGA)
    await decide(conn, "north", "late", "substitute", number, "accept", Order(FINN, "seen"))
    await measure_months(database, datetime(2026, 4, 20, tzinfo=UTC))
    for name in ("early", "late"):
        code, said = recompute(await export(conn, "north", name), tmp_path)
        assert code == 0, said
        assert "OK: 1 months" in said


def stopped_hour(month: int) -> list[bytes]:
    """Two products in an hour that a stop shortens, and one of them in the next hour."""
    at = f"2026-{month:02}-10T12:00:00+01:00"
    jam = stop(f"jam-{month}", at, f"2026-{month:02}-10T12:20:07+01:00", product="jar")
    late = production(f"late-{month}", f"2026-{month:02}-10T13:00:00+01:00")
    return [*lost(month, "widget", 8), *lost(month, "jar", 5, made=7 * month), jam, late]


async def test_production_hours_are_recomputed(conn: Any, database: str, tmp_path: Path) -> None:
    plan: dict[str, Any] = {**WHOLE_PLANT, "exposure": "production_hours"}
    await post_with_rates(conn, book_of_products("widget", "jar"), stopped_hour(2))
    await approve_all(conn, ProjectFile.model_validate({"projects": [item("all", **plan)]}))
    after = [*stopped_hour(3), production("p4", "2026-04-10T12:00:00+01:00")]
    await post_all(conn, after)
    await measure_months(database, datetime(2026, 4, 20, tzinfo=UTC))
    whole = await export(conn, "north", "all")
    code, said = recompute(whole, tmp_path)
    assert code == 0, said
    cells = json.loads(json.loads(whole)["evidence"])["baseline"]["cells"]
    hours = {cell["product"]: D(cell["exposure"]) for cell in cells if cell["line"] == "L1"}
    jar = D(3600 - 1207) / 3600 * 14 / 114
    assert hours["jar"] == jar.quantize(D("1e-9")) and hours["widget"] > 1


async def test_a_project_that_is_not_approved_has_no_export(conn: Any) -> None:
    await post_with_rates(conn, rate_book(), [])
    await propose(conn, item())
    with pytest.raises(ProjectError, match='"caps" of north is proposed: an export holds what'):
        await export(conn, "north", "caps")
    with pytest.raises(ProjectError, match='has the name "cups"; its projects: caps'):
        await export(conn, "north", "cups")
