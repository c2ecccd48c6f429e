"""The page of the cost of quality by product group."""

from typing import Any

from copq.access.authority import Actor
from copq.groups.store import import_groups
from copq.rates.store import load
from copq.schemas.groups import GroupFile
from tests.integration.reporting.board.test_analysis import api, fill
from tests.support.reporting.api.asking import Api
from tests.support.reporting.pages import entries_agree, page

__all__ = ["api"]
JUNE: dict[str, Any] = {"plant": "north", "from": "2026-06", "to": "2026-07"}


async def _group(conn: Any, *items: tuple[str, str, str]) -> None:
    members = [
        {"plant": "north", "product": "widget", "grouping": grouping, "group": group,
         "effective_from": day}
        for grouping, group, day in items
    ]  # fmt: skip
    file = GroupFile.model_validate({"groups": members})
    await import_groups(conn, file, await load(conn), "g.csv", Actor("carla"))


async def test_a_group_of_the_report_opens_its_entries(conn: Any, api: Api) -> None:
    await fill(conn)
    none = await page(api, "/report", 422, **JUNE, by="group")
    assert "No product is in a group" in none.text
    await _group(conn, ("family", "A", "2026-06-05"), ("family", "B", "2026-06-11"))
    shown = await page(api, "/report", **JUNE, by="group")
    assert "all groups A B no group" in shown.text and {"A", "B", "no group"} <= shown.table.keys()
    assert await entries_agree(api, shown) > 0
    alone = await page(api, "/report", **JUNE, group="A")
    assert "group A" in alone.text
    assert await entries_agree(api, alone) > 0
    await _group(conn, ("customer", "Ford", "2026-01-01"))
    unclear = await page(api, "/report", 422, **JUNE, by="group")
    assert "Grouping: choose what products are grouped by: customer, family." in unclear.text
    shown = await page(api, "/report", **JUNE, by="group", grouping="family")
    assert await entries_agree(api, shown) > 0
