"""What the empty board promises of its example is what the example costs."""

import re
from decimal import localcontext
from pathlib import Path

from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.money import fixed
from copq.pricing.price import price
from copq.rates.file import parse_rates
from copq.rates.store import book_of
from copq.schemas.decode import decode
from tests.support.building import defect

ROOT = Path(__file__).parents[4]
BOARD = ROOT / "copq/reporting/board/static/empty.js"
RATES = ROOT / "examples/tyre_valves/rates.yaml"


def test_the_first_figure_is_the_one_that_the_page_names() -> None:
    promised = re.search(r"costs about (\d+) INR: (\d+) for .* and (\d+) for", BOARD.read_text())
    assert promised
    raw = defect("first", "2026-03-02T10:00:00Z", 3, plant="mysuru", line="valves",
                 product="TR29", stage="P3")  # fmt: skip
    with localcontext(MONEY):
        entries = price(decode(raw), book_of(parse_rates(RATES.read_text()))).entries
        nets = [sum((entry.net for entry in entries), ZERO), *(entry.net for entry in entries)]
    assert list(promised.groups()) == [fixed(net, 0) for net in nets]
