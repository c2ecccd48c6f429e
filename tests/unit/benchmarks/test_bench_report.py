"""A benchmark keeps every row that it has measured, and says which it could not measure."""

from pathlib import Path

import pytest

from benchmarks.report import Report
from tests.support.programs import MissingProgramError, find_program

COLUMNS = ("what", "measured", "limit", "ratio")


async def test_a_row_that_cannot_run_says_why_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def without_mosquitto() -> None:
        find_program("no-such-program")

    async def measured() -> None:
        report.add("HTTP", "5/s", "10/s", "0.50")

    report = Report("speed", "Speed", *COLUMNS, folder=tmp_path)
    assert not await report.attempt("MQTT", without_mosquitto())
    assert await report.attempt("HTTP", measured())
    report.close()
    rows = report.file.read_text().splitlines()[-2:]
    missing = "not measured: no-such-program is not installed: run tests/support/programs/install"
    assert rows == [f"| MQTT | {missing} |  |  |", "| HTTP | 5/s | 10/s | 0.50 |"]
    assert str(report.file) in capsys.readouterr().out.replace("\n", "")


def test_a_row_is_in_the_file_as_soon_as_it_is_measured(tmp_path: Path) -> None:
    report = Report("speed", "Speed", *COLUMNS, folder=tmp_path)
    report.add("HTTP", "5/s", "10/s", "0.50")
    assert report.file.read_text().endswith("| HTTP | 5/s | 10/s | 0.50 |\n")


def test_a_missing_program_is_an_error_and_not_a_skipped_test() -> None:
    with pytest.raises(MissingProgramError, match="no-such-program is not installed"):
        find_program("no-such-program")
