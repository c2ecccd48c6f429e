"""The pack as a PDF: archival (PDF/A-2a), accessible (PDF/UA-1), and the same bytes each time.

Figures and names reach the template as JSON, never as markup: no name is ever a command.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from copq.figures.pack import PackAnswer
from copq.pack.contents import contents, creation_date
from copq.pack.fonts import characters, families, font_folders, showable

PDF = "application/pdf"
STANDARDS = ("a-2a", "ua-1")
_TEMPLATE = Path(__file__).parent / "template"
_LATIN = frozenset(range(0x20, 0x7F)) | {0x0A, 0x2013, 0x2212}


def pack_pdf(answer: PackAnswer, fonts: Path | None = None) -> bytes:
    """The bytes of the PDF. `fonts` is a folder of fonts for scripts that ours lack.

    Raises `ValueError` if it has no font.
    """
    folders = tuple(font_folders(fonts))
    shown, at = contents(answer), creation_date(answer)
    try:
        return _compiled(showable(shown, characters(folders)), folders, at)
    except _typst_error():
        # A font may have all characters of a name and still not show them together.
        return _compiled(showable(shown, _LATIN), folders, at)


def pack_pictures(answer: PackAnswer, ppi: float = 60) -> list[bytes]:
    """The pages as PNG files, for documents and tests."""
    folders = tuple(font_folders(None))
    shown = showable(contents(answer), characters(folders))
    made: list[bytes] = _compiler(shown, folders).compile(format="png", ppi=ppi)
    return made


def _compiled(shown: Any, folders: tuple[Path, ...], at: datetime) -> bytes:
    made: bytes = _compiler(shown, folders).compile(
        format="pdf", pdf_standards=list(STANDARDS), timestamp=int(at.timestamp())
    )
    return made


def _compiler(shown: Any, folders: tuple[Path, ...]) -> Any:
    import typst  # of use here alone

    files = {path.name: path.read_bytes() for path in sorted(_TEMPLATE.glob("*.typ"))}
    data = {**shown, "fonts": list(families(folders))}
    files["pack.json"] = json.dumps(data, ensure_ascii=False).encode()
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders)
    )
    sources: Any = {"main.typ": files.pop("pack.typ"), **files}
    return typst.Compiler(sources, font_paths=fonts)


def _typst_error() -> type[Exception]:
    import typst

    return typst.TypstError
