"""Every command and option that a document names exists."""

import pytest

from tests.support.docs.blocks import blocks, calls, fault, pages


@pytest.mark.parametrize("page", pages())
def test_every_command_and_option_that_a_document_names_exists(page: str) -> None:
    assert [(words, wrong) for words in calls(page) if (wrong := fault(words))] == []


def test_commands_are_found_in_the_documents() -> None:
    assert sum(len(list(calls(page))) for page in pages()) > 100
    assert ["reprice", "--plan"] in list(calls("docs/repricing.md"))
    assert next(iter(blocks("README.md"))).elsewhere is not None


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["report", "--grain", "day"], None),
        (["rates", "import", "FILE"], None),
        (["rates", "imprt", "FILE"], 'no command "imprt"'),
        (["report", "--grian", "day"], "no option --grian"),
    ],
)
def test_a_slip_is_found(words: list[str], wrong: str | None) -> None:
    assert fault(words) == wrong
