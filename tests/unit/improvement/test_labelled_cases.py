"""The benchmark's cases: read from a folder, or a row that says what is missing."""

from pathlib import Path

import polars
import pytest

from benchmarks.labelled_cases import Setting, generated_cases, read_cases
from benchmarks.report import Report
from benchmarks.why import Table, labelled, labelled_score

SMALL = Setting((4, 5, 3), 0.05, (0.5, 0.9), 0.0, 1, 1, False)


def test_a_folder_holds_a_file_for_each_case_and_the_truth(tmp_path: Path) -> None:
    [case] = generated_cases(SMALL, 4, 1)
    columns = dict(zip(case.dimensions, zip(*case.values, strict=True), strict=True))
    frame = polars.DataFrame({**columns, "real": case.real, "predict": case.predict})
    frame.write_parquet(tmp_path / "1.parquet")
    truth = ";".join("&".join(f"{n}={v}" for n, v in sorted(c)) for c in case.truth)
    (tmp_path / "truth.csv").write_text(f"case,truth\n1,{truth}\n")
    assert list(read_cases(tmp_path)) == [case]
    assert labelled_score(read_cases(tmp_path)).f1 == 1.0


@pytest.mark.parametrize(
    ("folder", "reason"),
    [(None, "name their folder by --cases or COPQ_WHY_CASES"), ("empty", "has no truth.csv")],
)
async def test_without_labelled_cases_the_row_says_what_to_do(
    tmp_path: Path, folder: str | None, reason: str
) -> None:
    report = Report("why", "Why", *"abcdef", folder=tmp_path)
    cases = labelled(Table(report), tmp_path / folder if folder else None, "s")
    assert not await report.attempt("labelled, S", cases)
    assert reason in report.file.read_text()
