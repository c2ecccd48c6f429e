"""The days on which a project runs, by the steps of its life."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.projects.running import ENDED, Span, running_spans
from copq.improvement.projects.states import RULES, State
from tests.support.searching import examples

START = date(2026, 5, 4)
LAPSED, RUNNING, REALISED = State.LAPSED, State.RUNNING, State.REALISED


def day(number: int) -> date:
    return START + timedelta(days=number)


def test_it_runs_from_its_start_on_whatever_its_steps_are_before_the_end() -> None:
    steps = [(State.APPROVED, day(-9)), (RUNNING, day(3)), (REALISED, day(9)), (RUNNING, day(20))]
    assert running_spans(START, steps) == (Span(START),)


def test_a_lapse_ends_it_and_reopening_begins_it_again() -> None:
    lapsed = [(REALISED, day(5)), (LAPSED, day(10))]
    assert running_spans(START, lapsed) == (Span(START, day(10)),)
    reopened = [*lapsed, (RUNNING, day(40))]
    assert running_spans(START, reopened) == (Span(START, day(10)), Span(day(40)))
    again = [*reopened, (REALISED, day(41)), (LAPSED, day(44)), (RUNNING, day(44))]
    assert running_spans(START, again) == (Span(START, day(10)), Span(day(40)))


def test_what_ends_before_its_start_never_ran() -> None:
    assert running_spans(START, [(State.CANCELLED, day(-1))]) == ()
    lapsed = [(LAPSED, day(-5)), (RUNNING, day(-2))]
    assert running_spans(START, lapsed) == (Span(START),)


def test_a_span_within_other_days() -> None:
    assert Span(day(0)).within(day(-3), day(4)) == Span(day(0), day(4))
    assert Span(day(0), day(2)).within(day(3), day(4)) is None
    assert day(2) in Span(day(0), day(2)) and day(3) not in Span(day(0), day(2))


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[State, date]]:
    """Steps that the rules allow from approval on, in the order of their days."""
    state, at, found = State.APPROVED, draw(st.integers(-20, 20)), []
    for _ in range(draw(st.integers(0, 12))):
        rules = [rule for rule in RULES.values() if state in rule.sources]
        if not rules:
            break
        state, at = draw(st.sampled_from(rules)).target, at + draw(st.integers(0, 9))
        found.append((state, day(at)))
    return found


@examples(3)
@given(lives())
def test_spans_are_the_days_on_which_no_step_had_ended_it(steps: list[tuple[State, date]]) -> None:
    """A day is one of its days unless it was over at the day's begin and at the day's end."""
    spans = running_spans(START, steps)
    for number in range(-25, 140):
        states = [State.APPROVED, *(state for state, at in steps if at < day(number))]
        on = [states[-1], *(state for state, at in steps if at == day(number))]
        runs = number >= 0 and any(state not in ENDED for state in on)
        assert any(day(number) in span for span in spans) == runs
    assert all(a.last + timedelta(days=1) < b.first for a, b in pairwise(spans))
