"""Small mappings and rows for the tests of conversion, which needs no database."""

import json
from collections.abc import Iterable
from typing import Any

from copq.ingest.files.convert import Converted, Converter, Unreadable
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.mapping_file import parse_mapping, read_mapping
from copq.ingest.files.rows import Row
from tests.support.ingest.files.plant import MAPPING

SMALL = """
name: mill
time_zone: America/New_York
constants: {plant: mill, line: L1}
events:
  - type: defect
    id: [at, press]
    fields: {occurred_at: at, work_unit: press, product: item, stage: step, quantity: scrap}
"""
STOPS = """
name: mill
time_zone: America/New_York
constants: {plant: mill, line: L1}
stops:
  - by: [press]
    time: at
    interval_minutes: 5
    when: {state: "off"}
    split_on: [reason]
    planned: {reason: {prefix: P}}
    fields: {work_unit: press, defect_code: reason}
"""


def bottling() -> Mapping:
    return read_mapping(MAPPING)


def small(**changes: str) -> Mapping:
    """The small mapping with pieces of its text replaced."""
    text = SMALL
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return parse_mapping(text)


def row(number: int = 2, **cells: str) -> Row:
    given = {"at": "2026-01-31 14:05", "press": "P4", "item": "A", "step": "s", "scrap": "3"}
    return Row(number, given | cells)


def convert(mapping: Mapping, rows: Iterable[Row]) -> list[Converted | Unreadable]:
    return list(Converter(mapping).events(rows))


def events(mapping: Mapping, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The events, where no row is refused."""
    converted = convert(mapping, rows)
    assert all(isinstance(item, Converted) for item in converted), converted
    return [json.loads(item.raw) for item in converted if isinstance(item, Converted)]


def refusal(mapping: Mapping, *rows: Row) -> Unreadable:
    (item,) = convert(mapping, rows)
    assert isinstance(item, Unreadable)
    return item


def numbered(rows: Iterable[dict[str, str]]) -> list[Row]:
    return [Row(number, cells) for number, cells in enumerate(rows, 2)]
