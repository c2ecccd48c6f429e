"""Every reader is strict, and the rows it reads are those of the file."""

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.ingest.files.checkpoint import Checkpoint
from copq.ingest.files.convert import Converted
from copq.ingest.files.faults import FileError, MappingError
from copq.ingest.files.importing import ImportReport, import_file
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.mapping_file import parse_mapping
from copq.ingest.files.rows import Row, read_rows
from copq.ingest.files.survey import survey
from tests.support.ingest.files.converting import SMALL, convert, events, refusal, row, small
from tests.support.searching import examples
from tests.unit.ingest.files.test_importing import MemoryIntake

HEADER = "at,press,item,step,note,scrap"
GOOD = "2026-01-31 14:{:02},P4,A,s,ok,3"


def imported(path: Path, mapping: Mapping | None = None) -> ImportReport:
    declared = mapping or small()
    with TemporaryDirectory() as state:
        checkpoint = Checkpoint(Path(state), "key")
        found = survey(path, declared)
        return asyncio.run(
            import_file(path, found, declared, MemoryIntake(), checkpoint, lambda step: None)
        )


def add_up(report: ImportReport) -> None:
    tally, skipped = report.tally, sum(report.skipped.values())
    assert report.rows == report.used + skipped + tally.rows_refused
    assert report.rows == tally.accepted + tally.duplicates + skipped + tally.refused


def good(count: int) -> list[str]:
    return [GOOD.format(n) for n in range(count)]


def refused(path: Path, content: bytes | str, mapping: Mapping | None = None) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(FileError) as caught:
        survey(path, mapping or small())
    return str(caught.value)


def text(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


ROWS: dict[str, str] = {
    "good": GOOD, "zero": "2026-01-31 15:{:02},P4,A,s,ok,0",
    "bad": "2026-01-31 16:{:02},P4,bad,s,,3",
    "no number": "2026-01-31 17:{:02},P4,A,s,ok,many", "no time": "never {},P4,A,s,ok,3",
    "no cells": ",,,,,", "ragged": "2026-01-31 18:{:02},P4,A", "wide": GOOD + ",more,{}",
    "header": HEADER, "quoted": '2026-01-31 19:{:02},P4,A,s,"a ""b"", c",3',
    "inch": "2026-01-31 20:{:02},P4,A,s,3/4\" pipe,3",
    "two lines": '2026-01-31 21:{:02},P,A,s,"a\nb",3',
}  # fmt: skip
BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda data: data,
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "carriage returns": lambda data: data.replace(b"\n", b"\r\n"),
    "no last line end": lambda data: data.rstrip(b"\n"),
    "stray quote": lambda data: data.replace(b",ok,", b',"3/4 pipe,', 1),
    "two stray quotes": lambda data: data.replace(b",ok,", b',"3/4 pipe,', 2),
    "quote at both ends": lambda data: (
        data.replace(b",ok,", b',"3/4,', 1).replace(b",ok,", b',3/4",', 1)
    ),
    "NUL": lambda data: data[:-9] + b"\0" * 9,
    "trailing garbage": lambda data: data + b"\x1a",
    "footer": lambda data: data + b"(5 rows affected)\n",
    "other delimiter": lambda data: data.replace(b",", b";"),
    "other encoding": lambda data: data.decode().encode("utf-16"),
    "gzip": gzip.compress,
    "truncated gzip": lambda data: gzip.compress(data)[:-5],
    "two gzips": lambda data: gzip.compress(data) + gzip.compress(data),
    "gzip and garbage": lambda data: gzip.compress(data) + b"garbage",
}  # fmt: skip


