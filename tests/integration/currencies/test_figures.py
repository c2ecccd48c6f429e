"""Figures in the reporting currency wherever there are figures, and the commands."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.access.authority import Actor
from copq.command_line.command import app
from copq.currencies.store import CurrencyFixed, set_reporting
from copq.figures.report import ReportQuery, report
from copq.figures.trailing import trailing_windows
from copq.periods.closing import Order, close
from copq.periods.period import PeriodError
from copq.posting.late_conversion import convert_late
from tests.integration.reporting.api.conftest import api  # noqa: F401 - a fixture
from tests.integration.reporting.exporter.test_figures import NOW, scrape, value
from tests.support.building import defect, post_events, production, stop
from tests.support.currencies.site import AT, FINANCE, JPY, MONDAY, SEK, publish, three_plants
from tests.support.patience import PATIENCE_S
from tests.support.periods.building import shut
from tests.support.reporting.api.asking import Api
from tests.support.tampering import tampering

EVENTS = [
    defect("n", AT, 3), defect("g", AT, 5, plant="gavle"), defect("o", AT, 7, plant="osaka"),
    production("p", AT, 20), production("q", AT, 10, plant="gavle"),
]  # fmt: skip
OPEN_STOP = stop("s", "2026-03-02T11:00:00+01:00", plant="gavle")
MARCH = {"from_": "2026-03-01", "to": "2026-04-01"}


async def test_the_exporter_shows_no_sum_of_all_plants_while_a_rate_is_missing(conn: Any) -> None:
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, SEK))
    await post_events(conn, book, EVENTS)
    found = await scrape(conn, book)
    assert value(found, "copq_unconverted_entries", currency="JPY", window="month") == 1
    assert value(found, "copq_unconverted_entries", currency="SEK", window="month") == 0
    assert not [key for key in found if key[0].startswith("copq_reporting")]


async def test_the_exporter_shows_all_plants_together(conn: Any) -> None:
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, SEK), ("JPY", MONDAY, "0.005"))
    await post_events(conn, book, [*EVENTS, OPEN_STOP])
    found = await scrape(conn, book)
    failure = {"category": "internal_failure", "currency": "EUR", "window": "day"}
    cost, base = 30 + 50 * SEK + 70 * Decimal("0.005") + 40 * SEK, 200 + 100 * SEK
    assert value(found, "copq_reporting_cost", **failure) == float(cost)
    assert value(found, "copq_reporting_base", currency="EUR", window="day") == float(base)
    ratio = value(found, "copq_reporting_ratio", currency="EUR", window="day")
    assert ratio == pytest.approx(float(cost / base), abs=1e-9)
    assert value(found, "copq_unconverted_entries", currency="JPY", window="day") == 0


async def test_an_open_stop_counts_at_the_newest_rate_for_its_day(conn: Any) -> None:
    book = await three_plants(conn)
    await post_events(conn, book, [OPEN_STOP])
    query = ReportQuery(by=(), currency="EUR")
    [unknown] = await report(conn, book, query, NOW)
    assert (unknown.money("copq"), unknown.unconverted) == (None, 1)
    await publish(conn, ("SEK", MONDAY - timedelta(days=2), SEK))
    [known] = await report(conn, book, query, NOW)
    assert (known.money("copq"), known.money("provisional")) == (40 * SEK, 40 * SEK)
    [hour, _, _] = await trailing_windows(conn, book, query, NOW)
    assert [row.money("copq") for row in hour.rows] == [40 * SEK]


async def test_the_api_says_which_entries_lack_a_rate(conn: Any, api: Api) -> None:  # noqa: F811
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, SEK))
    await post_events(conn, book, EVENTS)
    said = await api.get("/v1/copq", grain="month", by="", currency="EUR", **MARCH)
    [row] = said["rows"]
    unknown = ("copq", "base", "net", "gross", "provisional", "copq_share")
    assert [row[name] for name in unknown] == [None] * len(unknown)
    assert row["copq_share_reason"] == "1 entry without an exchange rate"
    assert said["unconverted"] == [
        {"currency": "JPY", "entries": 1, "days": 1, "first_day": "2026-03-02",
         "last_day": "2026-03-02"}
    ]  # fmt: skip
    said = await api.get("/v1/copq", grain="month", by="plant", currency="EUR", **MARCH)
    shown = {row["plant"]: (row["copq"], row["currency"]) for row in said["rows"]}
    assert shown == {"north": ("30", "EUR"), "gavle": ("4.67", "EUR"), "osaka": (None, "EUR")}
    own = await api.get("/v1/copq", grain="month", by="", **MARCH)
    assert len(own["rows"]) == 3 and "conversion" not in own


async def test_a_closing_names_the_exchange_rates_that_are_missing(conn: Any) -> None:
    book = await three_plants(conn)
    await post_events(conn, book, EVENTS)
    order, now = Order(Actor("finance"), "month end"), datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(PeriodError) as refused:
        await close(conn, book.sites["gavle"], date(2026, 3, 1), order, now)
    assert "2 entries without an exchange rate (SEK 2026-03-02)" in str(refused.value)
    assert "copq currencies list" in str(refused.value) and "--accept rates" in str(refused.value)
    found = await close(conn, book.sites["gavle"], date(2026, 3, 1), order, now, ["rates"])
    assert found.counts == {"rates": 2}


async def test_a_closing_names_what_was_booked_late_without_an_exchange_rate(conn: Any) -> None:
    """An event of March, which is closed, is booked in April: closing April names its rate."""
    book = await three_plants(conn)
    order, now = Order(Actor("finance"), "month end"), datetime(2027, 1, 1, tzinfo=UTC)
    gavle, april = book.sites["gavle"], date(2026, 4, 1)
    await close(conn, gavle, date(2026, 3, 1), order, now)
    await post_events(conn, book, [defect("late", AT, 5, plant="gavle")])
    with pytest.raises(PeriodError, match=r"1 entry without an exchange rate \(SEK 2026-03-02\)"):
        await close(conn, gavle, april, order, now)
    await publish(conn, ("SEK", MONDAY, SEK))
    await convert_late(conn)
    assert (await close(conn, gavle, april, order, now)).counts == {}


@pytest.mark.parametrize(
    ("grain", "start"),
    [("month", "2026-03-01"), ("day", "2026-03-01"), ("hour", "2026-03-01T00:00")],
)
async def test_what_lacks_a_rate_is_of_the_basis_that_is_asked_for(
    conn: Any,
    api: Api,  # noqa: F811
    grain: str,
    start: str,
) -> None:
    """March is closed without rates, which come then; of the yen alone more is booked after."""
    book = await three_plants(conn)
    await post_events(conn, book, EVENTS)
    for site in ("gavle", "osaka"):
        await shut(conn, "2026-03", site, ["rates"])
    closed = await conn.fetchval("select clock_timestamp()")
    await publish(conn, ("SEK", MONDAY, SEK))
    await convert_late(conn)
    await post_events(conn, book, [defect("late", AT, 2, plant="osaka")])
    api.now = datetime.now(UTC) + timedelta(minutes=1)
    asked = {"grain": grain, "by": "", "currency": "EUR", "from_": start}

    async def lacks(**more: str) -> list[tuple[str, int]]:
        said = await api.get("/v1/copq", **{**asked, **more})
        entries = {of["currency"]: of["entries"] for of in said["unconverted"]}
        assert sum(row["unconverted"] for row in said["rows"]) == sum(entries.values())
        assert all(of["first_day"] == of["last_day"] == "2026-03-02" for of in said["unconverted"])
        return sorted(entries.items())

    assert await lacks() == [("JPY", 2)]
    assert await lacks(**{"as": "first-reported"}) == [("JPY", 1)]
    first = await api.get("/v1/copq", **{**asked, "as": "first-reported"})
    assert [(of["currency"], of["entries"]) for of in first["converted_late"]] == [("SEK", 2)]
    assert await lacks(as_of=closed.isoformat()) == [("JPY", 1), ("SEK", 2)]
    assert await lacks(as_of="2026-01-01") == []
    assert await lacks(plant="gavle") == []
    assert await lacks(plant="gavle", element="defect", **{"as": "first-reported"}) == []
    assert await lacks(from_="2026-02-01", to="2026-03-01", **{"as": "first-reported"}) == []


async def test_drivers_of_several_plants_are_ranked_together(
    conn: Any, api: Api,  # noqa: F811
) -> None:  # fmt: skip
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, SEK))
    await post_events(conn, book, EVENTS)
    asked = {"currency": "EUR", **MARCH}
    [lacking] = (await api.get("/v1/drivers", **asked))["rows"]
    assert (lacking["net"], lacking["share"], lacking["unconverted"]) == (None, None, 1)
    await publish(conn, ("JPY", MONDAY, "0.005"))
    await post_events(conn, book, [defect("b", AT, 100, plant="osaka", defect_code="burr")])
    async with tampering(conn):
        await conn.execute("delete from copq.ledger where event_id = 'o'")
    found = (await api.get("/v1/drivers", **asked))["rows"]
    assert [(d["defect_code"], d["net"]) for d in found] == [(None, "34.67"), ("burr", "5")]


@pytest.mark.parametrize("path", ["/v1/copq", "/v1/trailing", "/v1/drivers"])
async def test_another_currency_is_refused(conn: Any, api: Api, path: str) -> None:  # noqa: F811
    said = await api.get(path, 422, currency="EUR")
    assert "copq currencies set" in said["detail"]
    await three_plants(conn)
    said = await api.get(path, 422, currency="USD")
    assert said["detail"] == '"USD" is not the reporting currency, which is EUR'


def copq(database: str, *words: str, **env: str) -> Any:
    return CliRunner().invoke(app, [*words, "--database", database], env={"COLUMNS": "200", **env})


def test_finance_alone_sets_and_imports(database: str, tmp_path: Path) -> None:
    made = {
        role: json.loads(copq(database, "tokens", "create", role, "--role", role, "--json").output)
        for role in ("finance", "manager")
    }
    for env in ({}, {"COPQ_TOKEN": made["manager"]["token"]}):
        refused = copq(database, "currencies", "set", "EUR", **env)
        assert refused.exit_code == 1 and "this is for finance" in refused.output
    finance = {"COPQ_TOKEN": made["finance"]["token"]}
    assert copq(database, "currencies", "set", "EUR", **finance).exit_code == 0
    file = tmp_path / "rates.csv"
    file.write_text("date,currency,rate\n2026-03-02,SEK,0.09\n2026-03-02,JPY,x\n")
    refused = copq(database, "currencies", "import", str(file), **finance)
    assert refused.exit_code == 2 and "line 3: rate" in refused.output
    assert copq(database, "currencies", "import", str(tmp_path), **finance).exit_code == 2


def test_a_rate_is_corrected_with_a_reason_and_both_versions_are_shown(
    database: str, tmp_path: Path
) -> None:
    assert copq(database, "currencies", "set", "EUR", "--by", "Fin").exit_code == 0
    file = tmp_path / "rates.csv"
    file.write_text("date,currency,rate\n2026-03-02,SEK,0.09\n")
    words = ("currencies", "import", str(file), "--by", "Fin", "--json")
    for added, unchanged in ((1, 0), (0, 1)):
        said = json.loads(copq(database, *words).output)
        assert (said["added"], said["unchanged"]) == (added, unchanged)
    file.write_text("date,currency,rate\n2026-03-02,SEK,0.08\n")
    assert "--why" in copq(database, *words).output
    assert copq(database, *words, "--why", "mistyped").exit_code == 0
    shown = copq(database, "currencies", "show", "SEK", "--from", "2026-03-01", "--json")
    rates = json.loads(shown.output)["rates"]
    assert [(r["rate"], r["version"], r["imported_by"], r["why"]) for r in rates] == [
        ("0.08", 2, "Fin", "mistyped"), ("0.09", 1, "Fin", None)
    ]  # fmt: skip
    listed = copq(database, "currencies", "list").output
    assert "Figures are added in EUR (set by Fin" in listed and "0.08" in listed


async def test_a_currency_that_nobody_knows_has_no_rates_to_show(conn: Any, database: str) -> None:
    def refused(*named: str) -> str:
        done = copq(database, "currencies", "show", *named)
        assert done.exit_code == 2, done.output
        return " ".join(done.output.split())

    assert "no exchange rate of XXX; there is none of any other" in await asyncio.to_thread(
        refused, "XXX"
    )
    await set_reporting(conn, "EUR", 7, FINANCE, "")
    await publish(conn, ("SEK", MONDAY, SEK), ("JPY", MONDAY, JPY))
    for words in (("XXX",), ("XXX", "--json")):
        said = await asyncio.to_thread(refused, *words)
        assert "no exchange rate of XXX; those that have: JPY, SEK." in said
        assert "copq currencies import FILE" in said
    assert '"SEK/EUR" is a pair' in await asyncio.to_thread(refused, "SEK/EUR")
    assert "EUR is the reporting currency" in await asyncio.to_thread(refused, "EUR")
    april = ("currencies", "show", "SEK", "--from", "2026-04-01", "--to", "2026-04-02")
    empty = await asyncio.to_thread(copq, database, *april)
    assert empty.exit_code == 0 and "No rate of SEK from 2026-04-01" in empty.output


def test_without_a_reporting_currency_the_commands_say_what_to_do(
    database: str, tmp_path: Path
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("date,currency,rate\n2026-03-02,SEK,0.09\n")
    for words in (("currencies", "import", str(file)), ("report", "--currency", "EUR")):
        said = copq(database, *words)
        assert said.exit_code == 2 and "copq currencies set EUR" in said.output
    assert copq(database, "currencies", "set", "euro").exit_code == 2


async def test_rates_fix_the_currency_that_they_are_in(conn: Any) -> None:
    await set_reporting(conn, "EUR", 7, FINANCE, "")
    await publish(conn, ("SEK", MONDAY, SEK))
    with pytest.raises(CurrencyFixed):
        await set_reporting(conn, "USD", 7, FINANCE, "")


@pytest.fixture
async def other(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_an_import_waits_for_the_batch_that_is_being_booked(conn: Any, other: Any) -> None:
    """So an entry is booked wholly before a rate, or wholly after it."""
    book = await three_plants(conn)
    async with conn.transaction():
        await post_events(conn, book, [defect("a", AT, plant="gavle")])
        importing = asyncio.create_task(publish(other, ("SEK", MONDAY, SEK)))
        waiting = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
        async with asyncio.timeout(PATIENCE_S):
            while not await conn.fetchval(waiting):
                await asyncio.sleep(0.01)
        assert not importing.done()
        await post_events(conn, book, [defect("b", AT, plant="gavle")])
    await importing
    await post_events(conn, book, [defect("c", AT, plant="gavle")])
    rows = await conn.fetch("select exchange_rate from copq.ledger order by event_id")
    assert [row["exchange_rate"] for row in rows] == [None, None, SEK]
