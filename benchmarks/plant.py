"""A plant for the benchmarks: twenty lines, fifty products, the mix that a floor publishes."""

import json
import random
import time
import uuid
from collections.abc import Iterator

from copq.kafka.headers import NONE
from copq.kafka.publish import Message

LINES = 20
PRODUCTS = 50
PER_SECOND = 5_000
"""How fast the plant's own clock runs: the number of events in one of its seconds."""

START = 1_767_225_600
CODES = ("jam", "short", "burr", "leak", "scratch", "colour")

RATES = """
time_zone: UTC
plants: [{plant: north, time_zone: Europe/Berlin, day_start: "06:00", currency: EUR}]
cost_tables:
""" + "\n".join(
    f"  - {{product: P{n}, effective_from: 2020-01-01, currency: EUR, recovery_rate: 0.6, "
    f"allowed_rejection: 0.0034, stages: [{{stage: S1, raw_material: 5.06}}, "
    "{stage: S2, raw_material: 5.55, labour_overhead: 1.34, fixed_overhead: 2.5}, "
    "{stage: S3, raw_material: 5.55, labour_overhead: 2.63, fixed_overhead: 2.5}]}"
    for n in range(PRODUCTS)
)


def events(count: int, seed: int = 1, start: int = START) -> Iterator[Message]:
    """Messages of `count` events: defects, a third of them production and scrap."""
    chance = random.Random(seed)
    for number in range(count):
        line = f"L{chance.randrange(LINES)}"
        yield f"north/{line}".encode(), event(chance, line, start + number / PER_SECOND), NONE


def event(chance: random.Random, line: str, at: float, event_id: str | None = None) -> bytes:
    """One event of the line at that time; its id is made in the order of time if none is given."""
    kind = chance.choices(("defect", "production", "scrap"), (70, 20, 10))[0]
    said = {
        "event_id": event_id or time_ordered_id(chance, at),
        "event_type": kind,
        "occurred_at": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))}."
        f"{int(at % 1 * 1000):03d}Z",
        "plant": "north",
        "line": line,
        "product": f"P{product_of(line, at)}",
        "quantity": chance.randint(1, 12),
        "work_unit": f"M{chance.randint(1, 4)}",
    }
    if kind == "defect":
        said |= {"stage": chance.choice(("S1", "S2", "S3")), "defect_code": chance.choice(CODES)}
    return json.dumps(said).encode()


def product_of(line: str, at: float) -> int:
    """A line makes one product for twenty minutes, then another."""
    return (hash_of(line) + int(at) // 1200) % PRODUCTS


def hash_of(line: str) -> int:
    """Some number of the line, the same in every run."""
    return sum(line.encode()) * 7


def time_ordered_id(chance: random.Random, at: float) -> str:
    """A UUID of version 7."""
    bits = (int(at * 1000) << 80) | (7 << 76) | (chance.getrandbits(12) << 64)
    return str(uuid.UUID(int=bits | (2 << 62) | chance.getrandbits(62)))
