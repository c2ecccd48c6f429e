"""The key figures of the day: each one, why one is unknown, and that they fit every screen."""

import pytest
from playwright.async_api import ViewportSize, expect

from tests.acceptance.board.test_layout import SIZES, all_is_on_the_wall, hides_nothing, reach
from tests.support.board.plant import Plant, made, reject, stop
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)

SCREENS = {**SIZES, "tablet": ViewportSize(width=768, height=1024)}


async def test_key_figures_fit_every_screen_and_say_why_one_is_unknown(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 0.4, 90), reject("d", 0.3, 9), stop("s", 0.2, until=0.1))
    page = await window.open()
    panel = page.get_by_role("region", name="Key figures, today so far")
    await expect(panel).to_contain_text("90.0 %")
    await expect(panel).to_contain_text("No OEE, Effectiveness: the line rate has no ideal_rate")
    await expect(panel.locator("dd").first).to_have_text("–")
    for name, screen in SCREENS.items():
        await page.set_viewport_size(screen)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await keep(page, f"kpis-{name}-{scheme}")
        assert (await reach(page))[0] == screen["width"]
        assert await hides_nothing(panel)
        if name == "wall":
            await all_is_on_the_wall(page)
    await panel.get_by_role("link").first.click()
    await expect(page.get_by_role("dialog").locator(".sum")).to_contain_text("57.49 EUR")