@examples(1.5)
@given(
    st.lists(st.sampled_from(sorted(ROWS)), min_size=1, max_size=12),
    st.sampled_from(sorted(BREAKS)),
)
def test_report_adds_up_to_the_file_or_the_file_is_refused(kinds: list[str], fault: str) -> None:
    lines = [ROWS[kind].format(n, n) for n, kind in enumerate(kinds)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes(BREAKS[fault](text(*lines).encode()))
        try:
            report = imported(path)
        except FileError:
            assert fault not in ("none", "byte order mark", "carriage returns", "no last line end")
            return
    add_up(report)
    copies = 2 if fault == "two gzips" else 1
    extra = {"trailing garbage": 1, "footer": 1, "two gzips": 1}.get(fault, 0)
    assert report.rows == copies * len(kinds) + extra
    used = sum(kind in ("good", "quoted", "inch", "two lines") for kind in kinds)
    assert report.tally.accepted == used


@pytest.mark.parametrize("note", ["note", "step"])
@pytest.mark.parametrize("first", ['"3/4 pipe', '"3/4 pipe "" x'])
@pytest.mark.parametrize("last", ['"3/4 pipe', '3/4"', "ok"])
def test_stray_quotes_never_swallow_rows(tmp_path: Path, note: str, first: str, last: str) -> None:
    """Of a column that is mapped or not; closed at another stray quote, or never."""
    lines = good(5)
    old = ",s," if note == "step" else ",ok,"
    lines[1], lines[3] = lines[1].replace(old, f",{first},"), lines[3].replace(old, f",{last},")
    said = refused(tmp_path / "a.csv", text(*lines))
    assert "is not CSV at line 3: " in said and 'file.quote to "none"' in said


def test_quotes_that_are_text_are_read_where_the_mapping_says_so(tmp_path: Path) -> None:
    lines = good(5)
    lines[1], lines[3] = (line.replace("ok", '"3/4 pipe') for line in (lines[1], lines[3]))
    (tmp_path / "a.csv").write_text(text(*lines))
    quote = "file: {quote: none}\nname: mill"
    mapping = small(**{"name: mill": quote, "quantity: scrap": "quantity: scrap, lot: note"})
    report = imported(tmp_path / "a.csv", mapping)
    assert (report.rows, report.tally.accepted) == (5, 5)
    (lot,) = {e["lot"] for r in read_rows(tmp_path / "a.csv", "csv", mapping) if isinstance(r, Row)
              for e in events(mapping, [r])} - {"ok"}  # fmt: skip
    assert lot == '"3/4 pipe'


def test_cells_that_do_hold_lines_like_rows_are_a_setting(tmp_path: Path) -> None:
    lines = [GOOD.format(1).replace("ok", '"a,b,c,d,e,f\na,b,c,d,e,f"')]
    assert "file.line_breaks" in refused(tmp_path / "a.csv", text(*lines))
    mapping = small(**{"name: mill": "file: {line_breaks: true}\nname: mill"})
    assert imported(tmp_path / "a.csv", mapping).rows == 1


def test_what_is_wrong_with_the_whole_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    path, data = tmp_path / "a.csv", text(*good(3))
    assert "NUL character at line 3" in refused(path, data.replace("14:01", "14:\0"))
    assert 'Set file.delimiter in the mapping to ";"' in refused(path, data.replace(",", ";"))
    assert "set file.encoding in the mapping to utf-16" in refused(path, data.encode("utf-16"))
    assert "second header at line 5" in refused(
        path, text(*good(3), "at,item,press,step,note,scrap")
    )
    latin = small(**{"name: mill": "file: {encoding: cp1252}\nname: mill"})
    assert "is UTF-8" in refused(path, data.replace("ok", "Größe"), latin)
    assert "has more than one column press" in refused(path, data.replace("note", "press"))


def test_header_once_more_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text(*good(2), HEADER, *good(4)[2:]))
    report = imported(tmp_path / "a.csv")
    assert (report.rows, report.used, report.skipped) == (5, 4, {"repeats the header": 1})
    add_up(report)


JSON = '{"at": "2026-01-31 14:05", "press": "P4", "item": "A", "step": "s", "scrap": 3}'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"scrap": 3', '"scrap": 3, "scrap": 4', 'has the member "scrap" twice'),
        ('"scrap": 3', '"scrap": NaN', "column scrap holds NaN"),
        ('"scrap": 3', '"scrap": Infinity', "column scrap holds Infinity"),
        ('"scrap": 3', '"scrap": [3]', "column scrap holds a list"),
        ('"scrap": 3', '"scrap": {"n": 3}', "column scrap holds an object"),
        ('"A"', r'"\ud800"', "column item holds half a character"),
        ('"A"', '"A" x', "is not a JSON object"), ("}", "} {}", "is not a JSON object"),
        ('"A"', "[" * 5_000, "is nested too deep"), (JSON, "[1]", "is not a JSON object"),
        ('"A"', "1e999999999", "lost digits"),
    ],
)  # fmt: skip
def test_line_of_ndjson_that_is_not_exact_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    (tmp_path / "a.ndjson").write_text(f"{JSON}\n\n{JSON.replace(old, new)}\n")
    report = imported(tmp_path / "a.ndjson")
    assert (report.rows, report.used, report.tally.rows_refused) == (2, 1, 1)
    (why,) = report.tally.refusals
    assert why.row == 3 and said in why.message
    add_up(report)


