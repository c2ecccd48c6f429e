"""What the cost of quality of a cut is compared with: bases and budgets, or why there is none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from copq.bases.store import Key, MonthBase, currencies_of_month
from copq.figures.answers import NO_BASE
from copq.figures.coq_sums import CutSums, Place
from copq.improvement.coq_report import COPQ, Base, CoqReport, Percentage
from copq.ledger.arithmetic import MONEY, ZERO
from copq.periods.period import span
from copq.rates.book import RateBook
from copq.schemas.bases import COQ_BASE, PRODUCTION_BASE, base_name_of
from copq.targets.book import ALL, SetBudget, in_force
from copq.text.counts import count_of

RESTATED_BASE = "was restated"
_INSTANT = timedelta(microseconds=1)
Found = tuple[Base | None, str | None]
"""A base, or the reason why there is none."""


@dataclass(frozen=True, slots=True)
class Bases:
    """The bases that count. `whole` are the plants of which the reader sees all lines.

    An imported base is of a whole plant or of a product group of it: a cut that is `split` by line
    or product has none, and where a line or product is `filtered` the totals have none either.
    """

    months: Mapping[Key, MonthBase]
    whole: Collection[str]
    split: bool
    filtered: bool

    def percentage(
        self, figure: str, name: str, report: CoqReport, sums: CutSums
    ) -> tuple[Percentage, Decimal | None]:
        """The figure as a percentage of the base, and the base's amount."""
        base, reason = self._base(name, report, sums)
        if base is None:
            return Percentage(figure, name, None, reason), None
        return report.percentage(figure, base), base.amount

    def restated(self, name: str, sums: CutSums) -> list[str]:
        """A remark for each month and plant whose base was set more than once."""
        found = ((place, self.months.get(_key(place, name))) for place in sums.places)
        places = {(p.month, p.plant, p.group) for p, base in found if base and base.versions > 1}
        return [
            f"{base_name_of(name, group, plant, month)} {RESTATED_BASE}"
            for month, plant, group in sorted(places)
        ]

    def _base(self, name: str, report: CoqReport, sums: CutSums) -> Found:
        currency = sums.cut.currency
        if sums.unconverted:
            entries = count_of(sums.unconverted, "entry", "entries")
            return None, f"{entries} without an exchange rate"
        if name == COQ_BASE:
            return Base(name=name, amount=report.amount("coq"), currency=currency), None
        if name == PRODUCTION_BASE:
            made = sums.production
            found = Base(name=name, amount=made, currency=currency) if made > 0 else None
            return found, None if found else NO_BASE
        return self.imported(name, sums)

    def imported(self, name: str, sums: CutSums) -> Found:
        """A base of finance, of all places of the cut together."""
        if self.filtered or (self.split and sums.cut.values):
            return None, f"{name} is of whole plants, and this is a part of one"
        amounts: dict[Key, Decimal] = {}
        for place in sorted(sums.places):
            found = self.months.get(_key(place, name))
            if place.plant not in self.whole:
                return None, f"{name} is of whole plants, and you see some lines of {place.plant}"
            if found is None:
                of = base_name_of(name, place.group, place.plant, place.month)
                return None, (f"there is no {of}; finance imports it with: copq bases import FILE")
            if found.currency != sums.cut.currency:
                return None, f"{name} is in {found.currency}, the cost in {sums.cut.currency}"
            amounts[_key(place, name)] = found.amount
        with localcontext(MONEY):
            amount = sum(amounts.values(), ZERO)
        return Base(name=name, amount=amount, currency=sums.cut.currency), None


def _key(place: Place, name: str) -> Key:
    return place.plant, place.month, name, place.group


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets in force at the end of each month, or now. Products have none."""

    items: Collection[SetBudget]
    book: RateBook
    whole: Collection[str]
    now: datetime
    by_product: bool

    def of(self, sums: CutSums) -> dict[str, Decimal]:
        """By figure; one that a plant, line or month of the cut lacks is left out.

        Costs of a plant as a whole, apart from its lines, have no budget of their own.
        """
        if self.by_product or not self.items or not sums.places:
            return {}
        if any(place.line == "" for place in sums.places):
            return {}
        parts = [self._of_place(place, sums.cut.currency) for place in sums.places]
        shared = set(parts[0]).intersection(*parts)
        with localcontext(MONEY):
            return {figure: sum((part[figure] for part in parts), ZERO) for figure in shared}

    def _of_place(self, place: Place, currency: str) -> dict[str, Decimal]:
        of = (place.plant, place.line or ALL)
        items = [item for item in self.items if (item.plant, item.line) == of]
        site = self.book.sites.get(place.plant) if items else None
        is_seen = bool(place.line) or place.plant in self.whole
        if site is None or not is_seen or currencies_of_month(site, place.month)[-1] != currency:
            return {}
        last = min(span(place.month, site.calendar)[1] - _INSTANT, self.now)
        found = in_force([], items, last)
        amounts = {category: amount for (*_, category), amount in found.categories.items()}
        return amounts if of not in found.budgets else {**amounts, COPQ: found.budgets[of]}
