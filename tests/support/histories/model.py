"""The rules of the ledger in a few dozen lines, to hold the real one against.

Money is a whole number of EUR. A table of widgets says what a unit costs after S2 from a date on;
after S1 it costs 4, of which 2 are recovered, and a day with anything recovered costs a dispatch.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Event = dict[str, Any]
Key = tuple[Any, ...]
BERLIN = ZoneInfo("Europe/Berlin")
PER_MINUTE = {"L1": 2, "L2": 3}
MINUTE = timedelta(minutes=1)


def instant(event: Event) -> datetime:
    return datetime.fromisoformat(event.get("occurred_at") or event["started_at"])


def standing(events: Iterable[Event]) -> list[Event]:
    """What is in the figures, of all that was sent: the first of each id."""
    alone = {event["event_id"]: event for event in reversed(list(events))}
    corrections = [e for e in alone.values() if e["event_type"] == "correction"]
    brought = {
        c["replacement"]["event_id"]: c["replacement"] for c in corrections if "replacement" in c
    }
    known = brought | alone

    def in_a_circle(correction: Event) -> bool:
        at, steps = correction["corrects"], 0
        while at != correction["event_id"] and "corrects" in known.get(at, {}) and steps < 99:
            at, steps = known[at]["corrects"], steps + 1
        return bool(at == correction["event_id"])

    def corrector(event_id: str) -> Event | None:
        of = known[event_id]
        found = [
            c for c in corrections
            if c["corrects"] == event_id and (c["plant"], c["line"]) == (of["plant"], of["line"])
            and not in_a_circle(c) and corrector(c["event_id"]) is None
        ]  # fmt: skip
        return max(found, key=lambda c: (instant(c), c["event_id"]), default=None)

    present = set(alone)
    for _ in known:
        in_force = [c for i in present if (c := corrector(i)) is not None]
        present |= {c["replacement"]["event_id"] for c in in_force if "replacement" in c}
    return [known[i] for i in present if corrector(i) is None and "corrects" not in known[i]]


def day_of(at: datetime) -> date:
    """The production day starts at six, by the clock in the plant."""
    return (at.astimezone(BERLIN).replace(tzinfo=None) - timedelta(hours=6)).date()


class Books:
    """What was sent, what is in force, and the entries: (what, month it is of, period, net)."""

    def __init__(self) -> None:
        self.sent: list[Event] = []
        self.tables = {date(2020, 1, 1): (10, 9)}
        """What a unit costs after S2, and a day's dispatch, by the first day."""
        self.gadget: int | None = None
        self.closed: set[date] = set()
        self.entries: list[tuple[Key, date, date, int]] = []
        self.first_reported: dict[date, int] = {}
        self._booked: dict[Key, tuple[date, int]] = {}

    def post(self, events: Iterable[Event]) -> None:
        self.sent += events
        self._bring_about()

    def rates(self, since: date, cost: int, dispatch: int) -> None:
        """From this day on, for the past as well: it changes nothing that is booked."""
        self.tables[since] = (cost, dispatch)

    def price_gadgets(self, cost: int) -> None:
        """What had no price until then is booked."""
        self.gadget = cost
        self._bring_about()

    def reprice(self) -> None:
        """What is booked at another price than today's is taken back, and booked again."""
        for key, (month, net) in self._due().items():
            if key in self._booked and self._booked[key] != (month, net):
                self._take_back(key)
        self._bring_about()

    def close(self, month: date) -> None:
        self.first_reported.setdefault(month, self.restated(month))
        self.closed.add(month)

    def reopen(self, month: date) -> None:
        self.closed.discard(month)

    def restated(self, month: date) -> int:
        return sum(net for _, of, _, net in self.entries if of == month)

    def by_period(self) -> dict[tuple[date, date], int]:
        """Net by the month it is of, and the period it is booked in."""
        found: dict[tuple[date, date], int] = defaultdict(int)
        for _, of, period, net in self.entries:
            found[of, period] += net
        return {key: net for key, net in found.items() if net}

    def _bring_about(self) -> None:
        due = self._due()
        for key in self._booked.keys() - due.keys():
            self._take_back(key)
        for key in due.keys() - self._booked.keys():
            self._booked[key] = due[key]
            self._book(key, *due[key])

    def _take_back(self, key: Key) -> None:
        month, net = self._booked.pop(key)
        self._book(key, month, -net)

    def _book(self, key: Key, month: date, net: int) -> None:
        """In its own month, or else in the one after the last that was ever closed."""
        period = month if month not in self.closed else _after(max(self.first_reported))
        self.entries.append((key, month, period, net))

    def _due(self) -> dict[Key, tuple[date, int]]:
        """What pricing everything that stands again would book."""
        due: dict[Key, int] = {}
        for e in standing(self.sent):
            at, line = instant(e), e["line"]
            day = day_of(at)
            if e["event_type"] == "downtime":
                end = datetime.fromisoformat(e["ended_at"]) if "ended_at" in e else at
                for minute in range((end - at) // MINUTE):
                    begin = at + minute * MINUTE
                    due["stop", line, begin, day_of(begin)] = PER_MINUTE[line]
            elif e["product"] == "widget":
                cost, dispatch = self._table(day)
                unit = cost if e["stage"] == "S2" else 4
                due["event", e["event_id"], day] = e["quantity"] * (unit - 2)
                due["dispatch", line, day] = dispatch
            elif self.gadget is not None:
                due["event", e["event_id"], day] = e["quantity"] * self.gadget
        return {key: (key[-1].replace(day=1), net) for key, net in due.items()}

    def _table(self, day: date) -> tuple[int, int]:
        return self.tables[max(since for since in self.tables if since <= day)]


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
