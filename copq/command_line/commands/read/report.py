"""`copq report`, `trailing`, `drivers` and `unpriced`: reading the ledger."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import read_answer
from copq.command_line.commands.read.figures import (
    LimitOption,
    money_or_dash,
    most_rows,
    share,
    show_notes,
    show_rest,
    show_rows,
    when,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import (
    EndOption,
    GroupingOption,
    GroupOption,
    JsonOption,
    LineOption,
    PlantOption,
    ProductOption,
)
from copq.command_line.terminal import fixed, money, one_of, out, print_json, table
from copq.figures import report as reporting
from copq.figures import unpriced as waiting
from copq.figures.answers import BASIS, basis_of_share
from copq.figures.basis import As, Basis
from copq.figures.drivers import Driver
from copq.figures.drivers_answer import DriversAnswer, DriversRequest, answer_drivers
from copq.figures.hints import say_empty
from copq.figures.report_answer import ReportAnswer, ReportRequest, answer_report
from copq.figures.share_bases import ShareBase
from copq.figures.trailing_answer import TrailingAnswer, TrailingRequest, answer_trailing
from copq.figures.trailing_rows import TrailingPart
from copq.ledger.figures import DIMENSIONS, Scope
from copq.posting.open_stops import OpenStop
from copq.rates.book import RateBook
from copq.schemas.bases import PRODUCTION_BASE
from copq.schemas.priced import ELEMENTS

ElementOption = Annotated[
    str | None,
    typer.Option(help=f"Only this element: {', '.join(ELEMENTS)}.", callback=one_of(ELEMENTS)),
]
ByOption = Annotated[
    str, typer.Option(help=f"A row for each, with commas: {', '.join(DIMENSIONS)}.")
]
ReportedOption = Annotated[
    str,
    typer.Option("--as", help="restated: as it is now; first-reported: as each month closed."),
]
AsOfOption = Annotated[str, typer.Option(help="The figures as of this instant: 2026-04-03T18:00.")]
BaseOption = Annotated[
    str,
    typer.Option(
        help="What percentages are of: cost of production, CoQ, or an imported base by month."
    ),
]
CurrencyOption = Annotated[
    str | None,
    typer.Option(help="Convert to the reporting currency, such as EUR."),
]


def report(
    grain: Annotated[str, typer.Option(help="hour, day or month.")] = "day",
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    element: ElementOption = None,
    by: ByOption = "plant,line",
    start: Annotated[
        str, typer.Option("--from", help="First day, month or hour: 2026-03-01, 2026-03-01T06:00.")
    ] = "",
    end: EndOption = "",
    reported: ReportedOption = As.RESTATED,
    as_of: AsOfOption = "",
    currency: CurrencyOption = None,
    base: BaseOption = PRODUCTION_BASE,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show COPQ by hour, production day or month, in money and as a share of production.

    Days and months are the plant's own. Without --from: the last 24 hours, 30 days, 12 months.

    Example: copq report --grain day --plant north --by line,product --from 2026-03-01
    Example: copq report --grain month --as first-reported
    Example: copq report --grain month --by group --grouping family
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[ReportAnswer, str]:
        request = ReportRequest(
            plant=plant, line=line, product=product, group=group, grouping=grouping,
            element=element, by=by, grain=grain,
            start=start, end=end, reported=reported, as_of=as_of, currency=currency, base=base,
        )  # fmt: skip
        most = most_rows(limit, as_json)
        found = await answer_report(conn, book, request, now, most, count=True)
        return found, "" if found.rows else await say_empty(conn, book, found.query)

    found, empty = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
        return
    query, zone = found.query, found.zone
    title = f"COPQ by {grain}, {_span(query, zone)}; {basis_text(query.basis, found.at, zone)}"
    if found.rows:
        show_rows(title, found.rows, query.by, found.base)
        _show_rest(found, found.base)
    else:
        out.print(f"{title}\n{empty}", markup=False, soft_wrap=True)
    basis = basis_of_share(found.base.name)
    show_notes(found.waiting, zone, found.lacks, query.basis.is_live, basis)


def _show_rest(part: ReportAnswer | TrailingPart, base: ShareBase) -> None:
    """How many rows are not shown, and what all of them come to."""
    if part.rows_total is None or part.rows_total == len(part.rows):
        return
    show_rest(len(part.rows), part.rows_total)
    for row in part.totals:
        copq = money_or_dash(row.money("copq"), row.currency)
        out.print(f"COPQ of all rows: {copq} {row.currency}, {share(base.of(row).value)} of base.")


def trailing(
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    element: ElementOption = None,
    by: ByOption = "plant,line",
    currency: CurrencyOption = None,
    base: BaseOption = PRODUCTION_BASE,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show COPQ of the last hour, 24 hours and 30 days, up to this instant: most expensive first.

    Example: copq trailing --plant north --by line
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[TrailingAnswer, str]:
        request = TrailingRequest(
            plant=plant, line=line, product=product, group=group, grouping=grouping,
            element=element, by=by, currency=currency, base=base,
        )  # fmt: skip
        found = await answer_trailing(conn, book, request, now, most_rows(limit, as_json))
        if any(window.rows for window in found.windows):
            return found, ""
        return found, await say_empty(conn, book, found.scope, "copq report")

    found, empty = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
        return
    for window in found.windows:
        _show_window(window, found.scope.by, found.zone, found.base)
    if empty:
        out.print(empty, markup=False, soft_wrap=True)
    show_notes(found.waiting, found.zone, found.lacks, basis=basis_of_share(found.base.name))


def _show_window(found: TrailingPart, by: tuple[str, ...], zone: tzinfo, base: ShareBase) -> None:
    start, end = when(found.start.astimezone(zone)), when(found.end.astimezone(zone))
    title = f"COPQ of the last {found.window.name}: after {start}, to {end}"
    if found.rows:
        show_rows(title, found.rows, by, base)
        _show_rest(found, base)
    else:
        out.print(f"{title}: nothing booked.")


def drivers(
    plant: PlantOption = None,
    line: LineOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    start: Annotated[str, typer.Option("--from", help="First production day: 2026-03-01.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last day.")] = "",
    top: Annotated[int, typer.Option(min=1, help="How many for each currency.")] = 10,
    currency: CurrencyOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what costs most: element, stage, defect code and, of stops, machine (Pareto).

    Without --from and --to: the last 30 days. Open stops count until now.

    Example: copq drivers --plant north --line L1 --from 2026-03-01 --to 2026-04-01 --top 5
    """
    request = DriversRequest(
        plant=plant, line=line, group=group, grouping=grouping, start=start, end=end,
        currency=currency,
    )  # fmt: skip

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[DriversAnswer, str]:
        found = await answer_drivers(conn, book, request, now, top)
        scope = Scope(request.plant, request.line)
        return found, "" if found.rows else await say_empty(conn, book, scope)

    found, empty = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
        return
    title = f"What costs most, production days {found.start} up to {found.end} (exclusive)"
    if found.rows:
        _show_drivers(title, found.rows)
        _show_other_drivers(found)
    else:
        out.print(f"{title}\n{empty}", markup=False, soft_wrap=True)
    show_notes(found.waiting, found.zone, found.lacks)


