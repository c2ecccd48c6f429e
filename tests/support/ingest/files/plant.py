"""The bottling plant's log, and what its figures must be: from the rows alone, by sets and sums.

Nothing here uses the service: it is the other half of a double entry.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import add
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parents[4] / "examples" / "bottling_plant"
LOG, MAPPING, RATES = FOLDER / "mes.csv.gz", FOLDER / "mapping.yaml", FOLDER / "rates.yaml"
ZONE = ZoneInfo("America/New_York")
EPOCH = datetime(1, 1, 1, tzinfo=UTC)
STANDSTILL = Decimal(12)

LogRow = dict[str, str]


def log(path: Path = LOG) -> list[LogRow]:
    with gzip.open(path, "rt", newline="") as text:
        return list(csv.DictReader(text))


def write(path: Path, rows: Iterable[LogRow], header: Iterable[str]) -> Path:
    with path.open("w", newline="") as text:
        writer = csv.DictWriter(text, list(header))
        writer.writeheader()
        writer.writerows(rows)
    return path


class Bucket(NamedTuple):
    grain: str
    line: str
    day: date
    hour: datetime | None


def buckets(line: str, local: str) -> list[Bucket]:
    """The hour, the production day from 06:00, and the month of that day."""
    time = datetime.fromisoformat(local)
    day = (time - timedelta(hours=6)).date()
    hour = time.replace(minute=0, tzinfo=ZONE).astimezone(UTC)
    return [
        Bucket("hour", line, day, hour),
        Bucket("day", line, day, None),
        Bucket("month", line, day.replace(day=1), None),
    ]


class Figures(NamedTuple):
    quantity: Decimal
    net: Decimal
    base: Decimal
    good: Decimal


NOTHING = Figures(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
Units = dict[tuple[Bucket, str, str], Figures]


def units(rows: Iterable[LogRow]) -> Units:
    """Figures by bucket, product and element, of all that is made and scrapped."""
    found: Units = defaultdict(lambda: NOTHING)
    for row in rows:
        for element, figures in _elements(row):
            for bucket in buckets(row["LineID"], row["Timestamp"]):
                key = (bucket, row["ProductID"], element)
                found[key] = Figures(*map(add, found[key], figures))
    return dict(found)


def _elements(row: LogRow) -> list[tuple[str, Figures]]:
    good, scrap = Decimal(row["GoodUnitsProduced"]), Decimal(row["ScrapUnitsProduced"])
    cost, made, zero = Decimal(row["StandardCost_per_unit"]), good + scrap, Decimal(0)
    found = []
    if made:
        last = row["EquipmentType"] == "Palletizer"
        base = made * cost if last else zero
        element = "production" if last else "stage_production"
        found.append((element, Figures(made, zero, base, good)))
    if scrap:
        found.append(("defect", Figures(scrap, scrap * cost, zero, zero)))
    return found


def stopped_slots(rows: Iterable[LogRow]) -> dict[tuple[str, str], set[str]]:
    """Five-minute slots in which a line stood still, by line and element.

    A slot in which one machine stood still unplanned is unplanned, whatever the others did.
    """
    slots: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row["MachineStatus"] == "Stopped":
            planned = row["DowntimeReason"].startswith("PLN-")
            slots[row["LineID"], "planned_stop" if planned else "downtime"].add(row["Timestamp"])
    for line in {line for line, _ in slots}:
        slots[line, "planned_stop"] -= slots[line, "downtime"]
    return slots


def stop_minutes(rows: Iterable[LogRow]) -> dict[tuple[Bucket, str], int]:
    """Minutes of standstill of a line by bucket and element."""
    found: dict[tuple[Bucket, str], int] = defaultdict(int)
    for (line, element), slots in stopped_slots(rows).items():
        for slot in slots:
            for bucket in buckets(line, slot):
                found[bucket, element] += 5
    return dict(found)
