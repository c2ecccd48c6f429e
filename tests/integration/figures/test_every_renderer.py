"""Every question, asked through everything that renders its answer: the same figures and names."""

import asyncio
import csv
import io
import json
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx
import pytest
import typer
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from copq.access.authority import Actor
from copq.access.door import OpenDoor
from copq.bases.store import import_bases
from copq.command_line.commands.finance import bases, groups, periods, projects, standing_costs
from copq.command_line.commands.read import (
    answering,
    conformance,
    coq,
    entries,
    explain,
    kpis,
    problems,
    report,
    verify,
    what_if,
    why,
)
from copq.groups.store import import_groups
from copq.ledger.money import money
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board
from copq.reporting.exporter.collector import page_of, rendered
from copq.reporting.exporter.reading import read
from copq.reporting.source import reading_pool
from copq.schemas.bases import BaseFile
from copq.schemas.groups import GroupFile
from copq.web.pages.docs import documented_app
from tests.support.building import book, defect, event, plant, post_events, production, rates, stop
from tests.support.portfolio import bridge, claim
from tests.support.projects import item, propose
from tests.support.reporting.api.asking import Api
from tests.support.standing_costs import cost, post_costs, set_costs

NOW = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
PLANTS = (plant(), plant("south", "America/Chicago", "00:00", "USD"))
QUESTIONS = {
    "/v1/copq": ("report",), "/v1/trailing": ("trailing",), "/v1/drivers": ("drivers",),
    "/v1/why": ("why",), "/v1/problems": ("problems",),
    "/v1/kpis": ("kpis",), "/v1/entries": ("entries",), "/v1/periods": ("periods", "list"),
    "/v1/coq": ("coq",), "/v1/coq/conformance": ("conformance",),
    "/v1/bases": ("bases", "list"),
    "/v1/groups": ("groups", "list"), "/v1/standing-costs": ("standing-costs", "list"),
    "/v1/projects": ("projects", "portfolio"),
}  # fmt: skip
CLOCKED = (answering, entries, periods)

app = typer.Typer()
for module, name in ((report, "report"), (report, "trailing"), (report, "drivers"),
                     (report, "unpriced"), (kpis, "kpis"), (entries, "entries"),
                     (explain, "explain"), (coq, "coq"), (why, "why"),
                     (problems, "problems"), (conformance, "conformance")):  # fmt: skip
    app.command(name)(getattr(module, name))
app.command("what-if")(what_if.what_if)
app.command("verify")(verify.verify_command)
app.add_typer(periods.app, name="periods")
app.add_typer(bases.app, name="bases")
app.add_typer(groups.app, name="groups")
app.add_typer(standing_costs.app, name="standing-costs")
app.add_typer(projects.app, name="projects")


