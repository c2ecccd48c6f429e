"""A plant that makes events at random, from a seed, and an oracle that knows what they cost.

The oracle is arithmetic on the facts alone: it shares no code with the services.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

FIRST = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
DAYS = 3
DEARER_FROM = FIRST + timedelta(days=1, hours=13)
"""From then on a widget costs more: an event is priced as of when it occurred."""

LOCAL = timedelta(hours=5, minutes=30)
DAY_START = timedelta(hours=6)
LINES = {"L1": Decimal(2), "L2": Decimal(3), "L3": Decimal("4.5"), "L4": Decimal("0.7")}
"""A minute of standstill, by line."""

COSTS = {
    ("widget", "S1"): (Decimal(4), Decimal("4.40")),
    ("widget", "S2"): (Decimal(10), Decimal("11.25")),
    ("gadget", "S1"): (Decimal("1.5"), Decimal("1.5")),
    ("gadget", "S2"): (Decimal("2.375"), Decimal("2.375")),
}
REWORK = Decimal("1.75")

RATES = f"""
plants:
  - {{plant: pune, time_zone: Asia/Kolkata, day_start: "06:00", currency: INR}}
cost_tables:
  - product: widget
    effective_from: 2020-01-01T00:00:00Z
    currency: INR
    rework_in_house: {{labour: 1, material: 0.5, overhead: 0.25}}
    stages:
      - {{stage: S1, raw_material: 4}}
      - {{stage: S2, raw_material: 4, labour_overhead: 6}}
  - product: widget
    effective_from: {DEARER_FROM.isoformat()}
    currency: INR
    rework_in_house: {{labour: 1, material: 0.5, overhead: 0.25}}
    stages:
      - {{stage: S1, raw_material: 4.40}}
      - {{stage: S2, raw_material: 4.40, labour_overhead: 6.85}}
line_rates:
""" + "".join(
    f"  - {{plant: pune, line: {line}, effective_from: 2020-01-01T00:00:00Z, "
    f"rate_per_minute: {rate}}}\n"
    for line, rate in LINES.items()
)
GADGET = """
cost_tables:
  - product: gadget
    effective_from: 2020-01-01T00:00:00Z
    currency: INR
    rework_in_house: {labour: 1, material: 0.5, overhead: 0.25}
    stages:
      - {stage: S1, raw_material: 1.5}
      - {stage: S2, raw_material: 1.5, labour_overhead: 0.875}
"""
"""Imported later by some tests: until then gadgets have no price."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as the oracle knows it; a stop has `minutes`, everything else a `quantity`."""

    event_id: str
    kind: str
    line: str
    at: datetime
    product: str = ""
    stage: str = "S2"
    quantity: int = 0
    minutes: int = 0
    corrects: str = ""
    replacement: "Fact | None" = None
    key_line: str = ""
    """The line of its key, where that is another: an MES may key as it likes."""

    def raw(self) -> bytes:
        return json.dumps(self._said()).encode()

    def _said(self) -> dict[str, object]:
        where = {"event_id": self.event_id, "event_type": self.kind, "plant": "pune"}
        return {**where, "line": self.line, **self._what()}

    def _what(self) -> dict[str, object]:
        if self.kind == "downtime":
            end = self.at + timedelta(minutes=self.minutes)
            return {"started_at": self.at.isoformat(), "ended_at": end.isoformat()}
        if self.kind == "correction":
            brings = {"replacement": self.replacement._said()} if self.replacement else {}
            said = {"occurred_at": self.at.isoformat(), "corrects": self.corrects}
            return {**said, "reason": "counted wrongly", **brings}
        said = {"occurred_at": self.at.isoformat(), "product": self.product}
        stage = {"stage": self.stage} if self.kind == "defect" else {}
        return {**said, **stage, "quantity": self.quantity}


class Plant:
    """Makes events: of all days at once, so late and disordered, and some of them twice.

    A share of them are `corrections`: of any event, of replacements and of corrections, on any
    partition and some of them before what they correct.
    """

    def __init__(
        self, seed: int, products: tuple[str, ...] = ("widget", "widget", "gadget"),
        corrections: float = 0,
    ):  # fmt: skip
        self._corrections = corrections
        self._replacements: list[Fact] = []
        self._random = random.Random(seed)
        self._products = products
        self._seed = seed
        self.facts: list[Fact] = []

    def make(self, count: int) -> list[Fact]:
        """That many events to send: one in twenty was made before."""
        made = [self._again() if self._is_again() else self._new() for _ in range(count)]
        if self._corrections:
            self._random.shuffle(made)
        return made

    def _is_again(self) -> bool:
        return bool(self.facts) and self._random.random() < 0.05

    def _again(self) -> Fact:
        return self._random.choice(self.facts)

    def _new(self) -> Fact:
        corrects = self.facts and self._random.random() < self._corrections
        fact = self._correction() if corrects else self._event()
        self.facts.append(fact)
        return fact

    def _correction(self) -> Fact:
        pick = self._random
        target = pick.choice([*self.facts[-200:], *self._replacements[-50:]])
        replacement = self._event("-r") if pick.random() < 0.5 else None
        if replacement is not None:
            self._replacements.append(replacement)
        at = FIRST + timedelta(hours=pick.randrange(24))
        return Fact(
            f"{self._seed}-{len(self.facts)}-c", "correction", target.line, at,
            corrects=target.event_id, replacement=replacement, key_line=pick.choice(list(LINES)),
        )  # fmt: skip

    def _event(self, ending: str = "") -> Fact:
        pick = self._random
        kind = pick.choices(("production", "defect", "rework", "downtime"), (60, 33, 6, 0.3))[0]
        name = f"{self._seed}-{len(self.facts)}-{pick.getrandbits(32):08x}{ending}"
        line = pick.choice(list(LINES))
        if kind == "downtime":
            at = FIRST + timedelta(minutes=pick.randrange(DAYS * 1440))
            return Fact(name, kind, line, at, minutes=pick.randrange(1, 90))
        at = FIRST + timedelta(seconds=pick.randrange(DAYS * 86_400))
        product, stage = pick.choice(self._products), pick.choice(("S1", "S2"))
        return Fact(name, kind, line, at, product, stage, pick.randrange(1, 200))


