"""Pictures of the directory's page: widths, light and dark, without script, in an old engine, of what is gone and of the past."""

import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_old_engine import ENGINE
from tests.editions import AS_OF, REVOKED

#: Where the pictures of the docs are renewed: set FILING_PICTURES=docs/pictures.
PICTURES = os.environ.get("FILING_PICTURES", "")
pytestmark = pytest.mark.slow

VIEWS = {
    "directory-desktop": ("", 1280, "light", True),
    "directory-dark": ("", 1280, "dark", True),
    "directory-phone": ("", 390, "light", True),
    "directory-no-script": ("", 1280, "light", False),
    "directory-revoked": (f"#{REVOKED}", 1280, "light", True),
    "directory-past-day": ("#?day=2026-03-31", 1280, "light", True),
}


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_nothing_is_cut_off(browser: Browser, ordinary_page: Path, tmp_path: Path, name: str) -> None:
    anchor, width, colours, script = VIEWS[name]
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=colours,  # type: ignore[arg-type]
        java_script_enabled=script,
        locale="zh-CN",
    )
    page = context.new_page()
    page.clock.set_fixed_time(f"{AS_OF}T10:00:00+08:00")
    page.goto(f"{ordinary_page.as_uri()}{anchor}")
    expect(page.locator("#institution" if anchor.startswith(f"#{REVOKED}") else "#results")).to_be_visible()
    page.screenshot(path=Path(PICTURES or tmp_path) / f"{name}.png")
    if script:
        assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


def test_an_old_engine_draws_it(ordinary_page: Path, tmp_path: Path) -> None:
    picture = Path(PICTURES or tmp_path).absolute() / "directory-old-engine.png"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1280,900",
        f"--user-data-dir={tmp_path}/profile",
    ]
    subprocess.run(
        [str(ENGINE), *options, f"--screenshot={picture}", ordinary_page.as_uri()], check=True, capture_output=True
    )
    assert picture.stat().st_size > 20_000