def test_json_that_is_not_one_object_a_line_is_refused(tmp_path: Path) -> None:
    assert "is a JSON array" in refused(tmp_path / "a.json", json.dumps([{"at": 1}]))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("name: other\n", '"name" is there twice'),
        ("---\nname: other\n", "is not YAML"),
        ("a0: &a0 [1, 1]\n" + "".join(
            f"a{n + 1}: &a{n + 1} [{','.join([f'*a{n}'] * 9)}]\n" for n in range(8)
        ), "anchors stand for more than"),
        ("a: &a [*a]\n", "anchors stand for more than"), ("a: " + "[" * 3_000, "nested too deep"),
    ],
)  # fmt: skip
def test_mapping_that_is_not_exact_is_refused(more: str, said: str) -> None:
    with pytest.raises(MappingError, match=said):
        parse_mapping(SMALL + more)


@pytest.mark.parametrize("name", ["hex", "rot13", "nonsense", "utf8x"])
def test_encoding_that_is_none_of_text_is_refused(name: str) -> None:
    with pytest.raises(MappingError, match="is not an encoding"):
        small(**{"name: mill": f"file: {{encoding: {name}}}\nname: mill"})


def test_one_event_however_its_time_number_or_name_is_spelt() -> None:
    by = small(**{"id: [at, press]": "id: [at, press, scrap]"})
    alike = [
        row(), row(at="2026-01-31T14:05:00"), row(at="2026-01-31T14:05:00.000"),
        row(at="2026-01-31T19:05:00Z"), row(at="2026-01-31T20:05:00+01:00"), row(scrap="3.0"),
        row(scrap="03"),
    ]  # fmt: skip
    assert len({event["event_id"] for event in events(by, alike)}) == 1
    names = [row(press="Größe"), row(press="Gro\u0308ße")]
    assert len({event["event_id"] for event in events(by, names)}) == 1
    others = [row(), row(at="2026-01-31 14:05:01"), row(scrap="4"), row(press="P5")]
    assert len({event["event_id"] for event in events(by, others)}) == 4


def test_row_that_nothing_names_is_refused() -> None:
    mapping = small(**{"id: [at, press]": "id: [press]"})
    assert "nothing names the event" in refusal(mapping, row(press="")).message


def test_rows_of_several_events_count_once(tmp_path: Path) -> None:
    entry = (
        "  - {type: scrap, id: [at], fields: {occurred_at: at, product: note, quantity: scrap}}\n"
    )
    (tmp_path / "a.csv").write_text(text(*good(3), good(4)[3].replace("ok", "bad")))
    report = imported(tmp_path / "a.csv", small(**{"events:\n": f"events:\n{entry}"}))
    assert (report.rows, report.used, report.tally.rows_refused) == (4, 3, 1)
    assert (report.tally.accepted, report.tally.refused) == (7, 1)


def test_rows_of_a_refused_stop_are_all_refused(tmp_path: Path) -> None:
    stops = SMALL.partition("events:")[0] + (
        "stops: [{by: [press], time: at, interval_minutes: 1, when: {note: ok}, "
        "fields: {product: item}}]"
    )
    lines = [line.replace(",A,", ",bad,") for line in good(3)] + good(9)[8:]
    (tmp_path / "a.csv").write_text(text(*lines))
    report = imported(tmp_path / "a.csv", parse_mapping(stops))
    assert (report.rows, report.used, report.tally.rows_refused) == (4, 1, 3)


def test_file_that_changes_between_two_looks_is_not_reported_as_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text(*good(3)))
    found = survey(path, small())
    path.write_text(text(*good(4)))
    with pytest.raises(FileError, match="had 3 rows when it was looked at and 4"):
        asyncio.run(
            import_file(path, found, small(), MemoryIntake(), Checkpoint(tmp_path, "k"), print)
        )


def test_converter_makes_no_event_of_a_row_without_values() -> None:
    assert convert(small(), [Row(2, dict.fromkeys(row().values, ""))]) == []
    assert isinstance(convert(small(), [row()])[0], Converted)


@pytest.mark.parametrize("named", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;;", "\ufeffsep=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_that_names_the_delimiter_for_excel_is_skipped(
    tmp_path: Path, named: str, end: str
) -> None:
    path = tmp_path / "a.csv"
    lines = [named, *(line.replace(",", ";") for line in [HEADER, *good(2)])]
    path.write_text(end.join(lines) + end, newline="")
    assert imported(path).tally.accepted == 2
    assert [row.number for row in read_rows(path, "csv", small())] == [3, 4]


def test_a_fault_below_the_line_that_names_the_delimiter_has_its_line(tmp_path: Path) -> None:
    content = "sep=,\n" + text('2026-01-31 14:05,P4,A,s,"3/4" pipe,3')
    assert "line 3" in refused(tmp_path / "a.csv", content)
    assert "line 2" in refused(tmp_path / "b.csv", 'sep=,\nat,"a" b\n')
    assert "has no column" in refused(tmp_path / "c.csv", "sep=;\n")
