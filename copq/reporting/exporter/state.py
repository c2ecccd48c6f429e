"""Figures without a window: open stops, waiting items, usual costs, budgets."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, localcontext

from copq.figures.sums import Key, Sums, by_line, merge_sums, regroup_sums
from copq.ledger.arithmetic import MONEY, quotient
from copq.ledger.figures import OTHER
from copq.ledger.money import digits
from copq.posting.open_stops import cost_by_stop
from copq.reporting.exporter import figures as f
from copq.reporting.exporter.converted import converted_samples
from copq.reporting.exporter.groups import group_samples
from copq.reporting.exporter.projects import project_samples
from copq.reporting.exporter.reading import LineKey, Reading
from copq.reporting.exporter.samples import Sample
from copq.reporting.exporter.windows import month_end

ZERO = Decimal(0)
MOST_STOPS = 1_000
"""The number of open stops with samples of their own, by machine and code."""


def state(reading: Reading) -> list[Sample]:
    """The samples as of the reading's instant, the shortest lists first."""
    with localcontext(MONEY):
        return [
            *_months(reading),
            *_clocks(reading),
            *_steps(reading),
            *converted_samples(reading.converted),
            *_budgets(reading),
            *(Sample(f.REJECTED, (code,), n) for code, n in reading.rejected.items()),
            *_unpriced(reading),
            *(Sample(f.HEARD, line, at.timestamp()) for line, at in reading.heard.items()),
            *_open_stops(reading),
            *_causes(reading),
            *_usual(reading),
            *(sample for of in reading.groups for sample in group_samples(of)),
            *(sample for of in reading.projects for sample in project_samples(of)),
            *_missing(reading),
        ]


def _months(reading: Reading) -> Iterator[Sample]:
    for plant, (start, _) in reading.spans["month"].items():
        calendar = reading.book.sites[plant].calendar
        end = month_end(calendar, calendar.bucket(start).day)
        yield Sample(f.MONTH, (plant,), (end - start).total_seconds())
        yield Sample(f.MONTH_PASSED, (plant,), (reading.now - start).total_seconds())


def _clocks(reading: Reading) -> Iterator[Sample]:
    """The offsets of plants: Prometheus has no time zones, so rules compute the plant's time
    from it."""
    for plant in reading.spans["month"]:
        zone = reading.book.sites[plant].calendar.zone
        offset = reading.now.astimezone(zone).utcoffset() or timedelta(0)
        yield Sample(f.UTC_OFFSET, (plant, zone.key), offset.total_seconds())


def _steps(reading: Reading) -> Iterator[Sample]:
    """The steps of each currency that a plant has or had, and of the reporting currency."""
    known = {name for site in reading.book.sites.values() for name in site.all_currencies()}
    for currency in sorted(known | {found.currency for found in reading.converted.values()}):
        yield Sample(f.STEP, (currency,), float(Decimal(1).scaleb(-digits(currency))))


def _causes(reading: Reading) -> Iterator[Sample]:
    for (plant, line), cause in reading.causes.items():
        kind = (cause.element, cause.stage or "", cause.defect_code or "", cause.work_unit or "")
        currency = reading.book.sites[plant].currency_at(reading.now)
        yield Sample(f.CAUSE, (plant, line, *kind, currency), float(cause.net))
        if cause.since is not None and cause.until is None:
            yield Sample(f.CAUSE_START, (plant, line), cause.since.timestamp())


def _budgets(reading: Reading) -> Iterator[Sample]:
    for (plant, line), amount in reading.targets.budgets.items():
        site = reading.book.sites.get(plant)
        if site is not None:
            yield Sample(f.BUDGET, (plant, line, site.currency_at(reading.now)), float(amount))


def _unpriced(reading: Reading) -> Iterator[Sample]:
    """A line whose worth is unknown has no worth: it is not zero."""
    counts: dict[LineKey, int] = defaultdict(int)
    for waiting in reading.unpriced:
        line = (waiting.plant, waiting.line)
        counts[line] += waiting.events
        if waiting.currency is None:
            yield Sample(f.UNPRICED_UNKNOWN, line, waiting.events)
        elif waiting.worth is not None:
            yield Sample(f.UNPRICED_WORTH, (*line, waiting.currency), float(waiting.worth))
    yield from (Sample(f.UNPRICED, line, n) for line, n in counts.items())


def _open_stops(reading: Reading) -> Iterator[Sample]:
    """Stops of one machine with one code are one: the earliest start, and the sum of costs.

    Beyond `MOST_STOPS`, the cheapest ones of each line are together in one.
    """
    costs = cost_by_stop(reading.accrued)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    total: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    began: dict[tuple[str, ...], float] = {}
    for open_stop in reading.open:
        stop = open_stop.stop
        line = reading.folding.line(open_stop.plant, open_stop.line)
        labels = (open_stop.plant, line, stop.work_unit or "", stop.defect_code or "")
        counts[open_stop.plant, line] += 1
        total[(*labels, stop.currency)] += costs.get(stop.event_id, ZERO)
        start = stop.started_at.timestamp()
        began[labels] = min(began.get(labels, start), start)
    if len(total) > MOST_STOPS:
        total, began = _fold_stops(total, began)
    yield from (Sample(f.OPEN_STOPS, line, n) for line, n in counts.items())
    yield from (Sample(f.STOP_COST, labels, float(cost)) for labels, cost in total.items())
    yield from (Sample(f.STOP_START, labels, at) for labels, at in began.items())


def _fold_stops(
    total: dict[tuple[str, ...], Decimal], began: dict[tuple[str, ...], float]
) -> tuple[dict[tuple[str, ...], Decimal], dict[tuple[str, ...], float]]:
    """The most expensive stops with their machine and code; the others of each line as one."""
    ranked = sorted(total, key=lambda labels: (-total[labels], labels))[:MOST_STOPS]
    own = {labels[:4] for labels in ranked}
    cost: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    first: dict[tuple[str, ...], float] = {}
    for labels, net in total.items():
        shown = labels[:4] if labels[:4] in own else (*labels[:2], OTHER, OTHER)
        cost[(*shown, labels[4])] += net
        first[shown] = min(first.get(shown, began[labels[:4]]), began[labels[:4]])
    return cost, first


def _usual(reading: Reading) -> Iterator[Sample]:
    """The mean of the weeks in which the line produced in that hour."""
    weeks: dict[Key, list[Sums]] = defaultdict(list)
    for parts in reading.usual.values():
        for key, sums in regroup_sums(merge_sums(parts), by_line).items():
            if sums.base > 0:
                weeks[key].append(sums)
    for (plant, line, _, currency), line_weeks in weeks.items():
        count = Decimal(len(line_weeks))
        cost = quotient(sum((s.failure for s in line_weeks), ZERO), count)
        base = quotient(sum((s.base for s in line_weeks), ZERO), count)
        yield Sample(f.USUAL_COST, (plant, line, currency), float(cost))
        yield Sample(f.USUAL_BASE, (plant, line, currency), float(base))


def _missing(reading: Reading) -> Iterator[Sample]:
    for plant, line in reading.heard:
        rate = reading.book.line_rate(plant, line, reading.now)
        if rate is None or rate.item.ideal_rate_per_minute is None:
            yield Sample(f.OEE_MISSING, (plant, line, "ideal_rate_per_minute"), 1)
