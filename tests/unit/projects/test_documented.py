"""Each answer that docs/projects.md gives to bad input is one that a test expects."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
TEXT = (TESTS.parent / "docs/projects.md").read_text(encoding="utf-8")
ANSWERS = re.findall(r"^\| .+ \| .*?`([^`]{40,})` \|$", TEXT.partition("## Refused")[2], re.M)
FEW = 30
"""Shorter texts of the tests prove nothing."""


def _expected() -> Iterator[str]:
    for folder in (TESTS / "unit/projects", TESTS / "integration/projects"):
        for file in folder.glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


EXPECTED = [text for text in _expected() if len(text) > FEW]


def test_the_document_has_answers() -> None:
    assert len(ANSWERS) > 15


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[:50])
def test_a_documented_answer_is_expected_by_a_test(answer: str) -> None:
    def is_expected(text: str) -> bool:
        try:
            return answer in text or re.search(text, answer) is not None
        except re.error:
            return False

    assert any(map(is_expected, EXPECTED))
