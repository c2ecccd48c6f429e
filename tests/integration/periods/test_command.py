"""`copq periods` and `copq report --as`, as finance uses them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from copq.command_line.command import app
from copq.rates.store import load
from tests.support.building import defect, post_events, stop
from tests.support.periods.building import IN_FEB, IN_JAN, filled

Copq = Callable[..., str]


@pytest.fixture
async def copq(conn: Any, database: str, monkeypatch: Any) -> Copq:
    """The command in a thread of its own, on a plant with two months."""
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5), defect("f", IN_FEB, 2)])
    monkeypatch.delenv("COPQ_TOKEN", raising=False)

    def run(*arguments: str, code: int = 0, **env: str) -> str:
        done = CliRunner().invoke(app, [*arguments, "--database", database], env=env)
        assert done.exit_code == code, done.output
        return done.output

    return run


def in_thread(run: Copq, *arguments: str, **more: Any) -> Any:
    """The command has an event loop of its own."""
    import asyncio

    return asyncio.to_thread(run, *arguments, **more)


async def test_a_month_from_closing_to_the_lock(conn: Any, copq: Copq) -> None:
    said = await in_thread(copq, "periods", "close", "north", "2026-01", "--by", "ann", "--json")
    closed = json.loads(said)
    assert (closed["what"], closed["by"], closed["entries"]) == ("closed", "ann", 1)
    await post_events(conn, await load(conn), [defect("late", IN_JAN, 1)])
    listed = json.loads(await in_thread(copq, "periods", "list", "--json"))["rows"]
    assert [(p["month"], p["state"], p["first_reported"], p["restated"]) for p in listed] == [
        ("2026-02", "open", None, "20"), ("2026-01", "closed", "50", "60"),
    ]  # fmt: skip
    assert listed[1]["difference"] == "10" and listed[1]["booked_in"] == "2026-02"
    said = await in_thread(copq, "periods", "reopen", "north", "2026-01", "--why", "credit note")
    assert said == "Reopened: 2026-01 of north.\n"
    said = await in_thread(copq, "periods", "close", "north", "2026-01")
    assert "closing 2, 1 entry." in said and "Digest: " in said
    await in_thread(copq, "periods", "lock", "north", "2026-01")
    refused = await in_thread(
        copq, "periods", "reopen", "north", "2026-01", "--why", "again", code=1
    )
    assert "it stays locked" in refused
    shown = await in_thread(copq, "periods", "show", "north", "2026-01")
    assert "locked; its late events are booked in 2026-02" in shown
    assert "credit note" in shown and closed["digest"] in shown
    shown = json.loads(await in_thread(copq, "periods", "show", "north", "2026-01", "--json"))
    assert [s["what"] for s in shown["steps"]] == ["closed", "reopened", "closed", "locked"]
    assert [(s["closing"], s["net"]) for s in shown["signed_off"]] == [(1, "50"), (2, "50")]


async def test_money_booked_in_an_open_month_for_a_closed_one_is_listed(
    conn: Any, copq: Copq
) -> None:
    for month in ("2026-01", "2026-02"):
        await in_thread(copq, "periods", "close", "north", month)
    shown = await in_thread(copq, "periods", "list")
    assert "Not signed" not in shown and "never closed" not in shown
    await post_events(conn, await load(conn), [defect("late", IN_JAN, 1), defect("l", IN_FEB, 3)])
    listed = json.loads(await in_thread(copq, "periods", "list", "--json"))["rows"]
    names = ("month", "state", "restated", "booked", "late", "signed")
    assert [tuple(one[name] for name in names) for one in listed] == [
        ("2026-03", "open", "0", "40", "40", False),
        ("2026-02", "closed", "50", "20", "0", True),
        ("2026-01", "closed", "60", "50", "0", True),
    ]
    shown = await in_thread(copq, "periods", "list")
    assert "Not signed: what is booked in it is the sum so far" in shown
    assert "Without a figure as first reported" in shown
    march = json.loads(await in_thread(copq, "periods", "show", "north", "2026-03", "--json"))
    assert [(b["of_month"], b["entries"], b["net"]) for b in march["booked_so_far"]] == [
        ("2026-01", 1, "10"), ("2026-02", 1, "30"),
    ]  # fmt: skip
    shown = await in_thread(copq, "periods", "show", "north", "2026-03")
    assert "Booked in it so far, not signed" in shown
    await in_thread(copq, "periods", "close", "north", "2026-03")
    march = json.loads(await in_thread(copq, "periods", "show", "north", "2026-03", "--json"))
    signed = [(s["of_month"], s["net"]) for s in march["signed_off"]]
    assert signed == [("2026-01", "10"), ("2026-02", "30")] and march["booked_so_far"] == []
    assert march["copq"][0]["signed"] and march["copq"][0]["booked"] == "40"


async def test_what_is_unfinished_is_accepted_by_name(conn: Any, copq: Copq) -> None:
    await post_events(conn, await load(conn), [stop("s", IN_JAN)])
    of = ("periods", "close", "north", "2026-01")
    refused = await in_thread(copq, *of, code=1)
    assert "--accept stops" in refused
    assert "is none of" in await in_thread(copq, *of, "--accept", "all", code=2)
    assert "1 stop still open" in await in_thread(copq, *of, "--accept", "stops")
    assert "need not be closed again" in await in_thread(copq, *of, code=1)


async def test_only_finance_closes_once_there_is_a_token_of_it(copq: Copq) -> None:
    made = json.loads(
        await in_thread(copq, "tokens", "create", "ann", "--role", "finance", "--json")
    )
    of = ("periods", "close", "north", "2026-01")
    assert "finance" in await in_thread(copq, *of, code=1)
    closed = await in_thread(copq, *of, "--json", COPQ_TOKEN=made["token"])
    assert json.loads(closed)["by"] == "ann"


async def test_a_report_says_which_figures_it_shows(conn: Any, copq: Copq) -> None:
    await in_thread(copq, "periods", "close", "north", "2026-01")
    read_at = await conn.fetchval("select clock_timestamp()")
    await post_events(conn, await load(conn), [defect("late", IN_JAN, 1)])
    of = ("report", "--grain", "month", "--from", "2026-01", "--by", "plant")

    async def figures(*more: str) -> Any:
        said = json.loads(await in_thread(copq, *of, *more, "--json"))
        assert said["as"] == ("as-of" if "--as-of" in more else more[1] if more else "restated")
        return said["reported"], [(row["copq"], row["flags"]) for row in said["rows"]]

    assert await figures() == ("as restated", [("60", []), ("20", [])])
    first = await figures("--as", "first-reported")
    assert first == (
        "as first reported",
        [("50", []), ("20", ["as of now, not closed yet in north"])],
    )
    said, rows = await figures("--as-of", read_at.isoformat())
    assert said.startswith("the ledger as of 20") and rows == [("50", []), ("20", [])]
    shown = await in_thread(copq, *of, "--as", "first-reported")
    assert (
        "as first reported" in shown and "! 2026-02-01: as of now, not closed yet in north" in shown
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("periods", "close", "north", "2026-13"), 2, "is not a month: write it as 2026-03"),
        (("periods", "close", "north", "June"), 2, '"June" is not a month'),
        (("periods", "show", "south", "2026-01"), 2, "its plants: north"),
        (("periods", "close", "south", "2026-01"), 2, "its plants: north"),
        (("periods", "close", "north", "2126-01"), 1, "lasts until 2126-02-01 06:00 CET"),
        (("periods", "list", "--plant", "south"), 2, "its plants: north"),
        (("periods", "reopen", "north", "2026-01", "--why", "x"), 1, "need not be reopened"),
        (("periods", "lock", "north", "2026-01"), 1, "close it first"),
        (("report", "--as", "guessed"), 2, "is none of restated, first-reported"),
        (("report", "--as-of", "2126-01-01"), 2, "as_of is in the future"),
        (("report", "--as", "first-reported", "--as-of", "2026-01-01"), 2, "leave out as or as_of"),
    ],
)
async def test_what_cannot_be_done_says_why(
    copq: Copq, arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in " ".join((await in_thread(copq, *arguments, code=code)).split())
