"""`copq explain` and `copq entries`: from a figure down to bytes, rates and formula."""

import asyncio
import csv
import hashlib
import io
import json
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.access.authority import Actor
from copq.access.door import Role
from copq.command_line.command import app
from copq.currencies.store import set_reporting
from copq.figures.verify import verify
from copq.posting.late_conversion import convert_late
from copq.posting.post import prepare
from copq.rates.documents import RateSubmission, approve, submit
from copq.rates.store import import_rates, load
from copq.repricing.applying import apply
from copq.repricing.reach import RepricingScope
from tests.support.building import defect, event, post_events, production, rates, stop
from tests.support.tampering import tampering

AT = "2026-03-02T10:00:00+01:00"


def invoke(database: str, *words: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*words, "--database", database], env={"COLUMNS": "250"})
    assert done.exit_code == code, done.output
    return done


def _json(database: str, *words: str, code: int = 0) -> Any:
    return json.loads(invoke(database, *words, "--json", code=code).stdout)


def on(database: str, work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        conn = await asyncpg.connect(database)
        await prepare(conn)
        try:
            return await work(conn)
        finally:
            await conn.close()

    return asyncio.run(run())


RAWS = {
    "p": production("p", AT, 100), "d": defect("d", AT, 7), "d#2": defect("d#2", AT, 1),
    "wrong": defect("wrong", AT, 9), "u": defect("u", AT, product="gadget"),
    "s": stop("s", AT, "2026-03-02T12:30:00+01:00"), "o": stop("o", "2026-03-02T13:00:00+01:00"),
    "void": event("correction", "void", occurred_at=AT, corrects="wrong", reason="typed 9 for 6",
                  source="foreman"),
    "early": event("correction", "early", occurred_at=AT, corrects="to-come", reason="a test"),
}  # fmt: skip


async def posted(conn: asyncpg.Connection, raws: list[bytes]) -> None:
    await post_events(conn, await load(conn), raws)


@pytest.fixture
def ledger(database: str) -> str:
    async def fill(conn: asyncpg.Connection) -> None:
        await import_rates(
            conn,
            rates(recovery_overhead_per_day="9", recovery_rate="0.5"),
            "r.yaml",
            "anna",
        )
        await post_events(conn, await load(conn), RAWS.values())

    on(database, fill)
    return database


def test_an_entry_is_taken_down_to_bytes_rates_and_formula(ledger: str) -> None:
    found = _json(ledger, "explain", "d#1")
    assert found["event"]["payload"] == RAWS["d"].decode()
    assert found["event"]["sha256"] == hashlib.sha256(RAWS["d"]).hexdigest()
    [entry] = found["entries"]
    assert entry["formula"] == "7 pcs × 10 = 70.00; recovered 7 × 0.5 × 4 = 14.00; net 56.00"
    assert entry["agrees"] is True and entry["net"] == "56"
    [revision] = entry["rates"]
    assert revision | {"imported_at": 0, "submitted_at": 0} == {
        "revision": 1, "imported_at": 0, "imported_by": "anna", "source": "r.yaml",
        "document": 1, "submitted_at": 0, "submitted_by": "anna", "alone": True,
        "submitted_why": "import of r.yaml", "decided_why": "import of r.yaml",
    }  # fmt: skip
    said = invoke(ledger, "explain", "d").stdout
    parts = ("Event d: defect of north/L1", RAWS["d"].decode(), "computed again: the same",
             "rate book revision 1: document 1 (r.yaml)", "in the month 2026-03",
             "by anna: import of r.yaml")  # fmt: skip
    assert [part for part in parts if part not in said] == []


def test_who_submitted_the_rates_who_approved_them_and_why(ledger: str) -> None:
    async def two_people(conn: asyncpg.Connection) -> None:
        higher = rates(recovery_rate="0.25")
        file = RateSubmission(higher, "2027.yaml", b"")
        number = await submit(conn, file, Actor("carla", Role.FINANCE), "steel costs more")
        await approve(conn, number, Actor("dora", Role.FINANCE), "checked", 1)
        await post_events(conn, await load(conn), [defect("after", AT)])

    on(ledger, two_people)
    said = invoke(ledger, "explain", "after").stdout
    assert "rate book revision 2: document 2 (2027.yaml)" in said
    assert re.search(r"  submitted 20\S+ \S+ UTC by carla: steel costs more\n", said)
    assert re.search(r"  approved 20\S+ \S+ UTC by dora: checked\n", said)


def test_a_revision_without_a_document_names_who_imported_it(ledger: str) -> None:
    async def forget(conn: asyncpg.Connection) -> None:
        async with tampering(conn):
            await conn.execute("delete from copq.rate_decision")

    on(ledger, forget)
    said = invoke(ledger, "explain", "d").stdout
    assert re.search(r"revision 1, imported 20\S+ \S+ UTC by anna from r.yaml\n", said)


def test_a_reversal_and_its_entry_name_each_other_and_the_correction(ledger: str) -> None:
    found = _json(ledger, "explain", "wrong")
    first, back = found["entries"]
    assert (first["taken_back_by"], back["reverses"], back["corrected_by"]) == (2, 1, "void")
    assert Decimal(first["net"]) == -Decimal(back["net"]) and back["agrees"] is True
    assert [c["event_id"] for c in found["corrections"]] == ["void"]
    said = invoke(ledger, "explain", "wrong#2").stdout
    assert "belongs to correction void" in said and "because: typed 9 for 6" in said
    assert "reverses entry #1" in said
    assert "ordered by foreman" in said and "wrong#1" not in said


def test_an_entry_booked_anew_keeps_its_correction_and_names_who_booked_it(ledger: str) -> None:
    """Repriced by ann, then converted, as Fin has set the currency that figures are added in."""
    swap = event(
        "correction", "swap", occurred_at=AT, corrects="d", reason="counted again",
        source="foreman", replacement=json.loads(defect("better", AT, 6)),
    )  # fmt: skip
    higher = rates(recovery_overhead_per_day="9", recovery_rate="0.5")
    [table] = higher.cost_tables
    stages = (table.stages[0], table.stages[1].model_copy(update={"labour_overhead": Decimal(8)}))
    higher = higher.model_copy(
        update={"cost_tables": (table.model_copy(update={"stages": stages}),)}
    )

    async def book_anew(conn: asyncpg.Connection) -> None:
        await post_events(conn, await load(conn), [swap])
        await import_rates(conn, higher, "higher.yaml", "anna")
        await apply(ledger, RepricingScope(), Actor("ann"), "a higher rate", lambda _: None)
        await set_reporting(conn, "EUR", 7, Actor("Fin"), "")

    def copq() -> Any:
        asked = ("--from", "2026-03-01", "--to", "2026-03-03", "--by", "element")
        rows = _json(ledger, "report", *asked)["rows"]
        return [(row["element"], row["net"]) for row in rows if row["provisional"] == "0"]

    on(ledger, book_anew)
    before = copq()
    assert ("defect", "70") in before
    assert on(ledger, convert_late) > 3
    assert copq() == before
    repriced, late = "repriced: rate book revision 2", "an exchange rate of its day was imported"
    who = ("entry_no", "reverses", "reason", "booked_by", "corrected_by")
    told = [
        (1, None, "counted again", "foreman", "swap"),
        (2, 1, repriced, "ann", None),
        (3, None, repriced, "ann", "swap"),
        (4, 3, late, "Fin", None),
        (5, None, late, "Fin", "swap"),
    ]
    explained = _json(ledger, "explain", "better")["entries"]
    assert [tuple(entry[name] for name in who) for entry in explained] == told
    listed = _json(ledger, "entries", "--event", "better")["entries"]
    assert sorted(tuple(entry[name] for name in who) for entry in listed) == told
    said = invoke(ledger, "explain", "better#5").stdout
    lines = [line.strip() for line in said.splitlines()]
    told_so = ["belongs to correction swap", f"because: {late}", "ordered by Fin"]
    at = lines.index(told_so[0])
    assert lines[at : at + 3] == told_so
    assert on(ledger, verify) == []


def test_every_entry_of_the_ledger_comes_out_as_it_was_booked(ledger: str) -> None:
    rows = on(ledger, lambda conn: conn.fetch("select event_id, entry_no from copq.ledger"))
    assert len(rows) > 8
    for row in rows:
        [entry] = _json(ledger, "explain", f"{row['event_id']}#{row['entry_no']}")["entries"]
        assert entry["agrees"] is True, entry


def test_what_has_no_entry_says_why(ledger: str) -> None:
    assert "without a price: " in invoke(ledger, "explain", "u").stdout
    assert "It has no entry" in invoke(ledger, "explain", "o").stdout
    claimed = invoke(ledger, "explain", "to-come").stdout
    assert "no one event is behind it" in claimed and "Correction early of to-come" in claimed
    for name in ("nothing", "d#9", "#1", "d#x"):
        assert "is unknown; see: copq entries" in invoke(ledger, "explain", name, code=1).output
    assert "See: copq explain u" in invoke(ledger, "entries", "--event", "u").stdout
    for more in ([], ["--csv"]):
        said = invoke(ledger, "entries", "--event", "nothing", *more, code=2).output
        assert '"nothing" is unknown; see: copq entries' in said
    assert _json(ledger, "explain", "d#2")["event"]["payload"] == RAWS["d#2"].decode()


def test_an_entry_that_was_tampered_with_does_not_come_out(ledger: str) -> None:
    async def tamper(conn: asyncpg.Connection) -> None:
        async with tampering(conn):
            await conn.execute(
                "update copq.ledger set gross = gross - 1, net = net - 1 where event_id = 'd'"
            )

    on(ledger, tamper)
    assert (
        "version 1 of the cost table gives 56.00" in invoke(ledger, "explain", "d", code=1).stdout
    )


DAY = ("entries", "--plant", "north", "--day", "2026-03-02")


def test_a_figure_of_a_report_is_the_sum_of_its_entries(ledger: str) -> None:
    report = _json(ledger, "report", "--plant", "north", "--from", "2026-03-02", "--to",
                   "2026-03-03", "--element", "defect", "--by", "plant,element")  # fmt: skip
    [row] = [row for row in report["rows"] if row["element"] == "defect"]
    found = _json(ledger, *DAY, "--element", "defect")
    assert sum(Decimal(e["net"]) for e in found["entries"]) == Decimal(row["net"])
    assert [t["net"] for t in found["totals"]] == [row["net"]]
    table = list(csv.DictReader(io.StringIO(
        invoke(ledger, *DAY, "--element", "defect", "--csv").stdout
    )))  # fmt: skip
    assert sum(Decimal(line["net"].lstrip("'")) for line in table) == Decimal(row["net"])
    assert {line["event"].lstrip("'") for line in table if line["event_id"] == "d"} == {
        RAWS["d"].decode()
    }


def test_stops_over_an_edge_and_open_ones_are_in_the_figure(ledger: str) -> None:
    """`s` is from 10:00 to 12:30, `o` from 13:00 on."""
    figure = ("entries", "--plant", "north", "--category", "copq", "--element", "downtime")
    window = ("--from", "2026-03-02T11:45", "--to", "2026-03-02T13:30")
    shown = invoke(ledger, *figure, *window).stdout
    assert "s, a stop of line L1, over the window's edge: 15 min of 60 min" in shown
    assert "o, a stop of line L1, open, not booked yet: 30 min × 2 = 60.00" in shown
    assert "With these stops the figure is 150.00 EUR." in shown
    table = csv.DictReader(io.StringIO(invoke(ledger, *figure, *window, "--csv").stdout))
    assert sum(Decimal(row["counted"]) for row in table) == 150
    assert "No entry here" in invoke(ledger, "entries", "--trailing", "1h").stdout


def test_a_stop_is_told_whatever_its_name_and_whoever_has_its_time(ledger: str) -> None:
    begun, later = "2026-03-02T15:00:00+01:00", "2026-03-02T15:10:00+01:00"
    raws = [
        stop("[/x]", begun, line="L2", work_unit="M1"),
        stop("[bold]y", later, "2026-03-02T15:30:00+01:00", line="L2", work_unit="M2"),
    ]
    on(ledger, lambda conn: posted(conn, raws))
    shown = invoke(ledger, "entries", "--line", "L2", "--day", "2026-03-02").stdout
    assert "[/x], a stop of line L2, open, not booked yet: " in shown
    assert "[bold]y, a stop of line L2, another open stop has its time: −(20 min" in shown


def test_entries_are_found_by_hour_month_event_and_kind(ledger: str) -> None:
    def ids(*words: str) -> set[str]:
        return {entry["event_id"] for entry in _json(ledger, "entries", *words)["entries"]}

    assert ids("--plant", "north", "--hour", "2026-03-02T12:00") == {"s"}
    assert {"d", "s", "p"} <= ids("--plant", "north", "--month", "2026-03")
    assert "p" not in ids("--month", "2026-03", "--category", "copq")
    assert ids("--event", "s") == {"s"}
    assert ids("--from", "2026-03-03", "--to", "2026-03-04") == set()
    shown = invoke(ledger, *DAY, "--limit", "1").stdout
    assert "There are more" in shown and "lines: net" in shown and " units, " not in shown
    assert " 8 units, " in invoke(ledger, *DAY, "--element", "defect").stdout
    assert "not in the rate book" in invoke(ledger, "entries", "--plant", "x", code=2).output
    assert "write it as 2026-03-01" in invoke(ledger, "entries", "--day", "soon", code=2).output
