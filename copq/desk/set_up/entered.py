"""What a person enters about the first plant: checked field by field, then made into rates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from pydantic import TypeAdapter, ValidationError

from copq.desk.set_up.draft import Draft
from copq.desk.set_up.tables import LineRow, StageRow
from copq.ingest.form.numbers import NotANumber, read_number
from copq.rates.file import dotted, rates_of
from copq.schemas.fields import DayStart, Identifier, TimeZone
from copq.schemas.names import canonical
from copq.schemas.rates import RateFile

Mistakes = dict[str, str]
"""What is wrong, by field."""
_NAME: TypeAdapter[str] = TypeAdapter(Identifier)
_ZONE: TypeAdapter[str] = TypeAdapter(TimeZone)
_START: TypeAdapter[Any] = TypeAdapter(DayStart)
_EARLIEST, _LATEST = 2000, 2100


@cache
def time_zones() -> list[str]:
    """The zones to choose from: those named by place, and UTC."""
    left_out = ("Etc/", "SystemV/", "posix/", "right/")
    places = (z for z in available_timezones() if "/" in z and not z.startswith(left_out))
    return [*sorted(places), "UTC"]


@cache
def currencies() -> dict[str, str]:
    """The currencies that are in use today, with their English names."""
    names, today = Locale("en").currencies, datetime.now(UTC).date()
    used = {
        code
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory, today, today)
    }
    return {code: str(names.get(code, code)) for code in sorted(used)}


def check_plant(draft: Draft, known: Mapping[str, Any]) -> Mistakes:
    """What is wrong with the plant; `known` are those in the rate book."""
    mistakes: Mistakes = {}
    if not draft.plant:
        mistakes["plant"] = "Name the plant, such as hamburg"
    elif (fault := _fault(_NAME, draft.plant)) is not None:
        mistakes["plant"] = fault
    elif canonical(draft.plant) in known:
        mistakes["plant"] = (
            f'"{draft.plant}" is in the rate book already: choose another name; its rates change '
            "on the page Rates"
        )
    if not draft.time_zone:
        mistakes["time_zone"] = "Choose a time zone, such as Europe/Berlin"
    elif (fault := _fault(_ZONE, draft.time_zone)) is not None:
        mistakes["time_zone"] = fault
    if (fault := _fault(_START, draft.day_start)) is not None:
        mistakes["day_start"] = "Write a time on a quarter of an hour, such as 06:00"
    if draft.currency not in currencies():
        mistakes["currency"] = (
            f'"{draft.currency}" is not a currency of ISO 4217 such as EUR, USD or INR'
            if draft.currency else "Choose a currency, such as EUR"
        )  # fmt: skip
    return mistakes


def _fault(kind: TypeAdapter[Any], text: str) -> str | None:
    try:
        kind.validate_python(text)
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return None


@dataclass(frozen=True, slots=True)
class Costs:
    """What things cost from a day on, in the order of the tables."""

    since: date
    material: list[Decimal]
    labour: list[Decimal]
    per_hour: list[Decimal | None]


def first_day(zone: str, now: datetime) -> date:
    """The day that the rates are in force from, unless the person says otherwise."""
    return now.astimezone(ZoneInfo(zone)).date().replace(month=1, day=1)


def read_costs(
    filled: Mapping[str, str], lines: list[LineRow], stages: list[StageRow], locale: Locale
) -> tuple[Costs | None, Mistakes]:
    """The costs of the form, or what is wrong with them."""
    mistakes: Mistakes = {}

    def money(name: str, needed: str = "") -> Decimal | None:
        text = filled.get(name, "")
        try:
            found = read_number(text, locale)
        except NotANumber as error:
            negative = text.startswith(("-", "\u2212"))
            mistakes[name] = "A cost is 0 or more" if negative else str(error)
            return None
        if found is None and needed:
            mistakes[name] = needed
        return found

    numbers = range(len(stages))
    material = [money(f"material-{n}", "Enter what a unit costs here") for n in numbers]
    labour = [money(f"labour-{n}") for n in numbers]
    per_hour = [money(f"hour-{n}") for n in range(len(lines))]
    since = _day(filled.get("since", ""), mistakes)
    if mistakes or since is None:
        return None, mistakes
    zero = Decimal(0)
    return Costs(since, [m or zero for m in material], [x or zero for x in labour], per_hour), {}


def _day(text: str, mistakes: Mistakes) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        mistakes["since"] = "Write a day such as 2026-01-31"
        return None
    if not _EARLIEST <= found.year < _LATEST:
        mistakes["since"] = f"Choose a day of the years {_EARLIEST} to {_LATEST - 1}"
    return found


def rates_entered(
    draft: Draft, lines: list[LineRow], stages: list[StageRow], costs: Costs
) -> RateFile:
    """The rate file of the guide. Raises `RateFileError`."""
    since = costs.since.isoformat()
    tables: dict[str, dict[str, Any]] = {}
    for row, material, labour in zip(stages, costs.material, costs.labour, strict=True):
        table = tables.setdefault(row.product, {
            "product": row.product, "plant": draft.plant, "effective_from": since,
            "currency": draft.currency, "stages": [],
        })  # fmt: skip
        more = {"labour_overhead": f"{labour:f}"} if labour else {}
        table["stages"].append({"stage": row.stage, "raw_material": f"{material:f}", **more})
    rates = [
        {"plant": draft.plant, "line": row.line, "effective_from": since,
         "rate_per_hour": f"{hour:f}"}
        for row, hour in zip(lines, costs.per_hour, strict=True) if hour is not None
    ]  # fmt: skip
    plant = {
        "plant": draft.plant, "time_zone": draft.time_zone, "day_start": draft.day_start,
        "currency": draft.currency, "lines": [row.line for row in lines],
    }  # fmt: skip
    data: dict[str, Any] = {
        "time_zone": draft.time_zone, "plants": [plant], "cost_tables": list(tables.values()),
        **({"line_rates": rates} if rates else {}),
    }  # fmt: skip
    return rates_of(data, dotted)
