"""The life of a project."""

import pytest

from copq.improvement.projects.states import RULES, Role, State, Step, StepRefused, next_state


def test_from_a_proposal_to_a_lasting_gain() -> None:
    state = State.PROPOSED
    for step, by in (
        (Step.SIZE, "ann"), (Step.APPROVE, "finn"), (Step.START, "ann"), (Step.REALISE, "ann"),
        (Step.SIGN, "finn"), (Step.SUSTAIN, "finn"),
    ):  # fmt: skip
        state = next_state(state, step, by=by, owners={"ann"})
    assert state is State.SUSTAINED


@pytest.mark.parametrize("step", [step for step in Step if RULES[step].role is Role.FINANCE])
def test_the_owner_takes_no_step_of_finance(step: Step) -> None:
    source = next(iter(RULES[step].sources))
    with pytest.raises(StepRefused, match='"ann" owns the project'):
        next_state(source, step, by="ann", owners={"ann"}, reason="why not")


@pytest.mark.parametrize("step", [Step.CANCEL, Step.LAPSE, Step.REOPEN])
def test_what_ends_a_project_or_opens_it_again_needs_a_reason(step: Step) -> None:
    source = next(iter(RULES[step].sources))
    with pytest.raises(StepRefused, match="give a reason"):
        next_state(source, step, by="finn", owners={"ann"}, reason=" ")


def test_a_step_out_of_turn_names_the_possible_ones() -> None:
    with pytest.raises(StepRefused, match="possible: start, cancel"):
        next_state(State.APPROVED, Step.SIGN, by="finn", owners={"ann"})
    with pytest.raises(StepRefused, match="it is closed"):
        next_state(State.CANCELLED, Step.REOPEN, by="finn", owners={"ann"}, reason="more")


def test_every_state_can_be_reached_and_all_but_the_cancelled_can_be_left() -> None:
    reached = {rule.target for rule in RULES.values()} | {State.PROPOSED}
    left = set().union(*(rule.sources for rule in RULES.values()))
    assert reached == set(State)
    assert left == set(State) - {State.CANCELLED}
