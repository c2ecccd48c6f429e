"""The cost-of-quality report as it is asked for."""

from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from asyncpg import Connection

from copq.bases.store import base_names
from copq.currencies.store import check_reporting
from copq.figures.basis import As, basis_of
from copq.figures.edges import bounds, dimensions, instant, month_of
from copq.figures.report import ReportQuery, first_month, zone_of
from copq.figures.requests import GroupedRequest, check_choice
from copq.periods.period import month_after, month_before, year_before
from copq.rates.book import RateBook
from copq.schemas.bases import OWN_BASES, PRODUCTION_BASE
from copq.schemas.names import canonical

CUTS = ("plant", "line", "product", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoqRequest(GroupedRequest):
    """Of months [start, end). `base` are names with commas, `baseline` is a month.

    Without a baseline the return on quality is against the month before. `reported` and `as_of`
    select the basis, as in a report.
    """

    by: str = "plant"
    start: str = ""
    end: str = ""
    base: str = PRODUCTION_BASE
    baseline: str = ""
    reported: str = As.RESTATED
    as_of: str = ""
    currency: str | None = None

    async def query(self, conn: Connection, book: RateBook, now: datetime) -> "CoqQuery":
        """Raises `ValueError` on a name, month, base, basis or currency that is not possible."""
        await self.check_names(conn, book)
        by = tuple(dict.fromkeys(dimensions(self.by)))
        for name in by:
            check_choice(name, CUTS)
        await check_reporting(conn, self.currency)
        zone = zone_of(book, self.plant)
        first, last = bounds(self.start, self.end, "month", zone, now)
        return CoqQuery(
            ReportQuery(
                self.plant, self.line, self.product, by=tuple(dict.fromkeys(("plant", *by))),
                grain="month", start=first_month(first), end=last, currency=self.currency,
                basis=basis_of(self.reported, instant(self.as_of, zone), now),
                group=self.group, grouping=await self.chosen_grouping(conn, by),
            ),
            by, await bases_asked(conn, self.base), month_of(self.baseline), zone,
        )  # fmt: skip


async def bases_asked(conn: Connection, names: str) -> tuple[str, ...]:
    """The names of bases in a text with commas. Raises `ValueError` on one that is not known."""
    known = (*OWN_BASES, *await base_names(conn))
    asked = tuple(dict.fromkeys(canonical(name) for name in dimensions(names)))
    for name in asked:
        check_choice(name, known)
    if not asked:
        raise ValueError(f"base names no base: {', '.join(known)}")
    return asked


@dataclass(frozen=True, slots=True)
class CoqQuery:
    """The months and filter, the cuts that are shown, the bases, and the month of the baseline."""

    shown: ReportQuery
    by: tuple[str, ...]
    bases: tuple[str, ...]
    baseline: date | None
    zone: tzinfo

    @property
    def read(self) -> ReportQuery:
        """The months to read: those shown, those of the year before, and the baseline."""
        assert isinstance(self.shown.start, date)
        start, end = year_before(self.shown.start), self.shown.end
        if self.baseline is not None:
            start = min(start, self.baseline)
            end = None if end is None else max(end, month_after(self.baseline))
        return replace(self.shown, start=start, end=end)

    @property
    def whole(self) -> ReportQuery:
        """The months that are shown, by plant."""
        grouping = self.shown.grouping if self.shown.group is not None else None
        return replace(self.shown, by=("plant",), grouping=grouping)

    def baseline_of(self, month: date) -> date:
        """What the return on quality of a month is against."""
        return self.baseline or month_before(month)

    @property
    def is_split(self) -> bool:
        """Whether the cuts are parts of plants and groups."""
        return "line" in self.by or "product" in self.by

    @property
    def by_product(self) -> bool:
        """Whether all of it is of some products, which have no budget."""
        return "product" in self.by or self.shown.product is not None or self.by_group

    @property
    def by_group(self) -> bool:
        return "group" in self.by or self.shown.group is not None

    @property
    def is_filtered(self) -> bool:
        """Whether all of it is a part of a plant or group."""
        return self.shown.line is not None or self.shown.product is not None
