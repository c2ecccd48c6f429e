"""How names, figures and files of a pack are written."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from copq.pack.folder import put_file
from copq.pack.fonts import characters, families, font_folders, showable
from copq.pack.texts import Money, name_text, points, with_minus
from copq.text.file_names import safe_name

OWN = tuple(font_folders(None))


def test_a_long_name_is_cut_in_the_middle_and_may_be_broken() -> None:
    shown = name_text("x" * 200)
    assert len(shown.replace("\u200b", "")) == 60 and "…" in shown
    assert max(map(len, shown.split("\u200b"))) <= 18
    assert name_text("line 7 of the hall") == "line 7 of the hall"


def test_money_has_as_many_places_in_each_row() -> None:
    small, large = Money.of("EUR", [Decimal("9.5"), None]), Money.of("EUR", [Decimal(12_480)])
    assert (small.text(Decimal("9.5")), large.text(Decimal("9.5"))) == ("9.50", "10")
    assert [small.signed(Decimal(text)) for text in ("2", "-2", "0")] == ["+2.00", "−2.00", "0.00"]
    assert small.text(None) == "–"
    assert points(Decimal("2.3"), Decimal("2.5")) == "−0.20 points"
    assert with_minus("changed by -3.00: L-1") == "changed by −3.00: L-1"


def test_what_no_font_has_is_shown_by_its_number() -> None:
    assert families(OWN) == ("IBM Plex Sans", "IBM Plex Sans Arabic", "IBM Plex Sans Hebrew")
    known = characters(OWN)
    shown = showable({"name": ["Größe Łódź Ωμέγα Жук שלום سلام", "中", 3, None]}, known)
    assert shown == {"name": ["Größe Łódź Ωμέγα Жук שלום سلام", "[4E2D]", 3, None]}


def test_a_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no fonts"):
        font_folders(tmp_path)


@pytest.mark.parametrize("name", ["../x y", "中文", "a/b", "a b", "a-b ", "=x", "x" * 64, "Łódź"])
def test_a_file_is_named_safely_and_names_stay_different(name: str) -> None:
    found = safe_name(name)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{7,70}", found)
    assert safe_name(f"{name}!") != found
    assert safe_name("north-2") == "north-2"


def test_a_file_appears_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pack.pdf"
    put_file(path, b"first")
    put_file(path, b"second")
    assert path.read_bytes() == b"second" and [*path.parent.iterdir()] == [path]
    assert path.stat().st_mode & 0o777 in (0o644, 0o640, 0o600)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        put_file(tmp_path / "folder", b"x")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "new"]
