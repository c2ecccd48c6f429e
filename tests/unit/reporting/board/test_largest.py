"""A plant of many lines: the most expensive have a row, all others are one, sums are whole."""

from decimal import Decimal
from typing import Any

import pytest

from copq.ledger.figures import OTHER, ReportRow
from copq.reporting.board import largest
from copq.reporting.board.alerts import MOST, Part, _first_parts
from copq.reporting.board.largest import fold_lines, names_to_choose


def rows(count: int) -> list[ReportRow]:
    return [
        ReportRow(None, {"line": f"L{n:02}"}, "EUR", copq=Decimal(n), base=Decimal(10))
        for n in range(count)
    ]


def test_the_most_expensive_lines_keep_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(largest, "LINES", 4)
    days, hours = rows(10), rows(10)
    assert fold_lines(days, hours) == 7
    for found in (days, hours):
        names: list[Any] = [row.dims["line"] for row in found]
        assert names == [OTHER] * 7 + ["L07", "L08", "L09"]
        assert sum(row.copq for row in found) == 45


def test_few_lines_stay_as_they_are() -> None:
    days = rows(10)
    assert fold_lines(days, []) == 0
    assert [row.dims["line"] for row in days] == [f"L{n:02}" for n in range(10)]


def test_the_line_that_is_chosen_is_among_the_names() -> None:
    names = [f"L{n}" for n in range(largest.NAMES + 10)]
    assert len(names_to_choose(names, None)) == largest.NAMES
    assert names_to_choose(names, names[-1])[-1] == names[-1]


def test_an_alert_shows_so_many_parts_and_how_many_more() -> None:
    parts = _first_parts((Part(f"line {n}") for n in range(MOST)), MOST + 30)
    assert len(parts) == MOST + 1 and parts[-1].text == "and 30 more"
