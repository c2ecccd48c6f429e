"""The question for a portfolio of projects: which projects, which months, which benefits count."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from asyncpg import Connection

from copq.figures.edges import day_of, dimensions, in_order
from copq.figures.names import check_names
from copq.figures.requests import check_choice, spell
from copq.improvement.evidence.discoveries import RATE
from copq.improvement.projects.plan import BenefitType
from copq.improvement.savings.portfolio import COUNTED
from copq.rates.book import RateBook

TYPES = tuple(str(one) for one in BenefitType)


@dataclass(frozen=True, slots=True)
class PortfolioQuery:
    """The months [start, end) of projects; without a start from the first one, and without an end
    up to the month that runs in the plant. `counted` are the types in sums and returns. Of the
    savings that are discoveries, on average at most `false_discoveries` are false.
    """

    plant: str | None
    owner: str | None
    type: BenefitType | None
    start: date | None
    end: date | None
    counted: tuple[BenefitType, ...]
    false_discoveries: Decimal = RATE

    def end_in(self, plant: str, book: RateBook, now: datetime) -> date:
        """The first month of a plant that is not asked for."""
        if self.end is not None:
            return self.end
        return day_in(book, plant, now).replace(day=1)

    @property
    def basis(self) -> str:
        """What the sums are of, in a sentence."""
        names = " and ".join(str(one).replace("_", " ") for one in self.counted)
        return (
            f"Sums, ROI, payback, NPV and IRR count {names} savings alone, once finance has "
            "validated them; realised savings are those of all types. ROI, payback, NPV and IRR "
            "are of all months before the end; in-year effect, carry-over and run rate are never "
            "added."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRequest:
    """Of a plant, an owner and a benefit type; months as 2026-03.

    `count` names the types that count, with commas: else the type that is asked for, else what is
    hard. `false_discoveries` is a share, such as 0.05.
    """

    plant: str | None = None
    owner: str | None = None
    type: str | None = None
    start: str = ""
    end: str = ""
    count: str = ""
    false_discoveries: str = ""

    def __post_init__(self) -> None:
        spell(self, "plant", "owner")

    async def query(
        self, conn: Connection, book: RateBook, owners: tuple[str, ...]
    ) -> PortfolioQuery:
        """Raises `ValueError` on an unknown name, or months or a share that are not possible."""
        await check_names(conn, book, self.plant)
        check_choice(self.owner, owners)
        check_choice(self.type, TYPES)
        start, end = day_of(self.start), day_of(self.end)
        in_order(start, end)
        for text, day in ((self.start, start), (self.end, end)):
            if day is not None and day.day != 1:
                raise ValueError(f'"{text}" is within a month: write a month as 2026-03')
        kind = BenefitType(self.type) if self.type else None
        return PortfolioQuery(
            self.plant, self.owner, kind, start, end, self._counted(kind), self._false_discoveries()
        )

    def _false_discoveries(self) -> Decimal:
        if not self.false_discoveries:
            return RATE
        try:
            share = Decimal(self.false_discoveries)
        except InvalidOperation:
            share = Decimal("NaN")
        if not share.is_finite() or not 0 < share < 1:
            raise ValueError(
                f'false_discoveries is "{self.false_discoveries}": write a share above 0 and below '
                f"1, such as {RATE}"
            )
        return share

    def _counted(self, kind: BenefitType | None) -> tuple[BenefitType, ...]:
        named = dimensions(self.count)
        for name in named:
            check_choice(name, TYPES)
        if named:
            return tuple(one for one in BenefitType if one in named)
        return (kind,) if kind else COUNTED


def day_in(book: RateBook, plant: str, at: datetime) -> date:
    """The production day of a plant at an instant; of a plant that the rate book does not know, the
    instant's own date."""
    site = book.sites.get(plant)
    return site.calendar.bucket(at).day if site else at.date()
