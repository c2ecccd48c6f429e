"""The fonts of a pack: those that come with it, and a folder of more scripts.

Fonts of the machine are left out, so that machines make the same pack.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

OWN = Path(__file__).parent / "fonts"
_KINDS = (".ttf", ".otf", ".ttc")
_PLAIN = frozenset(map(ord, "\n\u200b"))
"""Characters that need no glyph: a new line, and where a word may be broken."""


def font_folders(more: Path | None) -> list[Path]:
    """Raises `ValueError` if `more` has no font."""
    if more is None:
        return [OWN]
    if not any(_fonts(more)):
        raise ValueError(f"{more} has no fonts: it must be a folder with .ttf or .otf files")
    return [OWN, more]


def _fonts(folder: Path) -> Iterable[Path]:
    return (path for path in sorted(folder.glob("*")) if path.suffix.lower() in _KINDS)


@cache
def families(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """The names of the font families, our own first."""
    found = [_family(path) for folder in folders for path in _fonts(folder)]
    return tuple(dict.fromkeys(found))


def _family(path: Path) -> str:
    from fontTools.ttLib import TTFont

    names = TTFont(path, lazy=True, fontNumber=0)["name"]
    return str(names.getDebugName(1))


@cache
def characters(folders: tuple[Path, ...]) -> frozenset[int]:
    """The characters that the fonts can show."""
    from fontTools.ttLib import TTFont

    maps = (
        TTFont(path, lazy=True, fontNumber=0).getBestCmap()
        for folder in folders
        for path in _fonts(folder)
    )
    return frozenset().union(*(known.keys() for known in maps)) | _PLAIN


def showable(value: Any, known: frozenset[int]) -> Any:
    """The value with each character that no font has as its number, such as [4E2D].

    An archive may not hold a text that cannot be shown.
    """
    if isinstance(value, str):
        return "".join(c if ord(c) in known else f"[{ord(c):04X}]" for c in value)
    if isinstance(value, dict):
        return {name: showable(of, known) for name, of in value.items()}
    if isinstance(value, list | tuple):
        return [showable(of, known) for of in value]
    return value
