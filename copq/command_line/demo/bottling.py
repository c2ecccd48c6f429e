"""What the bottling plant's manager asks: what did it cost, where, why, and is it better today?"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from asyncpg import Connection

from copq.command_line.commands.read.figures import share
from copq.command_line.demo.costs import Cost, costs, total
from copq.command_line.demo.telling import print_command, print_heading, remark, say
from copq.command_line.terminal import money, table
from copq.figures.drivers import Days, Driver, drivers
from copq.figures.report import ReportQuery
from copq.rates.book import RateBook
from copq.rates.store import load

PLANT = "bottling"
ZONE = ZoneInfo("America/New_York")
# The log runs from 1 June to 14 June, midnight to midnight. The plant's days start at 06:00, so
# its first six hours belong to 31 May, and its last day lacks six.
FIRST, LAST = date(2025, 5, 31), date(2025, 6, 14)
UNTIL = LAST + timedelta(days=1)
LAST_WHOLE = LAST - timedelta(days=1)
LOG_ENDS = datetime(2025, 6, 15, tzinfo=ZONE)
TODAY_FROM = datetime(2025, 6, 14, 6, tzinfo=ZONE)
DAY = timedelta(days=1)
TOP = 5
BAR = 10
WINDOW = f"Plant {PLANT}, 1 to 14 June 2025 (America/New_York), all of the log, in USD:"


async def show_fortnight(conn: Connection, book: RateBook, data: str, by: str) -> None:
    """Show COPQ of the whole log by line or by product, and of the plant."""
    print_heading(f"What the fortnight cost, by {by}")
    print_command(
        f"copq report --grain month --plant {PLANT} --by {by} --from 2025-05 --data {data}"
    )
    say(WINDOW)
    query = ReportQuery(PLANT, by=(by,), grain="month", start=date(2025, 5, 1))
    found = await costs(conn, book, query)
    rows = [*found.items(), (f"all {by}s", total(found.values()))]
    columns = [by, "COPQ", "COPQ %", "rejects", "stops", "base"]
    table("", columns, [(name, *_figures(cost)) for name, cost in rows])


def _usd(amount: Decimal) -> str:
    return money(amount, "USD")


def _figures(cost: Cost) -> tuple[str, ...]:
    return (
        _usd(cost.copq), share(cost.share), _usd(cost.rejects), _usd(cost.stops),
        _usd(cost.base),
    )  # fmt: skip


def show_basis() -> None:
    """Explain the basis of the figures."""
    remark(
        "COPQ is failure alone: rejected units at their stage cost, unplanned stops at the line's "
        "rate. The base is cost of production: units that left the line × their full cost. "
        "COPQ % is COPQ / base, a sum over a sum. An estimate at standard rates, for finance to "
        "reconcile. The command shows two months: the plant's days start at 06:00, so the log's "
        "first six hours belong to 31 May."
    )
    say(
        "! The line rate is illustrative: the log publishes none, so a stopped minute is taken to "
        "cost 12 USD. That is why stops weigh so much. Put your own into the rate file."
    )


async def show_drivers(conn: Connection, data: str) -> None:
    """Show the most expensive combinations as bars."""
    print_heading(f"The worst {TOP} drivers")
    span = f"--from {FIRST} --to {UNTIL}"
    print_command(f"copq drivers --plant {PLANT} {span} --top {TOP} --data {data}")
    days = Days(FIRST, UNTIL, PLANT)
    found = await drivers(conn, await load(conn), days, datetime.now(UTC), TOP)
    say(WINDOW)
    rows = [_driver(driver, found.drivers[0].loss) for driver in found.drivers]
    table("", ["driver", "", "COPQ", "share", "cumulative"], rows, left=2)


def _driver(driver: Driver, worst: Decimal) -> tuple[str, ...]:
    return (
        _driver_name(driver), _bar(driver.loss / worst), _usd(driver.loss), share(driver.share),
        share(driver.cumulative_share),
    )  # fmt: skip


def _driver_name(driver: Driver) -> str:
    if driver.element == "downtime":
        return f"{driver.defect_code}, {driver.work_unit} ({driver.hours:,.2f} h)"
    return f"rejects, {driver.stage} ({driver.quantity:,.0f})"


def _bar(part: Decimal) -> str:
    return "█" * max(1, round(part * BAR))


async def show_today(conn: Connection, book: RateBook, data: str) -> None:
    """Compare the log's last production day with the same hours of the day before."""
    print_heading("Today against yesterday")
    span = f"--from {LAST - DAY} --to {UNTIL}"
    print_command(f"copq report --grain day --plant {PLANT} --by line {span} --data {data}")
    say(
        "Today is 14 June, the log's last production day. The log has 18 of its hours, so both "
        f"days count from 06:00 to 24:00 (America/New_York). Plant {PLANT}, in USD:"
    )
    today = await _hours(conn, book, TODAY_FROM, LOG_ENDS)
    yesterday = await _hours(conn, book, TODAY_FROM - DAY, LOG_ENDS - DAY)
    pairs = [(line, today[line], yesterday[line]) for line in today]
    pairs.append(("all lines", total(today.values()), total(yesterday.values())))
    columns = ["line", "today", "COPQ %", "yesterday", "COPQ %", "difference", "in %"]
    table("", columns, [(line, *_comparison_row(now, before)) for line, now, before in pairs])
    say(_verdict(pairs[-1][1], pairs[-1][2]))


async def _hours(
    conn: Connection, book: RateBook, start: datetime, end: datetime
) -> dict[str, Cost]:
    query = ReportQuery(PLANT, by=("line",), grain="hour", start=start, end=end)
    return await costs(conn, book, query)


def _comparison_row(now: Cost, before: Cost) -> tuple[str, ...]:
    change = now.copq - before.copq
    return (
        _usd(now.copq), share(now.share), _usd(before.copq), share(before.share),
        _signed_usd(change), f"{change / before.copq * 100:+.1f} %",
    )  # fmt: skip


def _signed_usd(change: Decimal) -> str:
    return f"{'-' if change < 0 else '+'}{_usd(abs(change))}"


def _verdict(now: Cost, before: Cost) -> str:
    change, made = now.copq - before.copq, now.base - before.base
    less = "less" if change < 0 else "more"
    return (
        f"Today cost {_usd(abs(change))} USD {less} than yesterday in the same hours; production "
        f"was worth {_usd(abs(made))} USD {'less' if made < 0 else 'more'}. "
        f"COPQ went from {share(before.share)} to {share(now.share)} of cost of production."
    )
