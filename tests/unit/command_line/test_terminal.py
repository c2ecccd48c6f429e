"""What names from outside do to a terminal: nothing, in tables, sentences, logs and JSON."""

import io
import json
import logging
from typing import Any

import pytest

from copq.command_line import terminal
from copq.command_line.demo import telling
from copq.command_line.logs import LogFormat
from copq.command_line.terminal import Screen, fail, print_json, table
from copq.reporting.spreadsheet import cell

HOSTILE = ["[/]", "[bold]L1[/bold]", "[link=http://x]y", ":warning:", "L1\\", "[red", "a\\[/]"]
ACTING = "L\x1b[2J\x9b31m\u202e"
SPELT = "L<U+001B>[2J<U+009B>31m<U+202E>"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What commands print, as a terminal of 200 columns has it."""
    text = io.StringIO()
    for name in ("out", "err"):
        shown = Screen(file=text, width=200, force_terminal=True, color_system=None)
        monkeypatch.setattr(terminal, name, shown)
        monkeypatch.setattr(telling, "out", shown)
    return text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_printed_as_it_is(screen: io.StringIO, name: str) -> None:
    table(f"COPQ of {name}", ["line", name], [(name, "1.00")])
    terminal.out.print(f"Revoked: {name}.")
    telling.print_heading(f"Line {name}")
    with pytest.raises(Exception, match="2"):
        fail(f'no line "{name}"')
    said = screen.getvalue()
    for sentence in (f"COPQ of {name}", f"Revoked: {name}.", f"Line {name}", f'line "{name}"'):
        assert sentence in said
    assert said.count(name) == 6


def test_what_acts_on_a_terminal_is_spelt_out(screen: io.StringIO) -> None:
    table(f"COPQ of {ACTING}", ["line", ACTING], [(ACTING, ACTING)])
    terminal.out.print(f"Revoked: {ACTING}.")
    terminal.err.print(f"copq: {ACTING}", style="dim", markup=False)
    with pytest.raises(Exception, match="2"):
        fail(f'no line "{ACTING}"')
    said = screen.getvalue()
    assert said.count(SPELT) == 7
    assert not set(said) & set("\x9b\u202e")


def test_a_log_line_and_json_are_spelt_out(capsys: Any) -> None:
    record = logging.LogRecord("copq", logging.INFO, "", 0, "line %s", (ACTING,), None)
    assert LogFormat().format(record).endswith(f"line {SPELT}")
    print_json({"line": ACTING})
    said = capsys.readouterr().out
    assert json.loads(said) == {"line": ACTING}
    assert said.isprintable() or set(said) - set(said.replace("\n", "")) == {"\n"}
    assert "\u202e" not in said and "\x9b" not in said


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\nx", "＝1", "＋1", "－1", "＠x", ["=1", "b"]]
)  # fmt: skip
def test_no_text_is_a_formula_in_a_spreadsheet(text: Any) -> None:
    assert cell(text).startswith("'")


def test_a_figure_below_zero_is_no_text() -> None:
    from decimal import Decimal

    assert (cell(Decimal("-12.50")), cell(-3)) == ("-12.5", "-3")
