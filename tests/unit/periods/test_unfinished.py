"""What a month lacks, in words."""

import pytest

from copq.periods.unfinished import KINDS, UnfinishedItems


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        (UnfinishedItems(), ""),
        (UnfinishedItems(1, 1, 1),
         "1 event without a price, 1 correction that waits for its event, "
         "1 stop still open"),
        (UnfinishedItems(1200, 0, 2), "1,200 events without a price, 2 stops still open"),
        (UnfinishedItems(corrections=3), "3 corrections that wait for their event"),
        (UnfinishedItems(rates=2, rates_of="SEK 2026-03-02"),
         "2 entries without an exchange rate (SEK 2026-03-02)"),
    ],
)  # fmt: skip
def test_one_is_said_otherwise_than_many(lacks: UnfinishedItems, said: str) -> None:
    assert str(lacks) == said
    assert set(lacks.counts) <= set(KINDS)