def standing(facts: Iterable[Fact]) -> list[Fact]:
    """What is in the figures: the latest correction that is not corrected itself is in force."""
    known = {fact.event_id: fact for fact in facts}
    of: dict[str, list[Fact]] = defaultdict(list)
    for fact in known.values():
        of[fact.corrects].append(fact)

    def corrector(event_id: str) -> Fact | None:
        valid = [c for c in of.get(event_id, []) if corrector(c.event_id) is None]
        return max(valid, key=lambda c: (c.at, c.event_id), default=None)

    def in_its_place(fact: Fact) -> Fact | None:
        while (correction := corrector(fact.event_id)) is not None:
            if correction.replacement is None:
                return None
            fact = correction.replacement
        return fact

    found = [in_its_place(fact) for fact in known.values()]
    return [fact for fact in found if fact is not None and not fact.corrects]


Bucket = tuple[str, str, str, str, date, datetime | None]
"""Grain, line, product, element, day, hour."""


@dataclass(slots=True)
class Sums:
    quantity: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)
    base: Decimal = Decimal(0)
    entries: int | None = 0
    """Of stops None: the oracle does not cut their time."""


def expected(facts: Iterable[Fact]) -> dict[Bucket, Sums]:
    """The rollups by hour, day and month that these events make, each counted once."""
    found: dict[Bucket, Sums] = defaultdict(Sums)
    stopped: set[tuple[str, datetime]] = set()
    for fact in standing(facts):
        if fact.kind == "downtime":
            stopped |= {(fact.line, fact.at + timedelta(minutes=m)) for m in range(fact.minutes)}
        else:
            _count(found, fact)
    for line, minute in stopped:
        for bucket in _buckets(line, "", "downtime", minute):
            found[bucket].gross += LINES[line]
            found[bucket].entries = None
    return dict(found)


def _count(found: dict[Bucket, Sums], fact: Fact) -> None:
    gross, base = _cost(fact)
    for bucket in _buckets(fact.line, fact.product, fact.kind, fact.at):
        sums = found[bucket]
        sums.quantity += fact.quantity
        sums.gross += gross
        sums.base += base
        sums.entries = (sums.entries or 0) + 1


def _cost(fact: Fact) -> tuple[Decimal, Decimal]:
    if fact.kind == "rework":
        return fact.quantity * REWORK, Decimal(0)
    stage = "S2" if fact.kind == "production" else fact.stage
    cost = fact.quantity * COSTS[fact.product, stage][fact.at >= DEARER_FROM]
    return (Decimal(0), cost) if fact.kind == "production" else (cost, Decimal(0))


def _buckets(line: str, product: str, element: str, at: datetime) -> list[Bucket]:
    local = at + LOCAL
    hour = local.replace(minute=0, second=0, microsecond=0) - LOCAL
    day = (local - DAY_START).date()
    where = (line, product, element)
    return [
        ("hour", *where, day, hour),
        ("day", *where, day, None),
        ("month", *where, day.replace(day=1), None),
    ]


@dataclass(frozen=True, slots=True)
class Invalid:
    """Bytes that are not an event, and their refusals."""

    raw: bytes
    code: str
    field: str = ""


def invalid() -> list[Invalid]:
    """One of every kind that has broken a stream somewhere."""
    good = json.loads(Fact("odd", "defect", "L1", FIRST, "widget", "S1", 1).raw())

    def but(**changes: object) -> bytes:
        return json.dumps({**good, **changes}).encode()

    return [
        Invalid(b"", "malformed_json"),
        Invalid(b'{"event_id": "cut', "malformed_json"),
        Invalid(b"\x00\xff\xfe\x00", "malformed_json"),
        Invalid(but(line="L\x001"), "bad_identifier", "line"),
        Invalid(but(quantity="many"), "invalid_value", "quantity"),
        Invalid(but(quantity=-1), "out_of_range", "quantity"),
        Invalid(but(event_type="defekt"), "unknown_event_type", "event_type"),
        Invalid(but(unit_cost=3), "price_refused", "unit_cost"),
        Invalid(but(occurred_at="2026-03-02T00:00:00"), "naive_datetime", "occurred_at"),
        Invalid(b"[1, 2]", "not_an_object"),
        Invalid(b"x" * (10 * 1024 * 1024), "too_large"),
    ]
