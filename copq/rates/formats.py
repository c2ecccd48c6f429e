"""A rate file by its name: YAML, CSV (a file or a folder of them), Excel."""

import io
import sys
import zipfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from copq.rates.csv_files import csv_of, sheet_of_csv
from copq.rates.documents import RateSubmission
from copq.rates.file import RateFileError, decode, parse_rates
from copq.rates.rows import KindOf, Sheet, kind_of, rates_from
from copq.rates.workbook import sheets_of_workbook, workbook_of
from copq.rates.yaml_text import yaml_of
from copq.schemas.rates import RateFile

MAX_BYTES = 16 * 1024 * 1024
_TOO_LARGE = f"is larger than {MAX_BYTES >> 20} MB"
_STANDARD_INPUT = (Path("-"), Path("/dev/stdin"))
_ZIP = b"PK"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_YAML, _CSV, _EXCEL = (".yaml", ".yml"), (".csv", ".tsv"), (".xlsx",)
_NEARLY = {
    ".xlsm": "may hold macros: save it as .xlsx",
    ".xlsb": "is a binary workbook: save it as .xlsx",
    ".xls": "is a workbook of the old kind: save it as .xlsx",
    ".ods": "is not an Excel workbook: save it as .xlsx",
}


class Format(StrEnum):
    YAML = "yaml"
    CSV = "csv"
    EXCEL = "xlsx"


def read_rates(path: Path) -> RateSubmission:
    """The rates of a file, of the CSV files of a folder, or of standard input ("-").

    Standard input holds YAML or an Excel workbook. Raises `RateFileError`, `OSError`.
    """
    if path in _STANDARD_INPUT:
        data = _read_bounded(sys.stdin.buffer)
        suffix = ".xlsx" if data.startswith(_ZIP) else ".yaml"
        return RateSubmission(_read(Path(f"rates{suffix}"), data), "standard input", data)
    if path.is_dir():
        return _folder(path)
    data = read_bytes(path)
    return RateSubmission(_read(path, data), path.name, data)


def parse_upload(name: str, data: bytes) -> RateSubmission:
    """The rates of a file that was sent, by the ending of its name. Raises `RateFileError`."""
    if len(data) > MAX_BYTES:
        raise RateFileError([_TOO_LARGE])
    return RateSubmission(_read(Path(name), data), name, data)


def _read(path: Path, data: bytes) -> RateFile:
    if is_yaml(path):
        return parse_rates(decode(data))
    return rates_from(tables_of(path, data))


def is_yaml(path: Path) -> bool:
    """Whether the file is YAML, by its name."""
    return path.suffix.lower() in _YAML


def tables_of(path: Path, data: bytes, kind: KindOf = kind_of) -> list[Sheet]:
    """The tables of a CSV file or workbook; `kind` checks their columns. Raises `RateFileError`."""
    suffix = path.suffix.lower()
    if suffix in _CSV:
        return [sheet_of_csv(path.name, data, kind)]
    if suffix in _EXCEL:
        return sheets_of_workbook(data, kind)
    says = _NEARLY.get(suffix, "has no ending that is known: .yaml, .csv, .xlsx")
    raise RateFileError([says])


def read_bytes(path: Path) -> bytes:
    """The whole file. Raises `RateFileError` if it is too large, `OSError`."""
    with path.open("rb") as file:
        return _read_bounded(file)


def _read_bounded(file: BinaryIO) -> bytes:
    """The whole file. Raises `RateFileError` if it is too large; it may grow while it is read."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RateFileError([_TOO_LARGE])
    return data


def _folder(path: Path) -> RateSubmission:
    """All CSV files of the folder together; stored as one archive."""
    files = {p.name: read_bytes(p) for p in sorted(path.iterdir()) if p.suffix.lower() in _CSV}
    if not files:
        raise RateFileError(["has no .csv file in it"])
    if sum(map(len, files.values())) > MAX_BYTES:
        raise RateFileError([_TOO_LARGE])
    rates = rates_from([sheet_of_csv(name, data) for name, data in files.items()])
    return RateSubmission(rates, f"{path.resolve().name}.zip", _archive(files))


def _archive(files: Mapping[str, bytes]) -> bytes:
    """One file of these: the same ones are the same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(zipfile.ZipInfo(name, _LONG_AGO), data)
    return archive.getvalue()


def write_rates_to(path: Path, form: Format, rates: RateFile) -> list[Path]:
    """Write the file, or for CSV the files of the folder; return the paths written."""
    if form is Format.CSV:
        path.mkdir(parents=True, exist_ok=True)
        texts = csv_of(rates)
        for name, text in texts.items():
            (path / name).write_text(text, encoding="utf-8", newline="")
        return [path / name for name in texts]
    path.write_bytes(bytes_of(form, rates))
    return [path]


def bytes_of(form: Format, rates: RateFile) -> bytes:
    """The rates as one file; CSV is an archive of the files of a folder."""
    if form is Format.CSV:
        return _archive({name: text.encode() for name, text in csv_of(rates).items()})
    return workbook_of(rates) if form is Format.EXCEL else yaml_of(rates).encode()
