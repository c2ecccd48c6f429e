"""The tyre valves' day of rejects next to its published figures."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from asyncpg import Connection

from copq.command_line.commands.read.figures import share
from copq.command_line.demo.telling import print_command, print_heading, remark, say
from copq.command_line.terminal import money, table
from copq.figures.report import ReportQuery, report
from copq.ledger.arithmetic import quotient
from copq.ledger.figures import ReportRow
from copq.rates.book import RateBook

PLANT, DAY, NEXT = "mysuru", date(2017, 3, 6), date(2017, 3, 7)


class Figures(NamedTuple):
    """Figures of one day in INR; `net` is after the allowance, rejections are before it."""

    production_rejection: Decimal
    customer_rejection: Decimal
    net: Decimal
    base: Decimal

    @property
    def share(self) -> Decimal:
        return quotient(self.net, self.base)


# R. Jagadeesh, Model for calculating cost of poor quality, SDMIMD 2017, figure 13.
PUBLISHED = Figures(
    production_rejection=Decimal("2706.27"),
    customer_rejection=Decimal("14292.00"),
    net=Decimal("16940.47"),
    base=Decimal("10684339.32"),
)


async def show_day(conn: Connection, book: RateBook, data: str) -> None:
    print_heading("The tyre valves' day, next to the published figures")
    span = f"--from {DAY} --to {NEXT}"
    print_command(f"copq report --grain day --plant {PLANT} --by category {span} --data {data}")
    say(f"TR29, plant {PLANT}, production day {DAY} from 06:00 (Asia/Kolkata), in INR:")
    ours = await _figures(conn, book)
    names = ("production rejection", "customer rejection", "net COPQ", "base: cost of production")
    rows = [
        (name, money(here, "INR"), money(there, "INR"), _difference(here, there))
        for name, here, there in zip(names, ours, PUBLISHED, strict=True)
    ]
    rows.append(("COPQ %", share(ours.share), share(PUBLISHED.share), ""))
    table("", ["", "copq", "published", "difference"], rows)
    remark(
        "The published sheet computed with rates that it shows rounded; copq has the rounded ones. "
        "Net COPQ is both rejections less the 0.34 % that the process is allowed."
    )


async def _figures(conn: Connection, book: RateBook) -> Figures:
    query = ReportQuery(PLANT, by=("category",), start=DAY, end=NEXT)
    found = await report(conn, book, query, datetime.now(UTC))
    rows = {row.dims["category"]: row for row in found}
    internal, external = rows["internal_failure"], rows["external_failure"]
    net = internal.copq + external.copq
    return Figures(_rejection(internal), _rejection(external), net, internal.base)


def _rejection(row: ReportRow) -> Decimal:
    return row.gross - row.recovered


def _difference(ours: Decimal, theirs: Decimal) -> str:
    return "none" if ours == theirs else f"{quotient(ours - theirs, theirs) * 100:+.2f} %"
