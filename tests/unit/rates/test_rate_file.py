"""A rate file is taken as it is written, or refused with everything that is wrong with it."""

from datetime import UTC, datetime
from decimal import Decimal as D
from pathlib import Path

import pytest

from copq.rates.file import RateFileError, parse_rates, read_rate_file

GOOD = """
time_zone: Europe/Berlin
plants:
  - {plant: hamburg, time_zone: Europe/Berlin, day_start: "06:00", currency: EUR, lines: [filling]}
cost_tables:
  - product: bottle
    effective_from: 2026-01-31
    currency: EUR
    stages: [{stage: blown, raw_material: 0.1}, {stage: filled, raw_material: 1.10}]
line_rates:
  - {plant: hamburg, line: filling, effective_from: 2026-01-31, rate_per_minute: 2}
labour_rates:
  - {plant: hamburg, effective_from: 2026-01-31T06:00:00, rate_per_minute: 0.5}
"""


def faults(text: str) -> list[str]:
    with pytest.raises(RateFileError) as refused:
        parse_rates(text)
    assert str(refused.value) == "\n".join(refused.value.faults)
    return refused.value.faults


def test_numbers_are_what_is_written_never_binary_floats() -> None:
    [table] = parse_rates(GOOD).cost_tables
    assert [str(stage.raw_material) for stage in table.stages] == ["0.1", "1.10"]


def test_a_number_beyond_what_a_float_holds_comes_through() -> None:
    [table] = parse_rates(GOOD.replace("0.1}", "123456789.12345678}")).cost_tables
    assert table.stages[0].raw_material == D("123456789.12345678")


DATES = (
    # a bare date is midnight in the file's time zone, whatever its offset is then
    ("2026-01-31", datetime(2026, 1, 30, 23, tzinfo=UTC)),
    ("2026-07-31", datetime(2026, 7, 30, 22, tzinfo=UTC)),
    # so is a time without an offset
    ("2026-01-31T06:00:00", datetime(2026, 1, 31, 5, tzinfo=UTC)),
    ("2026-01-31 06:00", datetime(2026, 1, 31, 5, tzinfo=UTC)),
    # an offset counts as it is written
    ("2026-01-31T06:00:00-05:00", datetime(2026, 1, 31, 11, tzinfo=UTC)),
    ("2026-01-31T06:00:00Z", datetime(2026, 1, 31, 6, tzinfo=UTC)),
)


@pytest.mark.parametrize(("written", "instant"), DATES)
def test_dates_are_of_the_time_zone_of_the_file(written: str, instant: datetime) -> None:
    text = GOOD.replace("effective_from: 2026-01-31\n", f"effective_from: {written}\n", 1)
    assert parse_rates(text).cost_tables[0].effective_from == instant


def test_without_a_time_zone_a_bare_date_is_refused_wherever_it_is() -> None:
    without = GOOD.replace("time_zone: Europe/Berlin\nplants", "plants")
    why = "has no offset; add one, or set time_zone at the top of the file"
    assert faults(without) == [
        f"cost_tables.0.effective_from: {why}",
        f"line_rates.0.effective_from: {why}",
        f"labour_rates.0.effective_from: {why}",
    ]