def _show_drivers(title: str, found: list[Driver]) -> None:
    words = ["element", "stage", "code", "machine", "currency"]
    rows = [
        (
            d.element, d.stage or "–", d.defect_code or "–", d.work_unit or "–", d.currency,
            money_or_dash(d.net, d.currency), share(d.share), share(d.cumulative_share),
            fixed(d.hours, 2), f"{d.quantity:,f}", str(d.entries),
        )
        for d in found
    ]  # fmt: skip
    numbers = ["net COPQ", "share of all losses", "with all above", "lost h", "units", "entries"]
    table(title, words + numbers, rows, left=len(words))


def _show_other_drivers(found: DriversAnswer) -> None:
    """How many losses are not shown, and what all of them come to."""
    for total in found.totals:
        shown = sum(driver.currency == total.currency for driver in found.rows)
        if shown < total.losses:
            net = money_or_dash(total.net, total.currency)
            out.print(
                f"{shown:,} of {total.losses:,} combinations are shown. All together: {net} "
                f"{total.currency}. To see all: --top {total.losses}"
            )


def unpriced(
    limit: LimitOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what is missing from the figures: unpriced events, waiting corrections, open stops.

    The worth of unpriced events is estimated with the nearest rate in time.

    Example: copq unpriced; then fix the rate file, and: copq rates import rates.yaml
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> Any:
        return await waiting.waiting_items(conn, book, now, most_rows(limit, as_json)), book, now

    found, book, now = read_answer(ask, database_url, data)
    if as_json:
        print_json({"at": now, **waiting.waiting_json(found)})
        return
    _show_unpriced(found.unpriced)
    if found.corrections:
        rows = [(c.event_id, c.corrects, when(c.occurred_at)) for c in found.corrections]
        table("Corrections that wait", ["correction", "of event", "at"], rows, left=3)
        show_rest(len(rows), found.corrections_total)
    if found.open_stops.stops:
        _show_open_stops(found.open_stops, book, now)


def _show_unpriced(part: waiting.UnpricedPart) -> None:
    groups = part.groups
    if not groups:
        out.print("Every event has its price.")
        return
    rows = [
        (g.reason, g.event_type, f"{g.plant}/{g.line}", when(g.since), _rates(g), f"{g.events:,}",
         _about(g.worth, g), _about(g.base, g) if g.base else "–")
        for g in groups
    ]  # fmt: skip
    words = ["why", "type", "of", "since", "nearest rate"]
    table("Events without a price", [*words, "events", "worth about", "base about"], rows, left=5)
    if part.groups_total > len(groups):
        show_rest(len(groups), part.groups_total)
        out.print(f"Events without a price: {part.events:,}, worth about {_worth(part)}.")
    out.print("An estimate, in no figure: each at the rate that is nearest in time.", style="dim")
    out.print("They are priced by themselves once the rates are there: copq rates import FILE")


def _worth(part: waiting.UnpricedPart) -> str:
    known = [f"{money(worth, currency)} {currency}" for currency, worth in part.worth.items()]
    return " + ".join([*known, *([f"{part.unknown:,} unknown"] if part.unknown else [])])


def _about(amount: Decimal | None, group: waiting.UnpricedGroup) -> str:
    if amount is None:
        return "unknown"
    some = f" + {group.unknown:,} unknown" if group.unknown else ""
    return f"{money(amount, group.currency or '')} {group.currency}{some}"


def _rates(group: waiting.UnpricedGroup) -> str:
    """Revision and effective date of the rates that replace the missing ones."""
    if group.nearest_from is None or group.nearest_to is None:
        return "none"
    first, last = group.first_version, group.last_version
    revisions = f"{first}" if first == last else f"{first} to {last}"
    start, end = f"{group.nearest_from:%Y-%m-%d}", f"{group.nearest_to:%Y-%m-%d}"
    return f"{revisions}, from {start if start == end else f'{start} … {end}'}"


def _show_open_stops(part: waiting.OpenStopsPart, book: RateBook, now: datetime) -> None:
    rows = [
        (*_stop_words(s.open, book, now), money(s.cost, s.open.stop.currency), s.open.stop.currency)
        for s in part.stops
    ]
    columns = ["stop", "of", "machine", "code", "since", "minutes", "cost so far", "currency"]
    table("Stops still open", columns, rows, left=5)
    if part.stops_total > len(rows):
        show_rest(len(rows), part.stops_total)
        cost = [f"{money(of, currency)} {currency}" for currency, of in part.cost.items()]
        out.print(f"Cost of all open stops so far: {' + '.join(cost)}.")
    out.print(f"Time that several stops share costs once. {BASIS}", style="dim")


def _stop_words(found: OpenStop, book: RateBook, now: datetime) -> tuple[str, ...]:
    stop, zone = found.stop, reporting.zone_of(book, found.plant)
    minutes = (now - stop.started_at) / timedelta(minutes=1)
    return (
        stop.event_id, f"{found.plant}/{found.line}", stop.work_unit or "–",
        stop.defect_code or "–", when(stop.started_at.astimezone(zone)), f"{minutes:,.0f}",
    )  # fmt: skip


def basis_text(basis: Basis, now: datetime, zone: tzinfo) -> str:
    if basis.as_of is not None:
        return f"the ledger as of {when(basis.as_of.astimezone(zone))}"
    if basis.reported is As.FIRST_REPORTED:
        return str(basis)
    return f"{basis}, as of {when(now.astimezone(zone))}"


def _span(query: reporting.ReportQuery, zone: tzinfo) -> str:
    edges = [query.start, query.end]
    said = [when(e.astimezone(zone) if isinstance(e, datetime) else e) if e else "" for e in edges]
    until = f" up to {said[1]} (exclusive)" if said[1] else ""
    calendar = "" if query.grain == "hour" else " (production days, each plant's own time)"
    return f"from {said[0]}{until}{calendar}"
