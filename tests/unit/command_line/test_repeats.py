"""A log says what goes on, not how often it was tried."""

import logging

from copq.command_line.repeats import RepeatFilter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def said(message: str, name: str = "aiokafka") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, "%s", (message,), None)


def test_a_repeated_message_passes_once_in_a_while_with_the_number_held_back() -> None:
    clock = Clock()
    repeats = RepeatFilter(clock)
    assert [repeats.filter(said("no broker")) for _ in range(4)] == [True, False, False, False]
    clock.now = 10.0
    again = said("no broker")
    assert repeats.filter(again)
    assert again.getMessage() == "no broker (3 more since)"


def test_other_messages_and_other_loggers_pass() -> None:
    repeats = RepeatFilter(Clock())
    different = [said("one"), said("two"), said("one", "services")]
    assert all(repeats.filter(record) for record in different)


def test_memory_is_bounded() -> None:
    repeats = RepeatFilter(Clock())
    assert all(repeats.filter(said(str(number))) for number in range(5_000))
    assert len(repeats._said) <= 1_000
