"""Documents, pages, messages and comments use plain words.

`AVOIDED` holds the phrases to avoid and what to write instead.
"""

import re
import subprocess
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
READ = re.compile(
    r"\.(py|md|sql|html|js|css|ya?ml|toml|sh|tpl|txt|conf|mjs)$|(^|/)(Makefile|Dockerfile)$"
)
LEFT_OUT = re.compile(r"^tests/|/vendor/|^THIRD_PARTY_NOTICES\.md$")

AVOIDED = {
    r"noughts?": "zero",
    r"dearer|dearest": "more expensive, most expensive",
    r"anew|afresh": "again",
    r"mend(s|ed|ing)?": "fix, correct",
    r"(names? )?(that|what) there (is|are) not": "unknown",
    r"(?<!there )(is|are|was|were) no(?= \w)(?! (longer|more|other|one|ones|use|whole|such)\b)"
    r"(?! \w+er than)": "is not a …, are not …",
    r"whoever": "who, anyone who, the person who",
    r"so many(?= (are|is|of|a|rows|seconds|events|files|lines)\b|,|:)": "how many, the number of",
    r"(?<!as )of now|of then": "current, at that time",
    r"added up": "cumulative, summed",
    r"what came|what comes (for|late|out|after)": "name the thing: late events, the answer",
    r"(comes?|came) out( as|(?= (as|right|wrong)\b)|(?=[.,;]))": "is, agrees, results in",
    r"st(ands?|ood|anding) open": "is open",
    r"let(s|ting)? go( of)?": "drop, delete, release",
    r"told by": "reported by, known by",
    r"on the word of": "reported by, ordered by",
    r"(?-i:Of it,)": "name the thing: of this amount",
    r"(?<![.\"'_/-])beside(?![.\"'_(=:-]|,? \w+=)": "next to, compared with, while … runs",
    r"as (it|they) came": "as received",
    r"(names?|what|all) there is": "the known names, everything",
    r"of one's own": "of your own, its own",
    r"all the same": "anyway, nevertheless",
    r"ha(s|ve) the last word": "decides",
    r"cannot be meant": "is not possible, is not valid",
    r"that is not in it": "name both: the first line that the export lacks",
    r"on whose word": "who ordered it",
    r"hang(s|ing)? together": "is connected",
    r"gone wild": "faulty",
    r"without a word": "silently",
    r"asks nothing": "needs no query",
    r"told apart": "distinguished, shown separately",
    r"of which nothing": "that has no …",
    r"for want of": "since … is missing",
    r"(yet|instant|still) to come": "in the future",
    r"out of the ledger": "from the ledger",
    r"the ledger said": "the figures as of …",
    r"kept no more": "deleted",
    r"nobody knows": "unknown",
    r"as ever(?! closed)": "as always, as usual",
}
"""A pattern of words to avoid, and what to write instead."""
_EACH = [(re.compile(rf"\b(?:{pattern})(?!\w)", re.I), word) for pattern, word in AVOIDED.items()]
_PREFIX = re.compile(r"^\s*(#|--|//|\*|>)?\s*")
_ANY = re.compile("|".join(rf"\b(?:{pattern})(?!\w)" for pattern in AVOIDED), re.I)


@dataclass(frozen=True)
class Use:
    file: str
    line: int
    phrase: str
    instead: str

    def __str__(self) -> str:
        return f'{self.file}:{self.line}: "{self.phrase}": write {self.instead}'


def uses_in(file: str, text: str) -> list[Use]:
    """Every phrase of the list in a text, with the line it begins on. Phrases may span lines."""
    lines = [_PREFIX.sub("", line).rstrip() for line in text.splitlines()]
    flat = " ".join(lines)
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    return [
        Use(file, bisect(starts, found.start()), found[0], _instead(flat, found.start()))
        for found in _ANY.finditer(flat)
    ]


def _instead(flat: str, at: int) -> str:
    return next(word for pattern, word in _EACH if pattern.match(flat, at))


def every_use() -> list[Use]:
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = [f for f in done.stdout.split("\0") if READ.search(f) and not LEFT_OUT.search(f)]
    return [
        use
        for file in files
        if (ROOT / file).is_file()
        for use in uses_in(file, (ROOT / file).read_text(encoding="utf-8"))
    ]


def test_no_use_of_a_word_to_avoid() -> None:
    uses = every_use()
    assert not uses, "write these in plain words:\n" + "\n".join(map(str, uses))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A name that there is not.", ["name that there is not"]),
        ("So many are shown; the sums are of all.", ["So many"]),
        ('"x" is no parameter of y', ["is no"]),
        ("a target set to nought", ["nought"]),
        ("Lines, dearest first", ["dearest"]),
        ("on the word of Anna", ["on the word of"]),
        ("whether it comes out.", ["comes out"]),
        ("Of it, from stops still open", ["Of it,"]),
        ("-- Let\n-- go of the bytes", ["Let go of"]),
        ("The first that is not in it", ["that is not in it"]),
        ("on whose word and why; told apart", ["on whose word", "told apart"]),
        ("there is no event, which is no longer open; as of now", []),
        ("from copq.process.background import run_beside", []),
        ("an amendment, a nougat, besides", []),
    ],
)
def test_phrases_are_found(text: str, found: list[str]) -> None:
    assert [use.phrase for use in uses_in("a.md", text)] == found


def test_a_use_says_where_it_is_and_what_to_write() -> None:
    [use] = uses_in("a.md", "One.\nIt was computed\nanew.\n")
    assert str(use) == 'a.md:3: "anew": write again'
