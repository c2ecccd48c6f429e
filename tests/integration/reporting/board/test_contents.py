"""What the board shows, as data: figures that agree, targets, alerts, and who may see it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.access.door import OpenDoor
from copq.groups.store import import_groups
from copq.ledger.figures import OTHER
from copq.rates.store import import_rates, load
from copq.reporting.board import contents, largest
from copq.reporting.board.targets import Aims, aims_of
from copq.schemas.groups import GroupFile
from copq.targets.book import ALL, TargetBook
from tests.support.building import book, defect, event, plant, post_events, production, rates, stop
from tests.support.reporting.api.asking import NOW, Api, RoleDoor, until_unchanged
from tests.support.reporting.api.shared_app import asking

LINES = ("L1", "L2", "L3")


class Clocked(Api):
    """With a clock and targets that the test sets."""

    now = NOW
    shares: dict[tuple[str | None, Any], Decimal]
    budgets: dict[str | None, Decimal]

    async def aims(self, conn: Any, plant: str, at: datetime) -> Aims:
        return Aims(self.shares, self.budgets)

    async def board(self, **asked: str) -> Any:
        return await self.get("/v1/board", **asked)


@pytest.fixture
async def site(database: str, conn: Any) -> AsyncIterator[Clocked]:
    found = Clocked(OpenDoor())
    found.shares, found.budgets = {}, {}
    async with asking(database, found, board=True, targets=found):
        yield found


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


async def fill(conn: Any) -> None:
    """L1 dear and at work, L2 cheap and silent for 50 minutes, L3 stopped for ten."""
    await import_rates(conn, rates(plant(lines=LINES)), "test", "test")
    events = [
        production("p1", ago(5), 100), defect("d1", ago(4), 8, defect_code="burr"),
        production("p2", ago(55), 100, line="L2"), defect("d2", ago(50), 1, line="L2"),
        defect("y1", ago(24 * 60 + 30), 2), defect("y2", ago(24 * 60 - 90), 9),
        stop("s1", ago(10), line="L1", work_unit="M1", defect_code="jam"),
        defect("m1", "2026-05-20T10:00:00+02:00", 3), defect("m2", "2026-06-20T10:00:00+02:00", 4),
    ]  # fmt: skip
    await post_events(conn, book(plant(lines=LINES)), events)


async def test_figures_agree_with_one_another_and_with_the_api(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.board()
    today = Decimal(said["today"]["copq"])
    assert today == 80 + 10 + 20
    assert sum(Decimal(hour["copq"]) for hour in said["hours"]) == today
    assert sum(Decimal(line["copq"]) for line in said["lines"]) == today
    [row] = (await site.get("/v1/copq", by="", plant="north", from_="2026-06-30"))["rows"]
    assert Decimal(row["copq"]) == today and row["copq_share"] == said["today"]["share"]
    assert [line["line"] for line in said["lines"]] == ["L1", "L2"]
    for bars in said["paretos"].values():
        assert sum(Decimal(bar["net"]) for bar in bars) == today
        assert Decimal(bars[-1]["cumulative_share"]) == 1


FIGURES = ("copq", "base", "units", "provisional")


async def test_the_board_of_all_groups_is_that_of_all_products(conn: Any, site: Clocked) -> None:
    """Each figure of the plant is the sum over its groups, with stops that are open."""
    await fill(conn)
    site.shares, site.budgets = {(None, "1h"): Decimal("0.0001")}, {None: Decimal(5)}
    more = [stop("s2", ago(20), line="L2", product="widget", defect_code="jam")]
    await post_events(conn, book(plant(lines=LINES)), more)
    item = {"plant": "north", "grouping": "family", "product": "widget", "group": "A"}
    file = GroupFile.model_validate({"groups": [item]})
    await import_groups(conn, file, await load(conn), "groups.csv", Actor("carla"))
    whole = await site.board()
    names = ["A", "no group"]
    assert whole["group_names"] == [{"grouping": "family", "group": name} for name in names]
    alone = [await site.board(group=name) for name in names]
    for part in ("hour", "today", "month"):
        for name in FIGURES:
            sums = [Decimal(said[part][name]) for said in alone]
            assert sum(sums) == Decimal(whole[part][name]), (part, name)
            assert sum(Decimal(s[part]["before"][name]) for s in alone) == Decimal(
                whole[part]["before"][name]
            )
    bars = [sum(Decimal(bar["net"]) for bar in said["paretos"]["cause"]) for said in alone]
    assert sum(bars) == Decimal(whole["today"]["copq"]) and all(bars)
    assert [[one["event_id"] for one in said["open_stops"]] for said in alone] == [["s2"], ["s1"]]
    latest = [{one["event_id"] for one in said["latest"]} for said in alone]
    assert latest[0] == {one["event_id"] for one in whole["latest"]} and latest[1] == set()
    assert whole["alerts"] and alone[0]["alerts"] == []
    assert alone[0]["today"]["target_share"] is None and alone[0]["month"]["budget"] is None
    why = await site.get("/why/today", plant="north", group="A")
    assert "group=A" in why["href"]


async def test_today_is_compared_with_yesterday_at_this_time(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.board()
    assert said["today"]["before"]["copq"] == "20"
    assert said["today"]["whole_day_before"]["copq"] == "110"
    assert said["hour"]["before"]["copq"] == "20"
    assert (said["month"]["copq"], said["month"]["before"]["copq"]) == ("260", "30")


async def test_the_month_is_compared_with_as_much_of_the_one_before(
    conn: Any, site: Clocked
) -> None:
    """NOW is the afternoon of the 30th: of 30 May what came in the evening is not counted."""
    await fill(conn)
    may = [defect("noon", "2026-05-30T12:00:00+02:00", 5),
           defect("evening", "2026-05-30T22:00:00+02:00", 7)]  # fmt: skip
    await post_events(conn, book(plant(lines=LINES)), may)
    before = (await site.board())["month"]
    assert before["before"]["copq"] == "80", "3 and 5 of 10 each"
    assert before["before_span"][1] == "2026-05-30T14:00:00+02:00"
    site.now = NOW + timedelta(hours=9)
    assert (await site.board())["month"]["before"]["copq"] == "150"


async def test_an_open_stop_tells_what_a_minute_adds(conn: Any, site: Clocked) -> None:
    await fill(conn)
    [open_stop] = (await site.board())["open_stops"]
    assert (open_stop["cost"], open_stop["per_minute"]) == ("20", "2")
    site.now = NOW + timedelta(minutes=5)
    [open_stop] = (await site.board())["open_stops"]
    assert open_stop["cost"] == "30"


async def test_without_a_target_none_is_missed(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.board()
    assert said["today"]["target_share"] is None and said["today"]["over"] is False
    assert not [alert for alert in said["alerts"] if alert["kind"] == "over"]


async def test_a_line_over_its_target_is_an_alert_and_others_are_not(
    conn: Any, site: Clocked
) -> None:
    await fill(conn)
    site.shares = {(None, "1h"): Decimal("0.03"), ("L1", "day"): Decimal("0.2")}
    said = await site.board()
    [over] = [alert for alert in said["alerts"] if alert["kind"] == "over"]
    assert over["text"] == (
        "Line L1, last hour: COPQ 10.0 % (target 3.0 %), 100 EUR; mostly burr at S2 since 13:56"
    )
    assert said["hour"]["over"] is True
    first, second = said["lines"]
    assert (first["target_share"], first["over"]) == ("0.2", False)
    assert second["target_share"] is None


async def over_text(site: Clocked) -> str:
    site.shares = {(None, "1h"): Decimal("0.001")}
    texts = [a["text"] for a in (await site.board())["alerts"] if a["kind"] == "over"]
    return str(next(text for text in texts if "Line L1," in text))


async def test_an_alert_names_the_stop_that_is_open_by_the_plants_clock(
    conn: Any, site: Clocked
) -> None:
    await fill(conn)
    long = stop("long", ago(90), work_unit="M2", defect_code="jam")
    await post_events(conn, book(plant(lines=LINES)), [long])
    assert (await over_text(site)).endswith("mostly jam on M2 since 12:30")


async def test_an_alert_names_no_beginning_of_what_was_there_before(
    conn: Any, site: Clocked
) -> None:
    await fill(conn)
    await post_events(
        conn, book(plant(lines=LINES)), [defect("old", ago(100), 1, defect_code="burr")]
    )
    assert (await over_text(site)).endswith("; mostly burr at S2")


async def test_the_main_cause_is_the_dearest_by_what_stands_in_the_window(
    conn: Any, site: Clocked
) -> None:
    """A stop that has ended counts for its part in the window, a voided event for nothing."""
    await fill(conn)
    site_book = book(plant(lines=LINES))
    ended = stop("ended", ago(100), ago(15), work_unit="M3", defect_code="leak")
    await post_events(conn, site_book, [ended, defect("wrong", ago(2), 50, defect_code="crack")])
    assert (await over_text(site)).endswith("mostly crack at S2 since 13:58")
    void = event("correction", "c1", occurred_at=ago(1), corrects="wrong", reason="counted twice")
    await post_events(conn, site_book, [void])
    assert (await over_text(site)).endswith("mostly leak on M3, 12:20 to 13:45")


async def test_a_cause_that_is_over_is_no_cause_since(conn: Any, site: Clocked) -> None:
    """Nobody runs to a machine that has run for half an hour."""
    await fill(conn)
    early = [defect(f"e{n}", ago(45 - n), 40, line="L1", defect_code="dent") for n in range(5)]
    await post_events(conn, book(plant(lines=LINES)), early)
    assert (await over_text(site)).endswith("mostly dent at S2, 13:15 to 13:19")
    once = [defect("once", ago(30), 900, line="L1", defect_code="tear")]
    await post_events(conn, book(plant(lines=LINES)), once)
    assert (await over_text(site)).endswith("mostly tear at S2 at 13:30")
    lately = [defect("lately", ago(9), 1, line="L1", defect_code="tear")]
    await post_events(conn, book(plant(lines=LINES)), lately)
    assert (await over_text(site)).endswith("mostly tear at S2 since 13:30")


async def test_the_dearest_line_is_told_first_with_or_without_a_base(
    conn: Any, site: Clocked
) -> None:
    await fill(conn)
    jam = defect("jam", ago(3), 50, line="L3", defect_code="jam")
    await post_events(conn, book(plant(lines=LINES)), [jam])
    site.shares = {(None, "1h"): Decimal("0.001")}
    told = (await site.board())["alerts"]
    assert [(alert["kind"], alert["line"]) for alert in told if alert["level"] == "critical"] == [
        ("no_base", "L3"), ("over", "L1"), ("over", "L2")
    ]  # fmt: skip
    assert told[0]["text"] == (
        "Line L3, last hour: 500 EUR and no production, so no percentage; "
        "mostly jam at S2 since 13:57"
    )


def test_a_lines_target_of_the_last_hour_counts_there_alone() -> None:
    set_ = TargetBook(
        {
            ("north", ALL, ALL, ALL): Decimal("0.03"),
            ("north", "L2", ALL, "1h"): Decimal("0.6"),
        }
    )
    aims = aims_of(set_, "north")
    assert aims.share("L2", "1h") == Decimal("0.6")
    assert aims.share("L2", "hour") == aims.share("L1", "1h") == Decimal("0.03")


async def test_silent_lines_are_one_sentence(conn: Any, site: Clocked) -> None:
    await fill(conn)
    site.now = NOW + timedelta(hours=2)
    await post_events(conn, book(plant(lines=LINES)), [production("p9", ago(20), 1, line="L3")])
    [silent] = [a for a in (await site.board())["alerts"] if a["kind"] == "silent"]
    assert silent["text"] == "2 lines have sent nothing, the first since 13:10"
    assert [(part["text"], part["line"]) for part in silent["parts"]] == [
        ("Line L2 has sent nothing since 13:10 (170 min)", "L2"),
        ("Line L3 has sent nothing since 13:40 (140 min)", "L3"),
    ]


async def test_a_line_is_looked_for_in_the_plant_that_is_shown(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.get("/v1/board", 422, line="L9")
    assert 'line "L9" is not in plant "north"' in said["detail"]


async def test_a_target_of_the_last_hour_is_not_one_of_an_hour_by_the_clock(
    conn: Any, site: Clocked
) -> None:
    """As the exporter has it, so that board and alerts agree on whether a line is over."""
    await fill(conn)
    site.shares = {(None, "1h"): Decimal("0.6"), (None, "hour"): Decimal("0.03")}
    said = await site.board()
    assert (said["hour"]["target_share"], said["hour"]["over"]) == ("0.6", False)
    assert not [alert for alert in said["alerts"] if alert["kind"] == "over"]
    assert any(hour["over"] for hour in said["hours"])


async def test_a_silent_line_is_told_and_a_stopped_one_is_not(conn: Any, site: Clocked) -> None:
    await fill(conn)
    silent = [a["text"] for a in (await site.board())["alerts"] if a["kind"] == "silent"]
    assert silent == ["Line L2 has sent nothing since 13:10 (50 min)"]


async def test_what_has_no_price_is_told(conn: Any, site: Clocked) -> None:
    await fill(conn)
    await post_events(
        conn, book(plant(lines=LINES)), [defect("u", ago(3), product="gadget", line="L1")]
    )
    [told] = [a["text"] for a in (await site.board())["alerts"] if a["kind"] == "unpriced"]
    assert told.startswith(
        '1 event has no price; the figures lack it (its cost is unknown): product "gadget"'
    )
    other = defect("u2", ago(2), product="gizmo", line="L2")
    await post_events(conn, book(plant(lines=LINES)), [other])
    [both] = [a["text"] for a in (await site.board())["alerts"] if a["kind"] == "unpriced"]
    assert both.startswith("2 events have no price") and both.endswith(": 2 reasons")
    found = (await site.board(line="L2"))["alerts"]
    [of_line] = [a["text"] for a in found if a["kind"] == "unpriced"]
    assert of_line.startswith("1 event has no price") and 'product "gizmo"' in of_line


async def test_alerts_are_ranked_by_money(conn: Any, site: Clocked) -> None:
    """L1 costs 100 in the last hour; then L2 costs more."""
    await fill(conn)
    site.shares = {(None, "1h"): Decimal("0.001")}

    async def over() -> list[str]:
        return [a["line"] for a in (await site.board())["alerts"] if a["kind"] == "over"]

    assert await over() == ["L1", "L2"]
    await post_events(conn, book(plant(lines=LINES)), [defect("dear", ago(2), 50, line="L2")])
    assert await over() == ["L2", "L1"]


async def test_an_alert_is_of_the_line_that_is_shown_and_opens_every_reason(
    conn: Any, site: Clocked
) -> None:
    await fill(conn)
    strange = [
        defect("u1", ago(3), product="gadget"), defect("u2", ago(2), product="gadget"),
        defect("u3", ago(1), stage="S9"),
    ]  # fmt: skip
    await post_events(conn, book(plant(lines=LINES)), strange)
    [told] = [a for a in (await site.board())["alerts"] if a["kind"] == "unpriced"]
    assert told["text"].startswith("3 events have no price") and told["text"].endswith("2 reasons")
    first, second = told["parts"]
    assert first["text"].startswith('2 of line L1 since 13:57: product "gadget"')
    assert second["text"].startswith("1 of line L1 since 13:59: ") and '"S9"' in second["text"]
    assert first["line"] == second["line"] == "L1"
    other = (await site.board(line="L2"))["alerts"]
    assert not [alert for alert in other if alert["kind"] == "unpriced"]


async def test_refused_messages_are_told_by_why(conn: Any, site: Clocked) -> None:
    await fill(conn)
    await conn.execute(
        "insert into copq.rejected (code, field, message, size, payload, rejected_at) "
        "select 'missing', unnest(array['line', 'plant', 'plant']), 'is missing', 2, '{}', $1",
        NOW - timedelta(hours=1),
    )
    [told] = [a for a in (await site.board())["alerts"] if a["kind"] == "rejected"]
    assert told["text"].startswith("3 messages were refused in the last 24 hours")
    assert [part["text"] for part in told["parts"]] == [
        "2 × missing, field plant", "1 × missing, field line",
    ]  # fmt: skip


async def test_what_a_figure_is_compared_with_has_its_entries(conn: Any, site: Clocked) -> None:
    """The span that is said adds up to the figure."""
    await fill(conn)
    said = await site.board()
    for name in ("hour", "today", "month"):
        start, end = said[name]["before_span"]
        found = await site.get("/v1/entries", plant="north", category="copq", from_=start, to=end)
        assert found["totals"][0]["net"] == said[name]["before"]["copq"], name


async def test_a_past_day_is_whole_and_has_no_last_hour(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.board(day="2026-06-29")
    assert (said["live"], said["hour"], said["today"]["copq"]) == (False, None, "110")
    assert said["as_of"] == "2026-06-30T06:00:00+02:00"
    assert said["month"]["copq"] == "150"
    assert not [alert for alert in said["alerts"] if alert["kind"] == "silent"]


async def test_a_day_to_come_is_refused(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.get("/v1/board", 422, day="2026-07-01")
    assert said["detail"] == "the production day 2026-07-01 has not begun; today is 2026-06-30"


async def test_one_line_alone(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.board(line="L2")
    assert said["today"]["copq"] == "10" and said["open_stops"] == []
    assert [line["line"] for line in said["lines"]] == ["L2"]
    assert {entry["line"] for entry in said["latest"]} == {"L2"}


async def test_without_a_plant_it_is_that_of_the_newest_figures(conn: Any, site: Clocked) -> None:
    sites = plant(), plant("south", "America/Chicago", currency="USD")
    await import_rates(conn, rates(*sites), "test", "test")
    assert (await site.board())["plant"] == "north"
    await post_events(conn, book(*sites), [defect("d", ago(5), plant="south")])
    said = await site.board()
    assert (said["plant"], said["currency"], said["today"]["copq"]) == ("south", "USD", "10")


async def test_without_rates_it_is_empty(site: Clocked) -> None:
    assert (await site.board())["empty"] == "rates"


async def test_nothing_new_is_no_answer_and_an_event_is_one(conn: Any, site: Clocked) -> None:
    await fill(conn)
    asked = await until_unchanged(site.client, "/v1/board")
    assert (await site.client.get("/v1/board?line=L1", headers=asked)).status_code == 200
    await post_events(conn, book(plant(lines=LINES)), [defect("new", ago(1))])
    second = await site.client.get("/v1/board", headers=asked)
    assert second.json()["latest"][0]["event_id"] == "new"


async def test_the_page_asks_for_a_token_and_refuses_an_operators(site: Clocked) -> None:
    site.door = RoleDoor()
    to_login = await site.client.get("/?plant=north")
    assert to_login.status_code == 303
    assert to_login.headers["location"] == "/login?next=%2F%3Fplant%3Dnorth"
    for path in ("/", "/v1/board"):
        refused = await site.client.get(path, headers={"authorization": "Bearer operator"})
        assert refused.status_code == 403 and "EUR" not in refused.text
    shown = await site.client.get("/", headers={"authorization": "Bearer manager"})
    assert shown.status_code == 200 and "<main" in shown.text


async def test_the_page_may_load_from_nowhere_else(site: Clocked) -> None:
    for path in ("/", "/board/app.js", "/board/vendor/uplot.js"):
        policy = (await site.client.get(path)).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy


async def test_budgets_of_the_plant_and_of_a_line(conn: Any, site: Clocked) -> None:
    """NOW is the 30th of June at 14:00: all but 16 hours of the month are over."""
    await fill(conn)
    site.budgets = {None: Decimal("250"), "L1": Decimal("1000")}
    said = await site.board()
    assert said["month"]["budget"] == {
        "amount": "250", "used": "1.04", "gone": "0.9778", "over": True
    }  # fmt: skip
    budgets = {line["line"]: line["budget"] for line in said["lines"]}
    assert budgets["L1"]["used"] == "0.25" and budgets["L2"] is None
    assert (await site.board(line="L1"))["month"]["budget"]["amount"] == "1000"
    assert (await site.board(line="L2"))["month"]["budget"] is None


def test_budgets_are_those_of_the_plant() -> None:
    book = TargetBook({}, {("north", ALL): Decimal(9), ("north", "L1"): Decimal(4),
                           ("south", ALL): Decimal(7)})  # fmt: skip
    assert aims_of(book, "north").budgets == {None: Decimal(9), "L1": Decimal(4)}


async def test_without_a_base_there_is_a_target_share_and_no_target(
    conn: Any, site: Clocked
) -> None:
    await import_rates(conn, rates(plant(lines=LINES)), "test", "test")
    await post_events(conn, book(plant(lines=LINES)), [defect("d", ago(4), 8)])
    site.shares = {(None, name): Decimal("0.03") for name in ("1h", "hour", "day", "month")}
    said = await site.board()
    for name in ("hour", "today", "month"):
        assert (said[name]["target_share"], said[name]["target"]) == ("0.03", None), name
    [hour] = [hour for hour in said["hours"] if hour["known"]]
    assert (hour["target_share"], hour["target"], hour["copq"]) == ("0.03", None, "80")


async def test_what_has_no_figures_is_not_known(conn: Any, site: Clocked) -> None:
    await fill(conn)
    said = await site.board()
    l1, l2 = said["lines"]
    assert (l1["known"], l1["before"]["known"]) == (True, True)
    assert (l2["known"], l2["before"]["known"]) == (True, False)
    assert said["hours"][0]["known"] is False and said["today"]["known"] is True


async def test_a_cause_names_the_code_and_the_machine(conn: Any, site: Clocked) -> None:
    await fill(conn)
    jam = stop("s2", ago(90), ago(80), line="L2", work_unit="PAL", defect_code="UNP-ELEC")
    await post_events(conn, book(plant(lines=LINES)), [jam, defect("bare", ago(70), 20)])
    paretos = (await site.board())["paretos"]
    causes = [tuple(bar["of"].values()) for bar in paretos["cause"]]
    assert causes[0] == ("defect", None, None, "S2")
    assert ("downtime", "UNP-ELEC", "PAL", None) in causes
    codes = [bar["of"]["defect_code"] for bar in paretos["defect_code"]]
    assert codes == ["burr", "UNP-ELEC", "jam", None], "the largest has no code, and comes last"
    assert Decimal(paretos["defect_code"][-1]["cumulative_share"]) == 1


async def test_the_latest_leave_out_what_a_correction_took_back(conn: Any, site: Clocked) -> None:
    await fill(conn)
    void = event("correction", "v", occurred_at=ago(1), corrects="d1", reason="wrong line")
    await post_events(conn, book(plant(lines=LINES)), [void])
    latest = (await site.board())["latest"]
    assert "d1" not in {entry["event_id"] for entry in latest}
    assert all(Decimal(entry["net"]) > 0 for entry in latest) and latest


async def test_the_example_is_an_event_that_gets_a_price(conn: Any, site: Clocked) -> None:
    await import_rates(conn, rates(plant(lines=LINES)), "test", "test")
    example = (await site.board())["example"]
    assert example == {"line": "L1", "product": "widget", "stage": "S2"}
    assert (await site.board(line="L3"))["example"]["line"] == "L3"


async def test_many_lines_are_summed_where_they_are_kept(
    site: Clocked, conn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(conn)
    await post_events(conn, book(plant(lines=LINES)), [defect("x1", ago(3), 2, line="L3")])
    site.shares = {(line, "1h"): Decimal("0.0001") for line in (None, *LINES)}
    whole = await site.board(plant="north")
    monkeypatch.setattr(largest, "LINES", 2)
    read: list[int] = []
    of_hours = contents._hours

    async def counted(*asked: Any) -> Any:
        found = await of_hours(*asked)
        read.append(len({row.dims["line"] for row in found}))
        return found

    monkeypatch.setattr(contents, "_hours", counted)
    folded = await site.board(plant="north")
    # The most expensive line, which also stands still, and the others as one.
    assert [line["line"] for line in folded["lines"]] == ["L1", OTHER]
    assert read == [2], "Postgres has summed the others"
    for part in ("hour", "today", "month", "hours", "paretos", "latest", "newest", "kpis"):
        assert folded[part] == whole[part], part
    shown = [(alert["kind"], alert["line"]) for alert in folded["alerts"]]
    assert shown == [("over", "L1"), ("no_base", "L3"), ("silent", "L2")], "the two most expensive"
