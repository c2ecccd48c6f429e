"""A plan as it is asked for, and its answer: command, API and page give the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from copq.figures.programme import ProgrammeQuery, check_unfitted, query_of
from copq.improvement import plans
from copq.improvement.history import Programme
from copq.improvement.plan_fit import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """The parameters as written; None where one is not. With `fitted` they are fitted to the months
    of a plant, those that are written are held, and the programme `had` so many indicators.
    """

    parameters: Mapping[str, str | None]
    indicators: str = plans.INDICATORS
    periods: int = plans.PERIODS
    savings: str | None = None
    currency: str | None = None
    fitted: bool = False
    plant: str | None = None
    start: str = ""
    end: str = ""
    had: int = 1

    def query(self) -> ProgrammeQuery | None:
        """The months to read; None where nothing is fitted. Raises `ValueError` on a request that
        is not possible.
        """
        plans.counts(self.indicators)
        if not self.fitted:
            check_unfitted(self.plant, self.start, self.end)
            return None
        query = query_of(self.plant, self.start, self.end, self.savings)
        plans.held(self.parameters)
        return query

    def plan(self, months: Programme | None) -> plans.Comparison:
        """The plans. A fit takes seconds.

        Raises `ValueError` on parameters that are not possible, `FitRefused` where the months do
        not determine them.
        """
        if months is not None:
            fitted = fit(months, self.had, plans.held(self.parameters))
            return plans.compare_fitted(fitted, self.indicators, self.periods)
        money = plans.savings_of(self.savings, self.currency)
        return plans.compare(
            plans.parameters_of(self.parameters), self.indicators, self.periods, money
        )