class _Clock(datetime):
    """The clock of the commands: it stands still, as that of the API does in these tests."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return NOW.astimezone(tz)


@contextmanager
def stopped_clock() -> Iterator[None]:
    with ExitStack() as stack:
        for module in CLOCKED:
            stack.enter_context(patch.object(module, "datetime", _Clock))
        yield


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def plant_events() -> Iterator[bytes]:
    """Two plants and currencies; odd amounts, stops over an edge, open ones, one without price."""
    for number, site in enumerate(PLANTS):
        for line in ("L1", "L2"):
            of = {"plant": site.plant, "line": line}
            key = f"{site.plant}-{line}"
            for part, minutes in enumerate((5, 50, 70, 1_500, 43_000)):
                code = {"defect_code": f"c{part % 2}", "work_unit": f"M{number}"}
                yield defect(f"d{part}-{key}", ago(minutes), f"{part + number}.0125", **code, **of)
                yield production(f"p{part}-{key}", ago(minutes), 90 + part, **of)
            yield stop(f"over-{key}", ago(62), ago(57), work_unit="M2", **of)
            yield event("inspection", f"i-{key}", occurred_at=ago(20), minutes="7", **of)
    yield stop("open", ago(11), work_unit="M2", defect_code="jam", plant="north", line="L2")
    yield defect("unknown", ago(9), 2, product="gadget", plant="north", line="L1")


class Asked(Api):
    """The API and the board, and the commands on the same database at the same instant."""

    database: str

    def command(self, *words: str) -> Any:
        with stopped_clock():
            return CliRunner().invoke(app, [*words, "--database", self.database],
                                      env={"COLUMNS": "300"})  # fmt: skip

    async def shown(self, *words: str, code: int = 0) -> str:
        """What a command prints, in one line where it refuses."""
        answer = await asyncio.to_thread(self.command, *words)
        assert answer.exit_code == code, (words, answer.output)
        return " ".join(answer.output.replace("│", " ").split()) if code else answer.output

    async def json(self, *words: str) -> Any:
        return json.loads(await self.shown(*words, "--json"))


@pytest.fixture
async def site(database: str, conn: Any) -> AsyncIterator[Asked]:
    await import_rates(conn, rates(*PLANTS, ideal_rate=2), "rates.yaml", "test")
    await post_events(conn, book(*PLANTS, ideal_rate=2), plant_events())
    await set_bases(conn, "8100000.5", "8200000.5")
    today = {"first_day": "2026-06-30"}
    await set_costs(conn, cost("3333.33", **today), cost("500", line="L2", **today))
    await post_costs(conn, NOW.isoformat())
    await set_groups(conn)
    await set_projects(conn)
    pool = await reading_pool(database)
    found, app_ = Asked(OpenDoor()), documented_app("COPQ", "")
    found.database, found.now = database, NOW
    add_board(app_, add_api(app_, pool, found, lambda: NOW))
    transport = httpx.ASGITransport(app_)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
        found.client = client
        yield found
    await pool.close()


async def set_bases(conn: Any, *amounts: str) -> None:
    """One version after the other of the revenue of a month."""
    known = {"plant": "north", "month": "2026-06", "base": "revenue", "currency": "EUR"}
    for amount in amounts:
        file = BaseFile.model_validate({"bases": [{**known, "amount": amount}]})
        await import_bases(conn, file, await load(conn), "bases.csv", Actor("carla"))


async def set_projects(conn: Any) -> None:
    """One in each plant; a month of the first is measured and claimed."""
    await propose(conn, item(), item("jars", plant="south", currency="USD"))
    caps = await conn.fetchval("select project from copq.project where name = 'caps'")
    await bridge(conn, caps, "2026-05", "120.5", "90.25")
    await claim(conn, caps, "2026-05", "80.4")


async def set_groups(conn: Any) -> None:
    items = [
        {"plant": site.plant, "grouping": "family", "product": "widget", "group": group,
         "effective_from": day}
        for site in PLANTS
        for group, day in (("valves", "2026-01-01"), ("cores", "2026-06-29"))
    ]  # fmt: skip
    file = GroupFile.model_validate({"groups": items})
    await import_groups(conn, file, await load(conn), "groups.csv", Actor("carla"))


def cells(shown: str) -> list[list[str]]:
    """The rows of the tables that a command has printed."""
    return [re.split(r"\s{2,}", line.strip()) for line in shown.splitlines()]


def text_of(row: dict[str, Any], name: str) -> str:
    """A figure as a table shows it."""
    return "–" if row[name] is None else money(Decimal(row[name]), row["currency"])


_NAMED = {"plant": ("report", "trailing", "coq", "bases", "standing-costs"),
          "line": ("report", "trailing"), "base": ("bases",)}  # fmt: skip


async def test_every_question_has_one_answer(site: Asked) -> None:
    await the_commands_answer_as_the_api(site)
    await groups_are_answered_alike(site)
    await csv_has_the_cells_of_json(site)
    await tables_have_the_money_of_json(site)
    await the_table_of_a_change_has_the_figures_of_json(site)
    await a_what_if_has_the_same_figures_everywhere(site)
    await the_board_has_the_figures_of_the_api(site)
    await the_exporter_has_the_figures_of_the_api(site)
    await what_waits_is_the_same_everywhere(site)
    await an_entry_is_explained_in_the_same_words(site)
    assert "No difference" in await site.shown("verify")


async def the_commands_answer_as_the_api(site: Asked) -> None:
    """Field by field; the API counts the rows of a report where they are one page."""
    for path, words in QUESTIONS.items():
        for of in ({}, {"plant": "north", "line": "L2"}, {"plant": "south"}):
            if path in ("/v1/periods", "/v1/bases", "/v1/groups", "/v1/projects"):
                of = {name: value for name, value in of.items() if name == "plant"}
            options = [word for name, value in of.items() for word in (f"--{name}", value)]
            api, command = await site.get(path, **of), await site.json(*words, *options)
            if path == "/v1/entries":  # read at the clock of Postgres, which goes on
                for answer in (api, command):
                    assert answer.pop("as_of") and "next" in answer
                    answer.pop("next")
            assert command == api, (path, of)


async def groups_are_answered_alike(site: Asked) -> None:
    for path in ("/v1/copq", "/v1/trailing", "/v1/kpis"):
        by = {"by": "plant,group", "grouping": "family"}
        api = await site.get(path, **by)
        assert await site.json(*QUESTIONS[path], "--by", by["by"], "--grouping", "family") == api
        [first, *_] = api.get("rows") or api["windows"][0]["rows"]
        assert first["group"] in ("valves", "cores", "no group")
    for path in ("/v1/copq", "/v1/drivers", "/v1/problems", "/v1/entries"):
        api = await site.get(path, group="cores")
        command = await site.json(*QUESTIONS[path], "--group", "cores")
        assert command["totals"] == api["totals"] != []


async def csv_has_the_cells_of_json(site: Asked) -> None:
    for path in (
        "/v1/copq", "/v1/drivers", "/v1/why", "/v1/problems", "/v1/kpis", "/v1/periods",
        "/v1/coq", "/v1/bases", "/v1/groups", "/v1/standing-costs", "/v1/projects",
    ):  # fmt: skip
        rows, table = (await site.get(path))["rows"], await site.csv(path)
        assert len(rows) == len(table) > 0
        for row, line in zip(rows, table, strict=True):
            assert row.keys() - {"filters", "without"} <= line.keys(), path
            for name, cell in line.items():
                if name not in ("flags", "reasons"):
                    value = row.get(name)
                    assert cell == ("" if value is None else str(value)), (path, name)
    windows, table = (await site.get("/v1/trailing"))["windows"], await site.csv("/v1/trailing")
    rows = [{"window": w["window"], **row} for w in windows for row in w["rows"]]
    assert sorted((r["window"], r["plant"], r["line"] or "", r["copq"]) for r in rows) == sorted(
        (r["window"], r["plant"], r["line"], r["copq"]) for r in table
    )
    for path, words in (
        ("/v1/coq", "coq"),
        ("/v1/coq/conformance", "conformance"),
        ("/v1/entries", "entries"),
    ):
        api, command = await site.csv(path), await site.shown(words, "--csv")
        assert list(csv.DictReader(io.StringIO(command))) == api
    figures = {f["currency"]: f["net"] for f in (await site.get("/v1/entries"))["figures"]}
    for currency, net in figures.items():
        counted = [Decimal(row["counted"]) for row in api if row["currency"] == currency]
        assert sum(counted) == Decimal(net)


async def tables_have_the_money_of_json(site: Asked) -> None:
    """Each row of an answer is a row of the table, with its names and its money."""
    answers = {words: await site.get(path) for path, words in QUESTIONS.items()}
    kinds = {("report",): ("copq", "base"), ("trailing",): ("copq", "base"), ("drivers",): ("net",),
             ("problems",): ("cost", "event_cost"),
             ("entries",): ("net",), ("periods", "list"): ("restated", "booked"),
             ("coq",): ("amount", "per_unit", "previous"),
             ("projects", "portfolio"): ("forecast", "claimed"),
             ("bases", "list"): ("amount",), ("standing-costs", "list"): ("amount",)}  # fmt: skip
    for words, figures in kinds.items():
        answer = answers[words]
        rows = answer.get("rows") or answer.get("entries") or [
            row for window in answer["windows"] for row in window["rows"]
        ]  # fmt: skip
        shown = [set(row) for row in cells(await site.shown(*words))]
        for row in rows:
            wanted = {text_of(row, name) for name in figures} | {row["currency"]}
            wanted |= {str(row[name]) for name in ("element",) if row.get(name)}
            wanted |= {
                row[name] or "–"
                for name in ("plant", "line", "base")
                if words[0] in _NAMED.get(name, ())
            }
            wanted.discard("0.00")
            assert any(wanted <= line for line in shown), (words, wanted)


async def the_table_of_a_change_has_the_figures_of_json(site: Asked) -> None:
    answer, shown = await site.get("/v1/why"), await site.shown("why")
    rows = [set(row) for row in cells(shown)]
    assert [total["currency"] for total in answer["totals"]] == ["EUR", "USD"]
    for total in answer["totals"]:
        assert total["finding"] in " ".join(shown.split())
        assert any({text_of(total, "before"), text_of(total, "after")} <= row for row in rows)
        parts = [row for row in answer["rows"] if row["currency"] == total["currency"]]
        assert sum(Decimal(part["change"]) for part in parts) == Decimal(total["change"])
        for part in parts:
            if part["command"]:
                assert part["command"] in " ".join(shown.split())


async def a_what_if_has_the_same_figures_everywhere(site: Asked) -> None:
    changes = "halve code=c1; rate labour=standard by 2"
    asked = {"change": changes, "by": "plant,element", "from_": "2026-06-01"}
    api = await site.get("/v1/what-if", **asked)
    words = ("what-if", *changes.split("; "), "--by", "plant,element", "--from", "2026-06-01")
    assert await site.json(*words) == api and api["entries_total"] == len(api["entries"]) > 0
    shown = [set(row) for row in cells(await site.shown(*words))]
    for row in [*api["rows"], *api["totals"]]:
        assert any({text_of(row, "booked"), text_of(row, "changed")} <= line for line in shown)
    booked = {
        (r["plant"], r["element"]): r["net"]
        for r in (await site.get("/v1/copq", grain="month", by="plant,element", from_="2026-06"))[
            "rows"
        ]
    }
    for row in api["rows"]:
        if row["element"] != "downtime":  # a stop is open, and the report counts it
            assert row["booked"] == booked[row["plant"], row["element"]]
    table = await site.csv("/v1/what-if", **asked)
    assert [row["difference"] for row in table] == [row["difference"] for row in api["rows"]]
    entries_ = await site.csv("/v1/what-if", **asked, table="entries")
    assert list(csv.DictReader(io.StringIO(await site.shown(*words, "--csv")))) == entries_
    assert [one["event_id"] for one in entries_] == [one["event_id"] for one in api["entries"]]
    [entry] = (await site.json("explain", shlex.split(entries_[0]["command"])[-1]))["entries"]
    assert entry["net"] == entries_[0]["booked"]


async def the_board_has_the_figures_of_the_api(site: Asked) -> None:
    for name in ("north", "south"):
        board = await site.get("/v1/board", plant=name)
        day = board["day"]
        after = f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}"
        of = {"plant": name, "by": "line", "from_": day, "to": after}
        rows = {row["line"]: row for row in (await site.get("/v1/copq", **of))["rows"]}
        for line in board["lines"]:
            row = rows[line["line"]]
            assert line["share"] == row["copq_share"]
            for field in ("copq", "base", "hours", "copq_per_good"):
                assert line[field] == row[field], (name, field)
        hour = (await site.get("/v1/trailing", plant=name, by=""))["windows"][0]["totals"][0]
        assert (board["hour"]["copq"], board["hour"]["share"]) == (hour["copq"], hour["copq_share"])
        month = await site.get("/v1/copq", plant=name, by="", grain="month", from_=f"{day[:7]}")
        assert board["month"]["copq"] == month["rows"][0]["copq"]
        of_day = {"plant": name, "from_": day, "to": after}
        drivers = (await site.get("/v1/drivers", **of_day))["rows"]
        shares = [(bar["net"], bar["share"], bar["cumulative_share"])
                  for bar in board["paretos"]["cause"]]  # fmt: skip
        assert shares == [(d["net"], d["share"], d["cumulative_share"]) for d in drivers]
        [oee] = (await site.get("/v1/kpis", plant=name, by="plant"))["rows"]
        for ratio in ("oee", "availability", "quality", "mean_time_to_repair"):
            assert board["kpis"][ratio] == oee[ratio]


async def the_exporter_has_the_figures_of_the_api(site: Asked) -> None:
    conn = await asyncpg.connect(site.database)
    await prepare(conn)
    found = rendered(page_of(await read(conn, await load(conn), NOW), 10_000)).decode()
    await conn.close()
    samples = {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(found)
        for s in family.samples
    }
    windows = {w["window"].replace(" ", ""): w["rows"]
               for w in (await site.get("/v1/trailing"))["windows"]}  # fmt: skip
    windows["month"] = (await site.get("/v1/copq", grain="month", from_="2026-06"))["rows"]
    for window, rows in windows.items():
        for row in rows:
            labels = {
                "scope": "line", "plant": row["plant"], "line": row["line"] or "", "product": "",
                "currency": row["currency"], "window": window,
            }  # fmt: skip
            for metric, field in (("copq_failure_cost", "copq"), ("copq_ratio", "copq_share")):
                value = samples.get((metric, tuple(sorted(labels.items()))))
                assert value == (row[field] and float(row[field])), (labels, field)


async def what_waits_is_the_same_everywhere(site: Asked) -> None:
    waiting = await site.json("unpriced")
    report_ = await site.get("/v1/copq")
    assert waiting["unpriced_totals"]["events"] == report_["unpriced_events"] == 1
    assert waiting["open_stops_totals"]["stops"] == report_["open_stops"] == 1
    board = await site.get("/v1/board", plant="north")
    assert board["open_stops_totals"] == waiting["open_stops_totals"]
    of_stop = (await site.get("/v1/entries", event_id="open"))["figures"]
    assert of_stop[0]["net"] == waiting["open_stops_totals"]["cost"]["EUR"] == "33"
    assert "33.00" in await site.shown("unpriced")


async def an_entry_is_explained_in_the_same_words(site: Asked) -> None:
    [entry] = (await site.get("/v1/entries", event_id="d1-north-L1"))["entries"]
    [explained] = (await site.json("explain", "d1-north-L1"))["entries"]
    for name in ("net", "base", "hours", "formula", "terms", "agrees", "element", "rate_version"):
        assert explained[name] == entry[name]
    latest = (await site.get("/v1/board", plant="north"))["latest"]
    formulas = {(one["event_id"], one["entry_no"]): one["formula"] for one in latest}
    assert formulas["d1-north-L1", entry["entry_no"]] == entry["formula"]
    assert entry["formula"] in " ".join((await site.shown("explain", "d1-north-L1")).split())


REFUSED = [
    ({"plant": "nroth"}, 'plant "nroth" is not in the rate book; its plants: north, south'),
    ({"line": "L11"}, 'line "L11" is not in any plant; its lines are L1, L2'),
    ({"plant": "north", "line": "X"}, 'line "X" is not in plant "north"; its lines are L1, L2'),
    ({"product": "gadgte"}, 'product "gadgte" has neither a cost table nor figures'),
    ({"by": "colour"}, '"colour" is none of plant, line, product'),
    ({"element": "defekt"}, '"defekt" is none of defect, scrap'),
    ({"grain": "week"}, 'grain is hour, day or month; not "week"'),
    ({"from": "yesterday"}, '"yesterday" is not a date: write it as 2026-03-01'),
    ({"from": "2026-06-10", "to": "2026-06-01"}, "to (2026-06-01) must be after from (2026-06-10)"),
    ({"from": "0001-01-01"}, '"0001-01-01" is out of range: name a year from 1970 to 2199'),
    ({"month": "2026-13"}, '"2026-13" is not a month: write it as 2026-03'),
    ({"month": "2026-06-15"}, '"2026-06-15" is not a month: write it as 2026-03'),
    ({"period": "2026-13"}, '"2026-13" is not a month: write it as 2026-03'),
    ({"as": "guessed"}, '"guessed" is none of restated, first-reported'),
    ({"as_of": "2030-01-01T00:00"}, "as_of is in the future"),
    ({"currency": "XXX"}, "reporting currency"),
    ({"month": "2026-05", "before_to": "2026-05-20"}, "the windows overlap"),
    ({"before_to": "2026-01-01", "weeks": "2"}, "name the window before once"),
    ({"supplier": "S9"}, 'no entry has the supplier "S9"; there are none yet'),
    ({"category": "failure"}, '"failure" is none of'),
    ({"base": "revenu"}, 'revenue; did you mean "revenue"?'),
    ({"baseline": "2026-13"}, '"2026-13" is not a month: write it as 2026-03'),
    ({"stage": "S9"}, 'no entry has the stage "S9"; there are S2'),
]
"""What cannot be asked, and its words; each question is asked that has all of the parameters."""

OPTIONS = {"as_of": "as-of", "before_from": "before-from", "before_to": "before-to"}


async def test_every_question_refuses_in_the_same_words(site: Asked) -> None:
    paths = (await site.get("/openapi.json"))["paths"]
    known = {p: {q["name"] for q in paths[p]["get"]["parameters"]} for p in QUESTIONS}
    known["/v1/entries"] = known["/v1/entries"] - {"grain"} | {"month"}
    asked = 0
    for of, words in REFUSED:
        for path, command in QUESTIONS.items():
            if of.keys() <= known[path]:
                asked += 1
                said = await _refusal(site, path, of)
                assert words in said, (path, of, said)
                options = [w for n, v in of.items() for w in (f"--{OPTIONS.get(n, n)}", v)]
                shown = await site.shown(*command, *options, code=2)
                assert words in shown, (command, of, shown)
    assert asked > 40
    for of, words in REFUSED[:1] + REFUSED[10:11]:
        options = [w for n, v in of.items() for w in (f"--{n}", v)]
        assert words in await site.shown("verify", *options, code=2)
    for of, words in REFUSED[:3]:
        if "plant" in of:
            assert words in (await site.get("/v1/board", 422, **of))["detail"]


async def _refusal(site: Asked, path: str, of: dict[str, str]) -> str:
    if path == "/v1/entries" and "month" in of:
        of = {"grain": "month", "bucket": of["month"]}
    answer = await site.client.get(path, params=of)
    assert answer.status_code == 422, (path, of, answer.text)
    table = await site.client.get(path, params={**of, "format": "csv"})
    assert table.status_code == 422 and table.json() == answer.json(), (path, of)
    return str(answer.json()["detail"])
