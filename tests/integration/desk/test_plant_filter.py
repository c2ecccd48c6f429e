"""One plant at the desks: chosen in the frame, carried by its links, applied by the lists."""

import re
from html import unescape
from typing import Any

from copq.rates.store import import_rates, load
from copq.schemas.targets import TargetFile
from copq.targets.store import import_targets
from tests.support.building import defect, plant, post_events, rates, stop
from tests.support.currencies.site import FINANCE
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import ADA, Browser
from tests.support.projects import item, propose

AT = "2026-03-02T10:00:00+01:00"
LISTS = {
    "/finance": "finance:ada", "/finance/months": "finance:ada", "/finance/unpriced": "finance:ada",
    "/finance/projects": "finance:ada", "/finance/savings": "finance:ada",
    "/finance/repricing": "finance:ada", "/finance/targets": "finance:ada",
    "/quality": "manager:mia", "/quality/projects": "manager:mia",
    "/quality/targets": "manager:mia",
}  # fmt: skip
WITH_NORTH = set(LISTS) - {"/finance/savings", "/finance/repricing"}


async def filled(conn: Any) -> None:
    await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    book = await load(conn)
    await post_events(conn, book, [
        event
        for name in ("north", "south")
        for event in (
            defect(f"{name}-d", AT, plant=name), stop(f"{name}-s", AT, plant=name),
            defect(f"{name}-u", AT, plant=name, product="unknown"),
        )
    ])  # fmt: skip
    since = "2026-01-01T00:00:00Z"
    file = {"targets": [
        {"ratio": "0.11", "effective_from": since},
        *({"plant": name, "ratio": "0.05", "effective_from": since} for name in ("north", "south")),
    ]}  # fmt: skip
    await import_targets(conn, TargetFile.model_validate(file), book, "targets.yaml", FINANCE)
    await propose(conn, item())


def lists(page: str) -> str:
    """The main part, without the names to choose from in its forms."""
    main = page.split('<main id="figures"')[1].split("</main>")[0]
    main = re.sub(r'<p class="small">Of \w+ alone\..*?</p>', "", main)
    return re.sub(r"<(select|datalist).*?</\1>", "", main, flags=re.DOTALL)


def links(page: str) -> set[str]:
    """The addresses in the frame."""
    frame = page.split("<main")[0]
    return {unescape(href) for href in re.findall(r'<a href="(/[^"]*)"', frame)}


async def asked(desk: DeskClient, path: str, by: str, status: int = 200) -> str:
    return (await desk.get(path, status, by=by)).text


async def test_each_list_is_of_the_chosen_plant(conn: Any, database: str) -> None:
    await filled(conn)
    async with desk_client(database) as desk:
        for path, by in LISTS.items():
            north = lists(await asked(desk, f"{path}?plant=north", by))
            south = lists(await asked(desk, f"{path}?plant=south", by))
            assert "south" not in north and "north" not in south.replace("plant: north", ""), path
            assert ("north" in north) == (path in WITH_NORTH), path
        both = lists(await asked(desk, "/finance/unpriced", "finance:ada"))
        assert "north" in both and "south" in both
        waits = lists(await asked(desk, "/finance", "finance:ada"))
        of_north = lists(await asked(desk, "/finance?plant=north", "finance:ada"))
        assert '<span class="figure">2</span>' in waits
        assert '<span class="figure">2</span>' not in of_north
        assert 'href="/finance/unpriced?plant=north"' in of_north
        targets = lists(await asked(desk, "/quality/targets?plant=north", "manager:mia"))
        assert "11.0 %" in targets, "a target of all plants is one of north, too"


async def test_the_frame_offers_the_plants_and_its_links_carry_the_chosen_one(
    conn: Any, database: str
) -> None:
    await filled(conn)
    async with desk_client(database) as desk:
        for path, by in LISTS.items():
            page = await asked(desk, f"{path}?plant=south", by)
            assert re.search(r"<option selected>south</option>", page.split("<main")[0]), path
            assert {"/report?plant=south", "/projects?plant=south", "/pack?plant=south"} <= links(
                page
            )
            of_desk = {href for href in links(page) if href.startswith(("/finance", "/quality"))}
            assert len(of_desk) > 2 and all(href.endswith("?plant=south") for href in of_desk)
            plain = await asked(desk, path, by)
            assert not [href for href in links(plain) if "plant=" in href]
        page = await asked(desk, "/finance/months?plant=nort", "finance:ada", 404)
        assert "nort" in page and "north" in page
        alone = await asked(desk, "/finance/months", "finance:fay:north")
        assert 'class="of-plant"' not in alone and "/company" not in links(alone)


async def test_what_was_decided_leads_back_to_the_plant(conn: Any, database: str) -> None:
    await filled(conn)
    async with desk_client(database) as desk:
        ada = Browser(desk.client, ADA)
        page = await ada.open("/finance/targets?plant=south")
        assert "Of south alone." in page
        action = "/finance/targets/target?plant=south"
        assert f'action="{action}"' in page
        done = await ada.send(action, plant="south", ratio="4 %", why="agreed")
        assert "The target is set." in done and "Of south alone." in done
