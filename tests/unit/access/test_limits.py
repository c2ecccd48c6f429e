"""Token buckets by a clock that the test advances."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.access.door import TooMuch
from copq.access.limits import BURST_S, Limits, Meter


def passed(meter: Meter, now: float, **amounts: int) -> bool:
    try:
        meter.charge(amounts.items(), now)
    except TooMuch:
        return False
    return True


def test_a_burst_passes_then_the_rate_holds() -> None:
    meter = Meter(Limits(requests=2), 0.0)
    assert sum(passed(meter, 0.0, requests=1) for _ in range(100)) == 2 * BURST_S
    assert sum(passed(meter, 3.0, requests=1) for _ in range(100)) == 6


def test_a_quiet_sender_saves_up_no_more_than_a_burst() -> None:
    meter = Meter(Limits(requests=2), 0.0)
    assert sum(passed(meter, 1e6, requests=1) for _ in range(100)) == 2 * BURST_S


def test_a_batch_larger_than_the_bucket_passes_and_is_paid_for_afterwards() -> None:
    meter = Meter(Limits(events=100), 0.0)
    assert passed(meter, 0.0, events=10_000)
    with pytest.raises(TooMuch, match="events a second") as over:
        meter.charge([("events", 1)], 0.0)
    assert over.value.retry_after == 91
    assert not passed(meter, 90.0, events=1)
    assert passed(meter, float(over.value.retry_after), events=1)


def test_what_is_over_one_limit_is_charged_to_none() -> None:
    meter = Meter(Limits(requests=1, size=1), 0.0)
    assert passed(meter, 0.0, requests=1, bytes=1000)
    for _ in range(50):
        assert not passed(meter, 0.0, requests=1, bytes=1)
    assert sum(passed(meter, 0.0, requests=1) for _ in range(50)) == BURST_S - 1


def test_without_a_limit_nothing_is_counted() -> None:
    meter = Meter(Limits(), 0.0)
    assert all(passed(meter, 0.0, requests=10**9, events=10**9, bytes=10**12) for _ in range(9))


def test_a_limit_below_one_a_second_lets_one_pass_now_and_then() -> None:
    meter = Meter(Limits(requests=0.01), 0.0)
    assert passed(meter, 0.0, requests=1)
    assert not passed(meter, 99.0, requests=1)
    assert passed(meter, 100.0, requests=1)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=60))
def test_on_average_no_more_than_the_rate_passes(steps: list[tuple[float, int]]) -> None:
    meter, now, sent, last = Meter(Limits(events=10), 0.0), 0.0, 0, 0
    for wait, amount in steps:
        now += wait
        if passed(meter, now, events=amount):
            sent, last = sent + amount, amount
    assert sent - last <= 10 * (BURST_S + now) + 1e-6


@given(st.integers(1, 5000), st.floats(0.1, 1000))
def test_after_the_time_that_is_told_it_passes(amount: int, rate: float) -> None:
    meter = Meter(Limits(events=rate), 0.0)
    full = max(1, int(rate * BURST_S))
    assert passed(meter, 0.0, events=full + amount - 1)
    with pytest.raises(TooMuch) as over:
        meter.charge([("events", 1)], 0.0)
    assert passed(meter, float(over.value.retry_after), events=1)
