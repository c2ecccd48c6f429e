"""The life of a project: which step leads from which state, who takes it, and what it needs."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    PROPOSED = "proposed"
    SIZED = "sized"
    """Baseline, promise and investments are estimated."""

    APPROVED = "approved"
    """Baseline, measurement plan and promise are frozen."""

    RUNNING = "running"
    REALISED = "realised"
    """The measures are in place; savings are measured."""

    SIGNED = "signed"
    """Finance accepts the whole of it."""

    SUSTAINED = "sustained"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


class Role(StrEnum):
    OWNER = "owner"
    FINANCE = "finance"


class Step(StrEnum):
    SIZE = "size"
    APPROVE = "approve"
    START = "start"
    REALISE = "realise"
    SIGN = "sign"
    SUSTAIN = "sustain"
    LAPSE = "lapse"
    CANCEL = "cancel"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Rule:
    """From which states a step leads to which one, and who may take it."""

    sources: frozenset[State]
    target: State
    role: Role
    needs_reason: bool = False


def _rule(target: State, role: Role, *sources: State, reason: bool = False) -> Rule:
    return Rule(frozenset(sources), target, role, reason)


RULES = {
    Step.SIZE: _rule(State.SIZED, Role.OWNER, State.PROPOSED, State.SIZED),
    Step.APPROVE: _rule(State.APPROVED, Role.FINANCE, State.SIZED),
    Step.START: _rule(State.RUNNING, Role.OWNER, State.APPROVED),
    Step.REALISE: _rule(State.REALISED, Role.OWNER, State.RUNNING),
    Step.SIGN: _rule(State.SIGNED, Role.FINANCE, State.REALISED),
    Step.SUSTAIN: _rule(State.SUSTAINED, Role.FINANCE, State.SIGNED),
    Step.LAPSE: _rule(
        State.LAPSED, Role.FINANCE, State.REALISED, State.SIGNED, State.SUSTAINED, reason=True
    ),
    Step.CANCEL: _rule(
        State.CANCELLED, Role.OWNER,
        State.PROPOSED, State.SIZED, State.APPROVED, State.RUNNING, reason=True,
    ),
    Step.REOPEN: _rule(
        State.RUNNING, Role.FINANCE,
        State.REALISED, State.SIGNED, State.SUSTAINED, State.LAPSED, reason=True,
    ),
}  # fmt: skip
"""Cancelled is final: what was never approved is proposed again, under a name of its own."""

FROZEN = frozenset(State) - {State.PROPOSED, State.SIZED}
"""States in which baseline, measurement plan and promise do not change."""


class StepRefused(ValueError):
    """A step that a project cannot take; the text says which ones it can."""


def next_state(
    state: State, step: Step, *, by: str, owners: Collection[str], reason: str = ""
) -> State:
    """The state after a step that `by` takes. Raises `StepRefused`.

    Nobody who owns the project, or once did, takes finance's steps: who claims does not validate.
    """
    rule = RULES[step]
    if state not in rule.sources:
        raise StepRefused(f"cannot {step} a project that is {state}: {_possible(state)}")
    if rule.role is Role.FINANCE and by in owners:
        raise StepRefused(
            f'"{by}" owns the project, or once did: another person of finance must {step} it'
        )
    if rule.needs_reason and not reason.strip():
        raise StepRefused(f"give a reason to {step} a project: --why")
    return rule.target


def _possible(state: State) -> str:
    steps = [step for step, rule in RULES.items() if state in rule.sources]
    return f"possible: {', '.join(steps)}" if steps else "it is closed"
