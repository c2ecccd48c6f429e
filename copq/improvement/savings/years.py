"""What a benefit is worth in the year in which it begins, in the next year, and in a whole year."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from copq.improvement.projects.plan import Benefit
from copq.improvement.savings.over_time import MONTHS, Flows, months_between
from copq.ledger.arithmetic import MONEY, ZERO, quotient


@dataclass(frozen=True, slots=True, kw_only=True)
class YearEffect:
    """Of recurring benefits in a year. The three are never added to each other."""

    in_year: Decimal = ZERO
    carry_over: Decimal = ZERO
    """What the next year has more than this one."""

    run_rate: Decimal = ZERO
    """Of a whole year."""


def year_effect(per_year: Decimal, starts: date, year_begins: date) -> YearEffect:
    """The effect of a benefit that starts with a month, in the business year from `year_begins`.

    Raises `ValueError` if it does not start in that year.
    """
    if not _is_in(starts, year_begins):
        raise ValueError(f"{starts:%Y-%m} is not in the year from {year_begins:%Y-%m}")
    left = MONTHS - months_between(year_begins, starts)
    in_year = quotient(per_year * left, Decimal(MONTHS))
    return YearEffect(in_year=in_year, carry_over=per_year - in_year, run_rate=per_year)


def promised_effect(benefits: Iterable[Benefit], year_begins: date) -> YearEffect:
    """What the benefits of a plan promise for a year.

    A benefit has a run rate where it goes on beyond the year's end or begins in the year and is not
    over by its end; in the year in which it begins it carries over.
    """
    found = [_benefit_effect(benefit, year_begins) for benefit in benefits]
    return total_effect(found)


def _benefit_effect(benefit: Benefit, year_begins: date) -> YearEffect:
    first, last = benefit.first_month, benefit.last_of_all
    begins, ends = months_between(year_begins, first), months_between(year_begins, last)
    goes_on = benefit.recurring and begins < MONTHS <= ends + 1
    per_year = benefit.amount * MONTHS
    if goes_on and begins >= 0:
        return year_effect(per_year, first, year_begins)
    months = max(min(ends, MONTHS - 1) - max(begins, 0) + 1, 0)
    return YearEffect(in_year=benefit.amount * months, run_rate=per_year if goes_on else ZERO)


def validated_effect(validated: Flows, year_begins: date) -> YearEffect:
    """The same of savings that finance has validated, by month.

    The run rate is the mean of the newest 12 months with savings, or of as many as there are.
    """
    months = sorted(validated)
    newest = [validated[month] for month in months[-MONTHS:]]
    if not newest:
        return YearEffect()
    with localcontext(MONEY):
        run_rate = quotient(sum(newest, ZERO) * MONTHS, Decimal(len(newest)))
        in_year = sum((validated[m] for m in months if _is_in(m, year_begins)), ZERO)
        before = months_between(year_begins, months[0]) if _is_in(months[0], year_begins) else 0
        carry_over = quotient(run_rate * before, Decimal(MONTHS))
    return YearEffect(in_year=in_year, carry_over=carry_over, run_rate=run_rate)


def total_effect(effects: Sequence[YearEffect]) -> YearEffect:
    """The sum of effects, each with its own."""
    if len(effects) == 1:
        return effects[0]
    with localcontext(MONEY):
        return YearEffect(
            in_year=sum((one.in_year for one in effects), ZERO),
            carry_over=sum((one.carry_over for one in effects), ZERO),
            run_rate=sum((one.run_rate for one in effects), ZERO),
        )


def _is_in(month: date, year_begins: date) -> bool:
    return 0 <= months_between(year_begins, month) < MONTHS
