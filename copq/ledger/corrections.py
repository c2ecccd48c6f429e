"""The corrections in force, and the events that count: a pure function of all corrections.

The result does not depend on the order or the number of deliveries, by these rules:

- A correction may correct an event, or another correction, of its own plant and line.
- Of several corrections of one event, the latest by (`occurred_at`, `event_id`) is in force.
- A correction that is itself corrected is not in force; the next latest is in force instead.
- A replacement counts while its correction is in force, or once an event with its id has arrived,
  and while no correction of its own is in force.
- Only the first `MOST` corrections of an event are applicable; those of other lines have a limit of
  their own. A correction that is connected with more than `CONNECTED` ids is not applicable. These
  two limits are the only rules that depend on the order of arrival.
- A correction whose replacement has the id of another line's event is not applicable: an id belongs
  to the first event that has it.
- Corrections that correct each other in a circle are never in force.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MOST = 100
"""The corrections of one event that are used: a faulty sender must not slow down the others."""

CONNECTED = 1_000
"""The ids that corrections may connect, since each new link reads its whole chain."""


class State(StrEnum):
    """The state of a correction."""

    APPLIED = "applied"
    WAITING = "waiting"
    """The event that it corrects has not arrived yet."""
    SUPERSEDED = "superseded"
    """A later correction of the same event is in force instead."""
    CORRECTED = "corrected"
    """A correction of this correction is in force."""
    NOT_APPLICABLE = "not_applicable"

    def describe(self, why: str | None) -> str:
        """The state with its reason, for people."""
        state = self.replace("_", " ")
        return f"{state}, {why}" if why else state


@dataclass(frozen=True, slots=True)
class ReportedCorrection:
    """A correction; `replacement` is the id of the event that it contains."""

    event_id: str
    corrects: str
    replacement: str | None
    occurred_at: datetime
    plant: str
    line: str
    replacement_plant: str | None = None
    replacement_line: str | None = None

    @property
    def rank(self) -> tuple[datetime, str]:
        return self.occurred_at, self.event_id


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """A stored event; `alone` is False while it is only known as a replacement."""

    plant: str
    line: str
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Ruling:
    """The corrections in force; `by` names the correction of each corrected event."""

    corrections: Mapping[str, ReportedCorrection]
    by: dict[str, str] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    carriers: dict[str, list[ReportedCorrection]] = field(default_factory=dict)
    """The corrections that bring an event as their replacement, the latest first."""

    def stands(self, event_id: str) -> bool:
        """Whether an event counts in the figures."""
        return event_id in self.present and event_id not in self.by

    def state(self, event_id: str) -> tuple[State, str | None]:
        """The state of a correction, and a reason if the state alone does not explain it."""
        correction = self.corrections[event_id]
        target = correction.corrects
        if event_id in self.by:
            return State.CORRECTED, f'by "{self.by[event_id]}"'
        if target in self.unknown:
            return State.WAITING, None
        if event_id in self.faults:
            return State.NOT_APPLICABLE, self.faults[event_id]
        if self.by.get(target) != event_id:
            return State.SUPERSEDED, f'by "{self.by[target]}"'
        if target not in self.present:
            reason = f'"{target}" is the replacement of a correction that is not in force'
            return State.NOT_APPLICABLE, reason
        return State.APPLIED, None

    def in_force(self, event_id: str) -> bool:
        return self.state(event_id)[0] is State.APPLIED

    def cause(self, event_id: str, before: Mapping[str, str]) -> str | None:
        """The correction that made an event count, or not count.

        `before` names, for each event that had one, the correction that was in force until now.
        """
        if event_id in self.by and event_id in self.present:
            return self.by[event_id]
        carriers = self.carriers.get(event_id, [])
        if event_id not in self.present and carriers:
            return self._undone_by(carriers[0].event_id)
        if event_id in before:
            return self._undone_by(before[event_id])
        return next((c.event_id for c in carriers if self.in_force(c.event_id)), None)

    def _undone_by(self, event_id: str) -> str:
        """The correction that overrides this one: a correction of it, of its event, or
        further up."""
        seen: set[str] = set()
        while event_id not in seen:
            seen.add(event_id)
            target = self.corrections[event_id].corrects
            winner = self.by.get(event_id) or self.by.get(target)
            if winner is not None and winner != event_id:
                return winner
            carriers = self.carriers.get(target, [])
            if target in self.present or not carriers:
                break
            event_id = carriers[0].event_id
        return event_id


def rule(corrections: Iterable[ReportedCorrection], known: Mapping[str, KnownEvent]) -> Ruling:
    """The ruling on corrections, given the known events.

    Pass all connected corrections: those of the events, those of their replacements, and their own.
    """
    by_id = {c.event_id: c for c in corrections}
    ruling = Ruling(by_id)
    circular = set(_circular_ids(by_id))
    of: dict[str, list[ReportedCorrection]] = defaultdict(list)
    for correction in by_id.values():
        _assign(correction, known, circular, of, ruling)
    # A correction that cannot apply brings no replacement, so it has no effect.
    ruling.carriers.update(_carriers(c for c in by_id.values() if c.event_id not in ruling.faults))
    for target in _correctors_first(by_id, of):
        _decide(target, of, ruling)
    for target in of.keys() - by_id.keys():
        _decide(target, of, ruling)
    _mark_present(known, ruling)
    return ruling


def _carriers(corrections: Iterable[ReportedCorrection]) -> dict[str, list[ReportedCorrection]]:
    by_replacement: dict[str, list[ReportedCorrection]] = defaultdict(list)
    for correction in sorted(corrections, key=lambda c: c.rank, reverse=True):
        if correction.replacement is not None:
            by_replacement[correction.replacement].append(correction)
    return by_replacement


def _assign(
    correction: ReportedCorrection,
    known: Mapping[str, KnownEvent],
    circular: set[str],
    of: dict[str, list[ReportedCorrection]],
    ruling: Ruling,
) -> None:
    """Add a correction to those of its event, if it is applicable."""
    target = known.get(correction.corrects)
    if correction.event_id in circular:
        ruling.faults[correction.event_id] = "these corrections correct each other in a circle"
    elif target is None:
        ruling.unknown.add(correction.corrects)
    elif (target.plant, target.line) != (correction.plant, correction.line):
        ruling.faults[correction.event_id] = (
            f'"{correction.corrects}" is of line "{target.line}" of plant "{target.plant}"; '
            "a correction names the plant and line of what it corrects"
        )
    elif correction.replacement is not None and _is_taken(correction, known):
        ruling.faults[correction.event_id] = (
            f'the id of its replacement, "{correction.replacement}", is that of an event of '
            "another line; send the correction again, its replacement with an id of its own"
        )
    else:
        of[correction.corrects].append(correction)


def _is_taken(correction: ReportedCorrection, known: Mapping[str, KnownEvent]) -> bool:
    """Whether the replacement's id belongs to an event of another line."""
    stored = known.get(correction.replacement or "")
    place = (correction.replacement_plant, correction.replacement_line)
    return stored is not None and (stored.plant, stored.line) != place