BAD = (
    # no mapping at all
    ("", ["is empty: a rate file has plants, cost_tables, line_rates, …"]),
    ("- a", ["is empty: a rate file has plants, cost_tables, line_rates, …"]),
    # a name that is misspelt gets the one that was meant
    (GOOD.replace("cost_tables:", "cost_table:"),
     ["cost_table: is not a field here; did you mean \"cost_tables\"?"]),
    (GOOD.replace("rate_per_minute: 2", "rate_per_min: 2"),
     ['line_rates.0.rate_per_min: is not a field here; did you mean "rate_per_minute"?']),
    (GOOD.replace(", rate_per_minute: 2", ""),
     ["line_rates.0: rate_per_minute: is missing; give it, or rate_per_hour"]),
    (GOOD.replace("rate_per_minute: 0.5", "rate_per_minute: 0.5, rate_per_hour: 30"),
     ["labour_rates.0: rate_per_hour: is given next to rate_per_minute; leave one of them out"]),
    # numbers
    (GOOD.replace("raw_material: 0.1", 'raw_material: "1,5"'),
     ["cost_tables.0.stages.0.raw_material: Input should be a valid decimal"]),
    (GOOD.replace("raw_material: 0.1", "raw_material: -1"),
     ["cost_tables.0.stages.0.raw_material: Input should be greater than or equal to 0"]),
    (GOOD.replace("raw_material: 0.1", "raw_material: .nan"),
     ["cost_tables.0.stages.0.raw_material: Input should be a valid decimal"]),
    (GOOD.replace("raw_material: 0.1", "raw_material: 0.123456789"),
     ["cost_tables.0.stages.0.raw_material: "
      "Decimal input should have no more than 8 decimal places"]),
    # a percentage where a share belongs
    (GOOD.replace("currency: EUR\n", "currency: EUR\n    allowed_rejection: 34\n", 1),
     ["cost_tables.0.allowed_rejection: Input should be less than or equal to 1"]),
    # calendars
    (GOOD.replace("{plant: hamburg, time_zone: Europe/Berlin", "{plant: hamburg, time_zone: CEST"),
     ['plants.0.time_zone: "CEST" is not an IANA time zone such as "Europe/Berlin"']),
    (GOOD.replace('"06:00"', '"06:05"'),
     ["plants.0.day_start: must be a local time on a quarter of an hour, such as 06:00"]),
    # dates that are none, and an end before its start
    (GOOD.replace("effective_from: 2026-01-31\n", "effective_from: 31.01.2026\n"),
     ["cost_tables.0.effective_from: is not a date: "
      "write 2026-01-31, or 2026-01-31T06:00:00+01:00"]),
    (GOOD.replace("effective_from: 2026-01-31\n", "effective_from: 1769900000\n"),
     ["cost_tables.0.effective_from: is not a date: "
      "write 2026-01-31, or 2026-01-31T06:00:00+01:00"]),
    (GOOD.replace("effective_from: 2026-01-31\n", "effective_from: 0001-01-01\n"),
     ["cost_tables.0.effective_from: is not a date: "
      "write 2026-01-31, or 2026-01-31T06:00:00+01:00"]),
    (GOOD.replace("    currency: EUR\n    stages", "    currency: EUR\n"
                  "    effective_to: 2026-01-31\n    stages"),
     ["cost_tables.0: effective_to: is not after effective_from"]),
    # a table without a stage, and one with a stage twice
    (GOOD.replace("[{stage: blown, raw_material: 0.1}, {stage: filled, raw_material: 1.10}]", "[]"),
     ["cost_tables.0.stages: Tuple should have at least 1 item after validation, not 0"]),
    (GOOD.replace("stage: filled", "stage: blown"),
     ['cost_tables.0.stages: stage "blown" is there twice']),
    # a line that the plant has not
    (GOOD.replace("line: filling", "line: fillling"),
     ['line_rates: line "fillling" is not in plant "hamburg"; its lines are filling']),
    # nothing where a list belongs
    ("cost_tables:\n", ["cost_tables: Input should be a valid tuple"]),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BAD)
def test_every_fault_is_named_with_its_place(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


def test_all_faults_are_named_at_once() -> None:
    text = GOOD.replace('"06:00"', '"06:05"').replace("stage: filled", "stage: blown")
    assert len(faults(text.replace("rate_per_minute: 2", "rate_per_minute: x"))) == 3


def test_the_same_item_of_the_same_date_can_be_there_only_once() -> None:
    rate = "  - {plant: hamburg, effective_from: 2026-01-31T05:00:00Z, rate_per_minute: 0.6}\n"
    [fault] = faults(GOOD + rate)
    assert fault.startswith("labour_rate hamburg/standard from 2026-01-31")
    assert fault.endswith("is there twice")


def test_a_table_may_be_in_force_for_ever() -> None:
    dated = "    currency: EUR\n    effective_to: 9999-12-31\n"
    [table] = parse_rates(GOOD.replace("    currency: EUR\n", dated)).cost_tables
    assert table.effective_to is not None


def test_a_section_that_is_there_twice_is_refused() -> None:
    [fault] = faults(GOOD + "line_rates: []\n")
    assert '"line_rates" is there twice' in fault
    assert "line 14" in fault


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\x00", "*a", "[" * 100_000])
def test_what_is_not_yaml_is_said_to_be_none(text: str) -> None:
    assert faults(text)[0].startswith("is not YAML: ")


def test_a_tag_makes_no_object() -> None:
    assert faults("a: !!python/object/apply:os.getcwd []") == ["a: is not a field here"]


def test_odd_time_zones_of_the_file_are_named() -> None:
    for zone in ("Nowhere/City", "../../etc/passwd", "[a]", ""):
        said = faults(
            GOOD.replace("time_zone: Europe/Berlin\nplants", f"time_zone: {zone}\nplants")
        )
        assert any(fault.startswith("time_zone: ") for fault in said), zone


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "rates.yaml"
    path.write_text(GOOD.replace("bottle", "größe"), encoding="utf-8")
    assert read_rate_file(path).cost_tables[0].product == "größe"
    path.write_bytes(GOOD.replace("bottle", "größe").encode("latin-1"))
    with pytest.raises(RateFileError, match="is not UTF-8"):
        read_rate_file(path)


def test_a_file_that_names_everything_twice_over_is_no_bomb() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (fault,) = faults(bomb)
    assert "anchors stand for more than 1,000,000 values" in fault
