"""A machine's states as stops: open until the next state, corrected by late states."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from copq.ingest.files.event_id import event_id
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.message import Read, refused

KEPT = 200
"""Changes of state of a machine that are remembered; older ones cannot be corrected."""


class State(NamedTuple):
    """The state of a machine from `since` on, as ISO 8601 in UTC. A kind of None: not a stop."""

    since: str
    kind: str | None
    """`stop` or `planned`."""
    code: str = ""


@dataclass(slots=True)
class ReportedStop:
    """A stop that was reported, with the ids of its events."""

    since: str
    until: str | None
    kind: str
    code: str
    ids: list[str]
    context: dict[str, Any]


def utc(at: datetime) -> str:
    """An instant as text that sorts in order of time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class Timeline:
    """The states of one machine, stored in a memory under its name."""

    def __init__(self, memory: Memory, name: str, context: dict[str, Any]) -> None:
        """`context`: fields of the events; `plant`, `line` and so on."""
        self._memory, self._name, self._context = memory, name, context
        kept = memory.get(f"states/{name}") or {"states": [], "booked": [], "voids": 0}
        self._states = [State(*state) for state in kept["states"]]
        self._booked = [ReportedStop(**booked) for booked in kept["booked"]]
        self._voids: int = kept["voids"]

    def add(self, state: State, read: Read) -> None:
        """Add a state, from `state.since` until the next known state. Raises `Refused`."""
        self._check_reach(state.since)
        before = [s for s in self._states if s.since <= state.since]
        if before and before[-1][1:] == state[1:]:
            return
        others = [s for s in self._states if s.since != state.since]
        self._states = sorted([*others, state], key=_since)
        self._book(read)

    def overwrite(self, state: State, until: str, read: Read) -> None:
        """Set the state until an instant, and replace states in between. Raises `Refused`."""
        if until <= state.since:
            raise refused("inconsistent", "end_time", "end_time is not after start_time")
        self._check_reach(state.since)
        before = [s for s in self._states if s.since <= until]
        if before and not any(s.since == until for s in before):
            self._states.append(before[-1]._replace(since=until))
        elif not before:
            self._states.append(State(until, None))
        outside = [s for s in self._states if not state.since <= s.since < until]
        self._states = sorted([*outside, state], key=_since)
        self._book(read)

    def _check_reach(self, since: str) -> None:
        if len(self._states) >= KEPT and since < self._states[0].since:
            raise refused(
                "too_late", "start_time",
                f"is before the {KEPT} changes of state that are remembered; "
                "send a correction for the stop",
            )  # fmt: skip

    def _book(self, read: Read) -> None:
        """Report the differences from the reported stops."""
        wanted = {stop[0].since: stop for stop in _stops(self._states)}
        standing: list[ReportedStop] = []
        for booked in self._booked:
            stop = wanted.get(booked.since)
            if stop is not None and self._is_kept(booked, *stop):
                if stop[1] != booked.until:
                    booked.until = stop[1]
                    booked.ids.append(self._report(booked, read))
                standing.append(booked)
                del wanted[booked.since]
            else:
                self._void(booked, read)
        for state, until in wanted.values():
            assert state.kind is not None
            fresh = ReportedStop(state.since, until, state.kind, state.code, [], self._context)
            fresh.ids.append(self._report(fresh, read))
            standing.append(fresh)
        self._booked = sorted(standing, key=lambda b: b.since)
        self._keep()

    @staticmethod
    def _is_kept(booked: ReportedStop, state: State, until: str | None) -> bool:
        """Whether a reported stop remains: the later end counts, so a stop never shrinks."""
        same = (booked.kind, booked.code) == (state.kind, state.code)
        grows = booked.until is None or (until is not None and until >= booked.until)
        return same and grows

    def _report(self, stop: ReportedStop, read: Read) -> str:
        key = [self._name, stop.since, stop.until or "", stop.code, stop.kind]
        made = event_id("mqtt", "downtime", self._voids, key)
        read.add({
            "event_id": made, "event_type": "downtime", **stop.context,
            "started_at": stop.since, "ended_at": stop.until, "defect_code": stop.code or None,
            "planned": stop.kind == "planned",
        })  # fmt: skip
        return made

    def _void(self, stop: ReportedStop, read: Read) -> None:
        self._voids += 1
        for reported in stop.ids:
            read.add({
                "event_id": event_id("mqtt", "correction", self._voids, [reported]),
                "event_type": "correction", "occurred_at": stop.since,
                **_place(stop.context), "corrects": reported,
                "reason": "the machine's states were corrected",
            })  # fmt: skip

    def _keep(self) -> None:
        states = self._states[-KEPT:]
        first = states[0].since if states else ""
        booked = [b for b in self._booked if b.until is None or b.until >= first]
        self._memory.put(
            f"states/{self._name}", {"states": states, "booked": booked, "voids": self._voids}
        )


def _since(state: State) -> str:
    return state.since


def _place(context: dict[str, Any]) -> dict[str, Any]:
    return {name: context.get(name) for name in ("plant", "line", "work_unit")}


def _stops(states: list[State]) -> list[tuple[State, str | None]]:
    """Each stop with its end. The same state reported twice is one stop."""
    changes: list[State] = []
    for state in states:
        if not changes or changes[-1][1:] != state[1:]:
            changes.append(state)
    ends: list[str | None] = [later.since for _, later in pairwise(changes)]
    found = zip(changes, [*ends, None], strict=False)
    return [(state, end) for state, end in found if state.kind is not None]
