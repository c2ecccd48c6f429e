"""The bars of a Pareto: the largest, the others together, and last what has no name."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from copq.figures.drivers import Days, Drivers, bars, drivers
from copq.reporting.board.losses import KINDS, pareto
from tests.support.building import book, defect, event, post_events, stop
from tests.support.reporting.api.asking import NOW

JUNE = Days(date(2026, 6, 1), date(2026, 7, 2))
Name = tuple[str | None, ...]


async def fill(conn: Any, seed: int) -> None:
    """Stages, codes and machines at random, some without a code; stops that are still open."""
    random = Random(seed)
    events = []
    for n in range(60):
        at = (NOW - timedelta(minutes=random.randrange(20_000))).isoformat()
        code = random.choice([{}, *({"defect_code": f"c{c}"} for c in range(12))])
        if n % 4:
            stage = random.choice(["S1", "S2"])
            events.append(defect(f"d{n}", at, random.randrange(1, 9), stage=stage, **code))
        else:
            ended = random.choice([None, (NOW + timedelta(minutes=n)).isoformat()])
            machine = {"work_unit": f"M{n % 7}", "line": f"L{n}"}
            events.append(stop(f"s{n}", at, ended, **machine, **code))
    await post_events(conn, book(), events)


async def every_loss(conn: Any) -> Drivers:
    return await drivers(conn, book(), JUNE, NOW, 10_000)


def expected(found: Drivers, fields: Name, most: int) -> list[tuple[Any, Decimal, int]]:
    """Of all losses, one by one: the name, the net cost and how many others are in it."""
    nets: dict[Name, Decimal] = defaultdict(Decimal)
    for loss in found.drivers:
        nets[tuple(getattr(loss, field or "") for field in fields)] += loss.loss
    nameless = nets.pop((None,) * len(fields), None)
    ranked = sorted(nets.items(), key=lambda item: (-item[1], [name or "" for name in item[0]]))
    shown: list[tuple[Any, Decimal, int]] = [(name, net, 0) for name, net in ranked[:most]]
    if rest := ranked[most:]:
        shown.append((None, sum((net for _, net in rest), Decimal()), len(rest)))
    return [*shown, *([((None,) * len(fields), nameless, 0)] if nameless is not None else [])]


@pytest.mark.parametrize("most", [1, 3, 500])
async def test_bars_are_the_first_of_all_losses_and_their_sum_is_whole(
    conn: Any, most: int
) -> None:
    await fill(conn, most)
    every = await every_loss(conn)
    found = await bars(conn, book(), JUNE, NOW, most, "EUR")
    for kind, fields in KINDS.items():
        shown = pareto((bar for bar in found if bar.kind == kind), fields)
        assert [
            (bar["of"] and tuple(bar["of"].values()), bar["net"], bar["others"]) for bar in shown
        ] == expected(every, fields, most)
        assert sum(bar["net"] for bar in shown) == every.totals[0].net
        assert shown[-1]["cumulative_share"] == 1


@pytest.mark.parametrize("top", [1, 4])
async def test_the_worst_are_the_first_of_all_and_the_total_is_of_all(conn: Any, top: int) -> None:
    await fill(conn, top)
    every, found = await every_loss(conn), await drivers(conn, book(), JUNE, NOW, top)
    assert found.drivers == every.drivers[:top] and found.totals == every.totals
    assert found.totals[0].losses == len(every.drivers) > top
    assert found.totals[0].net == sum(driver.loss for driver in every.drivers)


async def test_nothing_lost_is_no_bar(conn: Any) -> None:
    assert await bars(conn, book(), JUNE, NOW, 3, "EUR") == []
    assert pareto([], ("stage",)) == []


async def test_a_group_that_earned_money_is_no_loss(conn: Any) -> None:
    at = NOW.isoformat()
    sold = event("recovery", "sold", occurred_at=at, credit=500)
    await post_events(conn, book(), [sold, defect("b", at, 5)])
    found = await bars(conn, book(), JUNE, NOW, 3, "EUR")
    assert [bar.names["element"] for bar in found if bar.kind == "element"] == ["defect"]
    [total] = (await drivers(conn, book(), JUNE, NOW)).totals
    assert (total.losses, total.net) == (1, 50)
