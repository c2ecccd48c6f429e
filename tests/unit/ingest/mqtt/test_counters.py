"""Counters that dip, are misread, roll over, are reset, and arrive late or with a wrong clock."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ingest.mqtt.device import (  # fmt: skip
    BEGAN,
    DOUBLE,
    INT8,
    INT16,
    INT32,
    INT64,
    NOW,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    M,
    SparkplugDevice,
    born,
)
from tests.support.searching import examples

YEARS = 16 * 365 * 24 * 60


def test_a_reading_of_the_future_is_refused_and_what_follows_counts() -> None:
    device = born()
    device.says(10, M("Total", 1100))
    device.says(20, M("Total", 1110, at=YEARS), M("Bad", 12, at=YEARS), M("State", 2, at=YEARS))
    device.says(60, M("Total", 1300), M("Bad", 20))
    device.says(120, M("Total", 1900), M("Bad", 40))
    assert (device.total(), device.total("scrap")) == (900, 30)
    assert device.refused() == ["in_the_future"] * 3


@pytest.mark.parametrize("code", [1, 2])
def test_a_state_of_the_future_does_not_change_the_states_that_follow(code: int) -> None:
    device = born()
    device.says(10, M("State", code, at=YEARS))
    for at, state in ((30, 2), (60, 1), (120, 2)):
        device.says(at, M("State", state))
    stops = [(e["started_at"][11:16], e.get("ended_at", "")[11:16]) for e in device.events()]
    assert stops[-2:] == [("07:00", "07:30"), ("08:30", "")]
    assert device.refused() == ["in_the_future"]


def test_a_birth_of_the_future_still_says_what_the_metrics_are() -> None:
    device = SparkplugDevice()
    device.born(YEARS, M("Total", 5, type=UINT64), M("Part", "a"))
    device.says(10, M("Total", 6), M("Part", "a"))
    device.says(20, M("Total", 9))
    assert device.total() == 3


def test_a_clock_that_was_ahead_and_is_put_back_loses_nothing() -> None:
    device = born(100)
    device.says(0, M("Total", 110, at=600))
    device.counts("Total", (10, 120), (20, 130), (30, 500))
    device.counts("Total", (610, 510))
    assert device.total() == 410


@pytest.mark.parametrize(
    ("readings", "made"),
    [
        ([501, 500, 502], 2),
        ([501, 500, 500, 502], 2),
        ([501, 0, 503], 3),
        ([501, 0, 0, 503], 3),
        ([501, 499, 0, 503], 3),
        ([501, 0, 500, 503], 3),
        ([501, 4294967295, 503], 3),
        ([501, 65535, 503], 3),
        ([501, 4294967295, 0, 503], 3),
        ([501, 20, 25, 30], 31),
        ([501, 0, 25, 30], 31),
        ([501, 0, 0, 0, 1, 2], 3),
        ([501, 20, 20, 21], 22),
    ],
)
def test_glitches_add_nothing_and_resets_count_from_zero(readings: list[int], made: int) -> None:
    device = born(250_000, 500)
    for at, (total, bad) in enumerate(((250_000 + i * 40, b) for i, b in enumerate(readings)), 1):
        device.says(at * 10, M("Total", total), M("Bad", bad))
    assert device.total("scrap") == made
    assert device.total() == 40 * (len(readings) - 1)


@pytest.mark.parametrize(
    ("readings", "made"), [([3, 0, 1, 2], 2), ([2, 0, 1, 2], 2), ([1, 0, 0, 1, 2], 2)]
)
def test_a_counter_of_a_few_pieces_is_reset(readings: list[int], made: int) -> None:
    device = born(bad=readings[0])
    for at, value in enumerate(readings[1:], 1):
        device.says(at * 60, M("Bad", value))
    assert (device.total("scrap"), device.refused()) == (made, [])


def test_a_fractional_counter_adds_up_to_what_it_shows() -> None:
    device = born(0.1)
    device.counts("Total", (1, 0.30000000000000004), (2, 0.3000001), (3, 0.7), (4, 1.25))
    assert device.total() == Decimal("1.15")
    assert device.refused() == []


def test_what_is_misread_is_shown_and_what_waits_is_shown() -> None:
    device = born(250_000)
    device.counts("Total", (10, 0))
    assert list(device.uncounted()) == ["held"]
    device.counts("Total", (11, 250_040))
    assert device.refused() == ["misreading"]


def test_a_fall_that_lasts_but_goes_to_no_beginning_is_a_counter_set_back() -> None:
    device = born(1000)
    device.counts("Total", (10, 800), (20, 810), (30, 820))
    assert (device.total(), device.refused()) == (20, ["set_back"])
    device.says(40, M("Total", 900, at=-5))  # older than the fall
    assert device.total() == 20


def test_a_step_larger_than_is_plausible_is_not_counted_and_shown() -> None:
    device = born(1000)
    device.counts("Total", (10, 900_000), (20, 900_040), (30, 900_080))
    assert (device.total(), device.refused()) == (80, ["implausible_step"])


def test_the_largest_plausible_step_grows_with_time_and_is_a_setting() -> None:
    device = born(1000)
    device.counts("Total", (600, 1_000_000))
    assert (device.total(), device.refused()) == (999_000, [])
    setting = SparkplugDevice().config.replace("processed}", "processed, most_per_minute: 2.5}")
    device = SparkplugDevice(setting)
    device.born(0, M("Total", 0, type=UINT64), M("Part", "a"))
    device.counts("Total", (10, 25), (20, 51), (30, 75))
    assert (device.total(), device.refused()) == (75, [])


@pytest.mark.parametrize("minutes", [1, 10, 20])
@pytest.mark.parametrize(
    ("readings", "made"),
    [
        ([1000, 1040, 900_000, 900_000, 1080, 1120], 120),
        ([1000, 1040, 900_000, 900_000, 900_000, 1040, 1080], 80),
        ([1000, 1040, 900_000, 900_040, 1080, 1120], 120),
        ([1000, 1040, 900_000, 900_000, 0, 1080, 1120], 120),
        ([1000, 1040, 900_000, 900_000, 0, 0, 1080, 1120], 120),
        ([1000, 1040, 900_000, 900_000, 1039, 1080, 1120], 120),
        ([1000, 1040, 65_535, 65_535, 1080, 1120], 120),
        ([1000, 1040, 65_535, 65_535, 1080, 65_535, 65_535, 1120], 120),
        ([1000, 1040, 65_535, 65_536, 65_537, 1080, 1120], 120),
        ([1000, 1040, 17, 17, 1080, 1120], 120),
        ([1000, 1040, 17, 18, 1080, 1120], 120),
        ([1000, 1040, 17, 0, 0, 1080], 80),
        ([1000, 1040, 800, 800, 1080], 80),
        ([1000, 1040, 0, 0, 0, 1040, 1080], 80),
        ([1000, 1040, 65_535, 65_535, 0, 0, 1080], 80),
        ([1000, 1040, 2**32 - 1, 2**32 - 1, 2**32 - 1, 1080], 80),
    ],
)
def test_garbage_that_is_read_several_times_adds_nothing(
    readings: list[int], made: int, minutes: int
) -> None:
    device = born(readings[0])
    device.counts("Total", *((at * minutes, v) for at, v in enumerate(readings[1:], 1)))
    assert device.total() == made
    assert "misreading" in device.refused()


def test_low_garbage_read_twice_adds_nothing() -> None:
    device = born(1000)
    device.counts("Total", (1, 1004), (2, 17), (3, 17), (4, 1012))
    assert (device.total(), device.refused()) == (12, ["misreading"])


@pytest.mark.parametrize("minutes", [1, 10, 60])
@pytest.mark.parametrize(
    ("bad", "made"),
    [
        ([10, 12, 0, 0, 13], 3),
        ([10, 12, 0, 0, 12], 2),
        ([0, 1, 0, 0, 1], 1),
        ([0, 1, 0, 0, 2], 2),
        ([10, 12, 3, 3, 13], 3),
    ],
)
def test_counters_that_read_zero_together_return_together(
    bad: list[int], made: int, minutes: int
) -> None:
    device = born(1000, bad[0])
    for at, (total, scrap) in enumerate(zip([1040, 0, 0, 1080], bad[1:], strict=True), 1):
        device.says(at * minutes, M("Bad", scrap), M("Total", total))
    assert (device.total(), device.total("scrap")) == (80, made)


def test_a_slow_counter_that_reads_zero_twice_by_itself_returns() -> None:
    device = born(bad=10)
    device.counts("Bad", (10, 12), (20, 0), (30, 0), (40, 13), (50, 14))
    assert (device.total("scrap"), device.refused()) == (4, ["misreading"])


@pytest.mark.parametrize(
    ("readings", "made"),
    [
        ([1000, 1040, 20, 60, 100], 140),
        ([1000, 5000, 9000, 13_000, 1100, 5100], 17_100),
        ([1000, 1040, 900_000, 900_040, *(900_080 + 40 * i for i in range(12)), 20, 60], 620),
    ],
)
def test_a_reset_after_steady_growth_is_a_reset(readings: list[int], made: int) -> None:
    device = born(readings[0])
    device.counts("Total", *((at * 10, value) for at, value in enumerate(readings[1:], 1)))
    assert device.total() == made


@pytest.mark.parametrize(
    ("readings", "made", "refused"),
    [
        ([0, 100_000, 100_040], 40, ["implausible_step"]),
        ([0, 70_000, 70_040, 70_080], 80, ["implausible_step"]),
        ([0, 61_000, 110_000, 150_000], 150_000, []),
    ],
)
def test_a_first_step_that_is_implausible_is_refused_and_nothing_else(
    readings: list[int], made: int, refused: list[str]
) -> None:
    device = born(readings[0])
    device.counts("Total", *((at * 10, value) for at, value in enumerate(readings[1:], 1)))
    assert (device.total(), device.refused()) == (made, refused)


def test_what_was_counted_of_a_misread_jump_is_voided_after_a_restart() -> None:
    device = born(1000)
    device.counts("Total", (20, 1040), (40, 65_535), (60, 65_535))
    assert device.total() == 64_535
    device.memory.save([])
    again = SparkplugDevice(memory=device.memory, seq=device.seq, heard=device.heard)
    again.counts("Total", (80, 1080))
    again.says(81, M("Total", 1060, at=70, historical=True))
    assert (again.total(), again.refused()) == (80, ["misreading"])


HISTORY = [(60, 1060), (120, 1150), (150, 0), (210, 20)]


@pytest.mark.parametrize("confirmed_first", [False, True])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("together", [False, True])
def test_history_across_a_reset_counts(confirmed_first: bool, order: int, together: bool) -> None:
    device = born(1000)
    device.born(240, M("Total", 30, type=UINT64), M("Part", "a"))
    if confirmed_first:
        device.counts("Total", (250, 50))
    history = [M("Total", value, at, historical=True) for at, value in HISTORY][::order]
    for part in [history] if together else [[metric] for metric in history]:
        device.says(251, *part)
    device.counts("Total", (252, 51))
    assert device.total() == 201
    if order == 1:
        first = [e for e in device.events() if e["quantity"] == "60"]
        assert [e["occurred_at"][:16] for e in first] == ["2026-03-02T07:30"]


def test_history_that_changes_no_sum_changes_no_event() -> None:
    device = born(1000)
    device.born(240, M("Total", 1200, type=UINT64), M("Part", "a"))
    device.says(241, *(M("Total", v, a, historical=True) for a, v in ((60, 1050), (120, 1100))))
    assert [e["quantity"] for e in device.events()] == ["200"]
    assert list(device.uncounted()) == ["counted_already"] * 2


def test_history_with_a_peak_that_nothing_confirms_is_shown_and_not_counted() -> None:
    device = born(1000)
    device.born(240, M("Total", 1200, type=UINT64), M("Part", "a"))
    device.says(241, M("Total", 9000, 60, historical=True))
    assert (device.total(), device.refused()) == (200, ["misreading"])


def test_history_of_another_product_is_booked_on_that_product() -> None:
    device = born(1000)
    device.born(240, M("Total", 1200, type=UINT64), M("Part", "b"))
    device.says(
        241,
        M("Part", "a", 60, historical=True),
        M("Total", 1150, 120, historical=True),
        M("Part", "b", 121, historical=True),
    )
    assert (device.total(product="a"), device.total(product="b")) == (150, 50)


@pytest.mark.parametrize(
    ("datatype", "readings", "made"),
    [
        (INT8, [100, 120, -120, -100], 56),
        (INT8, [100, 120, 5], 33),
        (INT16, [32_700, 32_760, -32_770 + 20, -32_700], 136),
        (INT16, [32_700, 32_760, 10], 78),
        (INT32, [2**31 - 48, 2**31 - 8, -(2**31) + 30, -(2**31) + 100], 148),
        (INT64, [2**63 - 10, -(2**63) + 10], 20),
        (INT64, [-30, -10, 15, 40], 70),
        (UINT8, [200, 250, 20, 90, 160, 230, 44], 356),
        (UINT16, [65_500, 65_530, 5], 41),
        (UINT32, [2**32 - 6, 2**32 - 2, 5, 9], 15),
        (UINT64, [2**64 - 6, 3], 9),
    ],
)
def test_a_declared_type_overflows(datatype: int, readings: list[int], made: int) -> None:
    device = born(readings[0], type=datatype)
    device.counts("Total", *((at * 10, value) for at, value in enumerate(readings[1:], 1)))
    assert (device.total(), device.refused()) == (made, [])


@pytest.mark.parametrize(
    ("datatype", "readings", "made"),
    [
        (UINT16, [40_000, 12, 20], 20),
        (UINT32, [3 * 10**9, 12, 20], 20),
        (INT16, [20_000, 12, 20], 20),
        (UINT8, [90, 5, 7], 7),
    ],
)
def test_far_from_the_top_of_its_type_a_counter_is_reset(
    datatype: int, readings: list[int], made: int
) -> None:
    device = born(readings[0], type=datatype)
    device.counts("Total", *((at * 10, value) for at, value in enumerate(readings[1:], 1)))
    assert (device.total(), device.refused()) == (made, [])


@pytest.mark.parametrize(
    ("top", "datatype", "readings", "made"),
    [
        (2**31, INT32, [2**31 - 8, -(2**31) + 30, -(2**31) + 100], 108),
        (10_000, UINT32, [9_990, 5, 9], 19),
        (1000, DOUBLE, [999.5, 0.25, 1.0], 1.5),
        (100_000, UINT32, [40_000, 12, 20], 20),
    ],
)
def test_a_counter_rolls_over_where_the_configuration_says(
    top: int, datatype: int, readings: list[Any], made: float
) -> None:
    device = SparkplugDevice(
        SparkplugDevice().config.replace("processed}", f"processed, rolls_over_at: {top}}}")
    )
    device.born(0, M("Total", readings[0], type=datatype), M("Part", "a"))
    device.counts("Total", *((at * 10, value) for at, value in enumerate(readings[1:], 1)))
    assert (device.total(), device.refused()) == (made, [])


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (M("Bad", "many"), "invalid_value"),
        (M("Bad", float("nan")), "invalid_value"),
        (M("Bad", float("inf")), "invalid_value"),
        (M("Bad", -1.5), "invalid_value"),
        (M("Bad", 1e300), "invalid_value"),
        (M("Bad", 300, type=UINT8), "out_of_range"),
        (M("Bad", 20, at=-60 * 24 * 365 * 40), "invalid_value"),
        (M("State", 77), "unknown_state"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_one_bad_metric_leaves_the_sound_ones_alone(bad: M, code: str, first: bool) -> None:
    device, sound = born(), M("Total", 1040)
    device.says(10, *((bad, sound) if first else (sound, bad)))
    assert (device.total(), device.refused()) == (40, [code])
    assert device.heard[-1].outcome == "events"
    device.says(20, M("Bad", 13))
    assert device.total("scrap") == 3


def test_a_metric_without_a_value_is_no_reading() -> None:
    device = born()
    device.says(10, M("Total", None), M("Bad", None), M("Part", None), M("State", None))
    device.says(20, M("Total", 1040))
    assert (device.total(product="a"), device.refused()) == (40, [])


def test_a_product_change_within_one_message_divides_what_was_made() -> None:
    device = born()
    device.says(30, M("Total", 1150, at=20), M("Part", "b", at=10), M("Total", 1050, at=5),
                M("Total", 1200, at=25))  # fmt: skip
    assert (device.total(product="a"), device.total(product="b")) == (50, 150)
    device.says(40, M("Total", 1210), M("Part", "c"), M("Total", 1215, at=41))
    assert (device.total(product="b"), device.total(product="c")) == (160, 5)


def test_without_a_product_the_counter_waits_and_loses_nothing() -> None:
    device = SparkplugDevice()
    device.born(0, M("Total", 100, type=UINT64))
    device.counts("Total", (10, 120), (20, 140))
    assert (device.total(), device.refused()) == (0, ["missing_field"] * 2)
    device.says(30, M("Part", "a"), M("Total", 160))
    assert device.total() == 60


def test_a_quantity_that_no_event_may_have_does_not_move_the_counter() -> None:
    setting = SparkplugDevice().config.replace("processed}", "processed, most_per_minute: 1e12}")
    device = SparkplugDevice(setting)
    device.born(0, M("Total", 0, type=UINT64), M("Part", "a"))
    device.counts("Total", (10, 2 * 10**9), (20, 50))
    assert (device.total(), device.refused()) == (50, ["out_of_range"])


def test_an_alias_of_two_metrics_is_of_neither() -> None:
    from copq.ingest.mqtt.sparkplug_payload import _Payload

    device = born()
    payload = _Payload(timestamp=int(BEGAN.timestamp() * 1000), seq=2)
    for name in ("Total", "Bad"):
        payload.metrics.add(name=name, alias=7, datatype=UINT64, long_value=10)
    found = device.translator.translate("spBv1.0/g/DBIRTH/n/d", payload.SerializeToString())
    assert any("alias 7 is of several metrics" in remark for remark in found.read.remarks)


def test_what_is_remembered_survives_a_restart() -> None:
    device = born(1000)
    device.counts("Total", (10, 1100), (20, 0))
    device.memory.save([])
    again = SparkplugDevice(memory=device.memory, seq=device.seq, heard=device.heard)
    again.counts("Total", (30, 5), (40, 9))
    assert again.total() == 109


STEPS = st.lists(st.integers(0, 60), min_size=1, max_size=12)
FAULT_KINDS = ["dip", "zero", "zeros", "low", "peak", "peaks", "replay", "swap", "future"]
FAULTS = st.lists(st.tuples(st.integers(1, 12), st.sampled_from(FAULT_KINDS)), max_size=4)


@examples(1.5)
@given(STEPS, st.sets(st.integers(2, 12), max_size=2), FAULTS, st.booleans())
def test_a_true_counter_with_faults_counts_the_truth_or_shows_what_differs(
    steps: list[int], resets: set[int], faults: list[tuple[int, str]], reborn: bool
) -> None:
    value, readings = 5000, [(0.0, 5000)]
    for at, made in enumerate(steps, 1):
        value = made if at in resets else value + made
        readings.append((float(at), value))
    sent = _with_faults(readings, faults)
    device = born(5000)
    for second, reading in sent[1:]:
        total = M("Total", reading, at=second)
        device.says(min(second, 20), total)
        if reborn:
            born_with = M("Total", reading, at=second, type=UINT64)
            device.born(min(second, 20), born_with, M("Part", "a"))
    shown = bool(device.refused()) or "held" in device.uncounted()
    assert shown or device.total() == sum(steps) or "dip" in device.uncounted()
    if not resets:
        assert device.total() <= sum(steps)
    if all(fault in ("replay", "future", "swap") for _, fault in faults) and not resets:
        assert device.total() == sum(steps)


def _with_faults(
    readings: list[tuple[float, int]], faults: list[tuple[int, str]]
) -> list[tuple[float, int]]:
    """The readings as a device sends them that has these faults."""
    sent = list(readings)
    for place, fault in faults:
        place = min(place, len(sent) - 1)
        at, value = sent[place]
        several = fault in ("zeros", "low", "peaks")
        if sent[place] not in readings or (several and sent[place] == readings[-1]):
            continue  # nothing would follow that shows several wrong readings to be wrong
        if fault == "replay":
            sent.append(sent[place])
        elif fault == "swap" and place > 1:
            sent[place - 1], sent[place] = sent[place], sent[place - 1]
        elif fault != "swap":
            wrong = {"dip": max(value - 1, 1), "future": value, "low": 17}.get(fault, 2**32 - 1)
            wrong = 0 if fault in ("zero", "zeros") else wrong
            sent.insert(place + 1, (YEARS if fault == "future" else at + 0.5, wrong))
            if several:
                sent.insert(place + 2, (at + 0.7, wrong))
    return sent


def test_an_earlier_value_after_a_fall_in_doubt_counts_nothing() -> None:
    device = born(5000)
    device.counts("Total", (1, 5001), (15, 0), (17, 0), (16, 5000), (20, 5001))
    assert device.total() == 1


def test_the_faults_of_the_property_are_faults() -> None:
    sent = _with_faults([(0.0, 5), (1.0, 7), (2.0, 9)], [(1, "dip"), (1, "future")])
    assert sent == [(0.0, 5), (1.0, 7), (YEARS, 7), (1.5, 6), (2.0, 9)]
    assert all(a != b for a, b in pairwise(sent))
    assert timedelta(days=1) > NOW - BEGAN
