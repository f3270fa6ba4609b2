"""Nothing that axe-core knows to keep people out: of the directory, a public notice, and the Data Docs."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from expectations.check import data_docs
from schemas.policy import shipped
from tasks.gateways.shelf import front, keys, public_notices
from tests.browser.conftest import published
from tests.editions import AS_OF, edition, notice, ordinary
from tests.expectations.sound import sound

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(params=sorted(SIZES))
def sized(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page as wide as a phone or a desk; axe has to run in it, which the page's own policy forbids to everybody."""
    context = browser.new_context(viewport=SIZES[request.param], bypass_csp=True, reduced_motion="reduce")  # type: ignore[arg-type]
    opened = context.new_page()
    opened.clock.set_fixed_time(f"{AS_OF}T10:00:00+08:00")
    yield opened
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds, a line each."""
    result: dict[str, Any] = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
    assert result["passes"], "axe looked at nothing"
    return [f"{violation['id']}: {violation['nodes'][0]['html'][:200]}" for violation in result["violations"]]


def _as_opened(page: Page) -> None:
    expect(page.locator("#rows > tr").first).to_be_visible()


def _filtered(page: Page) -> None:
    page.evaluate("document.getElementById('filters').open = true")
    page.get_by_label("技工院校").check()
    page.locator("#q").fill("学")
    page.locator("#order").select_option("valid down")


def _nothing_found(page: Page) -> None:
    page.locator("#q").fill("没有这样的机构")


def _institution(page: Page) -> None:
    page.locator("#rows a").first.click()
    expect(page.locator("#institution-name")).to_be_focused()


def _nobody(page: Page) -> None:
    page.goto(page.url.partition("#")[0] + "#91420000000000000X")
    expect(page.locator("#institution-name")).to_be_focused()


def _changes(page: Page) -> None:
    page.goto(page.url.partition("#")[0] + "#changes")
    for summary in page.locator("#change-list summary").all()[1:]:
        summary.click()


@pytest.mark.parametrize("view", [_as_opened, _filtered, _nothing_found, _institution, _nobody, _changes])
def test_the_directory_keeps_nobody_out(sized: Page, ordinary_page: Path, view: Callable[[Page], None]) -> None:
    sized.goto(ordinary_page.as_uri())
    view(sized)
    assert violations(sized) == []


@pytest.mark.parametrize("name", ["notices/2026-09.1/index.html", "index.html", "next/2026-09.1.html"])
def test_what_lies_beside_the_editions_keeps_nobody_out(sized: Page, beside: Path, name: str) -> None:
    sized.goto((beside / name).as_uri())
    assert violations(sized) == []
    assert sized.evaluate("document.documentElement.scrollWidth") == sized.viewport_size["width"]


def test_the_data_docs_keep_nobody_out(sized: Page, tmp_path: Path) -> None:
    case = sound()
    case.tables["applications"][0]["contact_phone"] = "1380000"
    index = data_docs(case.check().validation, tmp_path, shipped()[0])
    for name in ("index.html", "applications.html", "staff.html"):
        sized.goto((index.parent / name).as_uri())
        assert violations(sized) == [], name
        assert sized.evaluate("document.documentElement.scrollWidth") == sized.viewport_size["width"]


@pytest.mark.parametrize("width", [640, 320])
def test_enlarged_two_or_four_times_nothing_is_lost(browser: Browser, ordinary_page: Path, width: int) -> None:
    """A screen of 1,280 dots at 200 % and at 400 % (WCAG 1.4.4, 1.4.10)."""
    context = browser.new_context(viewport={"width": width, "height": 450})
    page = context.new_page()
    for anchor in ("", "#changes", "#12420200MA48000002"):
        page.goto(f"{ordinary_page.as_uri()}{anchor}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, anchor
    context.close()


def test_nothing_moves_by_itself(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    moving = """() => [...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
        return s.animationName !== 'none' || s.transitionDuration !== '0s' || s.scrollBehavior !== 'auto'; }).length"""
    assert page.evaluate(moving) == 0


def test_counts_and_pages_are_told_as_they_change(page: Page, many_page: Path) -> None:
    page.goto(many_page.as_uri())
    status = page.locator("[role=status]")
    page.locator("#q").press_sequentially("学校")
    expect(status.first).to_contain_text("符合条件")
    page.get_by_role("button", name="下一页").press("Enter")
    expect(status.last).to_have_text(re.compile(r"^第 2 页，共 \d+ 页$"))


def test_the_focus_goes_the_way_one_reads(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    places: list[int] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        box = page.evaluate("""() => { const e = document.activeElement, r = e.getBoundingClientRect();
            return e === document.body || e.classList.contains('skip') ? null : [r.top + scrollY, r.left]; }""")
        if box is None and places:
            break  # once around
        if box is not None:
            places.append(round(box[0] / 24))
    assert len(places) > 40
    assert places == sorted(places)


def test_axe_would_find_what_is_wrong(sized: Page, ordinary_page: Path) -> None:
    sized.goto(ordinary_page.as_uri())
    sized.evaluate("document.querySelector('label[for=q]').remove()")
    sized.evaluate("document.getElementById('q').placeholder = ''")
    sized.evaluate("document.querySelector('.facts').style.color = '#3b78b8'")
    faults = " ".join(violations(sized))
    assert "label:" in faults
    assert "color-contrast:" in faults


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with a signed edition and a signed public notice."""
    home = tmp_path_factory.mktemp("beside")
    keys.new(home, AS_OF)
    public_notices.place(home / "published", notice(), keys.signing(home))
    published(home / "published", edition(ordinary()))
    front.write(home / "published", home)
    return home / "published"
