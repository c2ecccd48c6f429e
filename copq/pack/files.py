"""A pack as a file: PDF or Excel workbook, and how it is called."""

from pathlib import Path

from copq.figures.pack import PackAnswer
from copq.pack.pdf import PDF, pack_pdf
from copq.pack.workbook import pack_workbook
from copq.periods.period import month_name
from copq.text.file_names import safe_name
from copq.text.workbook import XLSX

KINDS = {"pdf": PDF, "xlsx": XLSX}
"""The kinds of files, and their media types."""


def pack_file(answer: PackAnswer, kind: str, fonts: Path | None = None) -> bytes:
    """The bytes of the file. Raises `ValueError` on fonts that cannot be used."""
    return pack_pdf(answer, fonts) if kind == "pdf" else pack_workbook(answer)


def file_name(plant: str, month: str, kind: str) -> str:
    """`copq-pack-north-2026-06.pdf`, whatever the plant is called."""
    return f"copq-pack-{safe_name(plant)}-{month}.{kind}"


def name_of(answer: PackAnswer, kind: str) -> str:
    return file_name(answer.query.plant, month_name(answer.query.month), kind)