def _circular_ids(corrections: Mapping[str, ReportedCorrection]) -> Iterator[str]:
    """The ids in circles: each correction corrects one event, so each starts one path."""
    done: set[str] = set()
    for start in corrections:
        path: list[str] = []
        on_path: set[str] = set()
        at = start
        while at in corrections and at not in done and at not in on_path:
            path.append(at)
            on_path.add(at)
            at = corrections[at].corrects
        if at in on_path:
            yield from path[path.index(at) :]
        done |= on_path


def _correctors_first(
    corrections: Mapping[str, ReportedCorrection], of: Mapping[str, list[ReportedCorrection]]
) -> Iterator[str]:
    """The corrections, each after its own corrections; circles are cut."""
    undecided = {event_id: len(of.get(event_id, ())) for event_id in corrections}
    ready = [event_id for event_id, number in undecided.items() if not number]
    while ready:
        event_id = ready.pop()
        yield event_id
        target = corrections[event_id].corrects
        if target in undecided and corrections[event_id] in of.get(target, ()):
            undecided[target] -= 1
            if not undecided[target]:
                ready.append(target)


def _decide(target: str, of: Mapping[str, list[ReportedCorrection]], ruling: Ruling) -> None:
    """Put into force the latest correction that is not itself corrected."""
    valid = [c for c in of.get(target, ()) if c.event_id not in ruling.by]
    if valid:
        ruling.by[target] = max(valid, key=lambda c: c.rank).event_id


def _mark_present(known: Mapping[str, KnownEvent], ruling: Ruling) -> None:
    """Mark as present the events that arrived alone, and the replacements of present
    corrections."""
    ready = [event_id for event_id, event in known.items() if event.alone]
    while ready:
        event_id = ready.pop()
        if event_id in ruling.present:
            continue
        ruling.present.add(event_id)
        winner = ruling.by.get(event_id)
        # A correction that is itself corrected is never in `by`, so a winner is in force.
        brought = ruling.corrections[winner].replacement if winner else None
        if brought is not None and brought in known:
            ready.append(brought)
