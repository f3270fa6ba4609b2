"""From key press to rows in a real Chromium: on 100,000 rows, and on 3,000 with a phone's screen and a quarter of the speed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.editions import TYPE, edition, large
from tests.editions import page as rendered

pytestmark = pytest.mark.slow

#: Milliseconds a reader takes as at once.
AT_ONCE = 100


def test_a_key_press_shows_its_rows_at_once(page: Page, tmp_path: Path) -> None:
    content = edition(large(101_000))
    assert len(content.rows) >= 100_000
    (tmp_path / "index.html").write_bytes(rendered(content))
    page.goto((tmp_path / "index.html").as_uri())
    require_keys_at_once(page)


def test_a_key_press_shows_its_rows_at_once_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(rendered(edition(large(3000))))
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto((tmp_path / "index.html").as_uri())
    require_keys_at_once(page)
    # the rows below the screen follow, and those of before are gone
    page.locator("#q").fill("机械制造")
    expect(page.locator("#rows > tr")).to_have_count(50)
    assert page.locator("#rows > tr", has_text="机械制造").count() == 50
    context.close()


def require_keys_at_once(page: Page) -> None:
    page.wait_for_selector("#rows tr")
    page.evaluate(TYPE, "x")
    for text in ("黄石市磁湖12", "914202000000012", "6-18-01", "高级技师 大冶"):
        rounds = [page.evaluate(TYPE, text) for _ in range(5)]
        # a shared machine interrupts; what the page itself needs is the best of the rounds
        best = [min(times) for times in zip(*rounds, strict=True)]
        print(text, [round(time, 1) for time in best])
        assert 0 < max(best) < AT_ONCE, (text, best)
