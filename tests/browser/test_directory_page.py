"""The directory's page in a real Chromium: found, filtered, sorted, linked, printed, and no network asked."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tasks.gateways.paper.visible_text import visible
from tests.editions import HOSTILE, edition, ordinary
from tests.editions import page as rendered

pytestmark = pytest.mark.slow

ROWS = "#rows > tr"


def names(page: Page) -> list[str]:
    return page.locator("#rows a").all_inner_texts()


def choice(page: Page, text: str) -> str:
    """A filter choice with its count, as it stands."""
    return page.locator("#facets").get_by_text(text).first.inner_text().replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("way", ["file", "http"])
def test_it_opens_from_disk_and_from_a_server_and_asks_nothing_else(
    page: Page, ordinary_page: Path, served: str, way: str
) -> None:
    address = ordinary_page.as_uri() if way == "file" else f"{served}/latest/index.html"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    expect(page.locator(ROWS)).to_have_count(7)
    page.locator("#rows a").first.click()
    page.go_back()
    assert [url for url in asked if not url.startswith("data:")] == [address]


def test_its_policy_forbids_what_it_does_not_do(page: Page, ordinary_page: Path, served: str) -> None:
    page.goto(ordinary_page.as_uri())
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate("address => fetch(address)", served)
    added = """() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';
        document.body.append(s); return window.ran; }"""
    assert page.evaluate(added) is None
    blocked = """address => new Promise(done => { const i = new Image(); i.onload = () => done('loaded');
        i.onerror = () => done('blocked'); i.src = address; })"""
    assert page.evaluate(blocked, f"{served}/x.png") == "blocked"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 7),
        ("技师学院", 3),
        ("52420222MA48000004", 1),
        ("5242", 1),
        ("6-18-01", 3),
        ("大冶市", 1),
        ("黄石新港", 1),
        ("社会培训评价组织", 3),
        ("高级技师", 1),
        ("磁湖  6-18", 1),
        ("磁湖　6-18", 1),
        ("Ｙ０００４２000001", 2),
        ("y00042", 2),
        ("没有这样的机构", 0),
        ("<", 0),
        (".*", 0),
    ],
)
def test_search_finds_by_name_code_occupation_district_type_and_level(
    page: Page, ordinary_page: Path, query: str, count: int
) -> None:
    page.goto(ordinary_page.as_uri())
    page.locator("#q").fill(query)
    expect(page.locator("#status")).to_contain_text(f"符合条件 {count} 条")
    assert len(names(page)) == count
    assert page.get_by_text("没有符合条件的记录").is_visible() == (count == 0)


def test_filters_count_what_they_would_leave(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    assert choice(page, "技工院校") == "技工院校(3)"
    assert choice(page, "三级/高级工") == "三级/高级工(6)"
    page.get_by_label("技工院校").check()
    expect(page.locator(ROWS)).to_have_count(3)
    # other types still say what choosing them as well would add; other facets say what is left
    assert choice(page, "企业") == "企业(1)"
    assert choice(page, "三级/高级工") == "三级/高级工(2)"
    page.get_by_label("企业", exact=False).first.check()
    expect(page.locator(ROWS)).to_have_count(4)
    page.get_by_label("三级/高级工").check()
    page.locator("#q").fill("学院")
    expect(page.locator("#status")).to_have_text("符合条件 2 条，涉及 1 家机构")
    page.get_by_role("button", name="清除条件").click()
    expect(page.locator(ROWS)).to_have_count(7)
    assert page.locator("#facets :checked").count() == 0


def test_one_occupation_can_be_chosen(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    assert page.locator("#occupation option:checked").inner_text() == "全部"
    page.get_by_label("技工院校").check()
    page.locator("#occupation").focus()
    offered = page.locator("#occupation option:not([hidden])").all_inner_texts()
    assert len(offered) == 4
    page.locator("#occupation").select_option(
        index=page.locator("#occupation option").all_inner_texts().index(offered[1])
    )
    expect(page.locator(ROWS)).to_have_count(1)


def test_headers_sort_both_ways_and_say_so(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    head = page.locator("#heads th", has_text="有效期至")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(page)[0] == "阳新县新港物流职业培训学校"
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(page)[-1] == "阳新县新港物流职业培训学校"
    page.locator("#order").select_option("levels down")
    expect(page.locator("#heads th", has_text="职业等级")).to_have_attribute("aria-sort", "descending")
    assert "一级" in page.locator(ROWS).first.inner_text()


def test_days_left_are_counted_to_the_last_day(page: Page, ordinary_page: Path) -> None:
    expected = {
        "2026-09-10T10:00:00+08:00": "剩余 51 天",
        "2026-10-31T23:59:00+08:00": "今日到期",
        "2026-11-01T00:00:00+08:00": "已到期",
        "2020-01-01T00:00:00+08:00": "剩余 51 天",
        "2026-10-31T12:00:00-05:00": "已到期",
    }
    for now, text in expected.items():
        page.clock.set_fixed_time(now)
        page.goto(ordinary_page.as_uri())
        assert text in page.locator(ROWS, has_text="新港物流").inner_text(), now
    assert choice(page, "已到期") == "已到期(1)"


def test_an_institution_has_its_own_address(page: Page, ordinary_page: Path) -> None:
    page.goto(f"{ordinary_page.as_uri()}#12420200MA48000002")
    expect(page.get_by_role("heading", name="黄石技师学院")).to_be_focused()
    assert page.title().startswith("黄石技师学院 - ")
    shown = page.locator("#institution").inner_text()
    assert "尚未核发" in shown
    assert "12420200MA48000002" in shown
    assert "等级变更" in shown
    assert page.locator("#institution table").first.locator("tbody tr").count() == 3
    expect(page.locator("#directory")).to_be_hidden()
    page.get_by_role("link", name="返回目录列表").click()
    expect(page.locator(ROWS)).to_have_count(7)


def test_back_returns_to_the_same_place_of_the_same_search(page: Page, many_page: Path) -> None:
    page.goto(many_page.as_uri())
    page.locator("#q").fill("学校")
    status = page.locator("#status").inner_text()
    page.get_by_role("button", name="下一页").click()
    link = page.locator("#rows a").nth(20)
    name = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.go_back()
    expect(page.locator("#status")).to_have_text(status)
    assert page.locator("#page").input_value() == "2"
    expect(page.locator("#rows a").nth(20)).to_be_in_viewport()


@pytest.mark.parametrize("address", ["91420000000000000X", "%E0%A4", "<img src=x>", "institution"])
def test_an_address_of_nobody_says_so(page: Page, ordinary_page: Path, address: str) -> None:
    page.goto(f"{ordinary_page.as_uri()}#{address}")
    expect(page.get_by_role("heading", name="目录中没有这家机构")).to_be_visible()
    page.get_by_role("link", name="返回目录列表").click()
    expect(page.locator(ROWS)).to_have_count(7)


def test_it_tells_what_changed_now_and_earlier(page: Page, ordinary_page: Path) -> None:
    page.goto(f"{ordinary_page.as_uri()}#changes")
    editions = page.locator("#change-list > details")
    expect(editions).to_have_count(3)
    now = editions.nth(0).inner_text()
    assert "2026-09.1" in now
    assert "四级、三级、二级" in now
    editions.nth(1).locator("summary").click()
    expect(editions.nth(1).locator("tbody tr")).to_have_count(7)
    editions.nth(2).locator("summary").click()
    expect(editions.nth(2)).to_contain_text("新增 5 项")


def test_every_other_format_can_be_fetched(page: Page, ordinary_page: Path, served: str) -> None:
    page.goto(f"{served}/latest/index.html")
    links = [link.get_attribute("href") for link in page.locator("#downloads a[download]").all()]
    assert sorted(str(link) for link in links) == sorted(
        path.name for path in ordinary_page.parent.iterdir() if path.name != "index.html"
    )
    for link in links:
        assert page.request.get(f"{served}/latest/{link}").ok


def test_it_works_by_keyboard_alone(page: Page, many_page: Path) -> None:
    page.goto(many_page.as_uri())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到目录列表")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("学校")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#heads') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#heads th").first).to_have_attribute("aria-sort", "ascending")
    assert page.evaluate("document.activeElement.dataset.order") == "name"
    page.locator("#next").focus()
    while page.locator("#next").is_enabled():
        page.keyboard.press("Enter")
    expect(page.locator("#page")).to_be_focused()
    page.locator("#rows a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#institution-name")).to_be_focused()


def test_it_speaks_to_a_screen_reader(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    snapshot = page.locator("body").aria_snapshot()
    for part in (
        'heading "黄石市职业技能等级认定评价机构备案目录" [level=1]',
        "search:",
        'searchbox "查询目录"',
        'group "机构类型"',
        'table "备案目录，每行为一家机构的一个职业（工种）"',
        'columnheader "机构名称"',
        "status: 符合条件 7 条",
        'navigation "页面导航"',
        'region "变更情况"',
    ):
        assert part in snapshot, part
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    unnamed = "() => [...document.querySelectorAll('input,select')].filter(e => e.labels.length === 0).map(e => e.id)"
    assert page.evaluate(unnamed) == []


def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, ordinary_page: Path, hostile_page: Path
) -> None:
    for address in (ordinary_page, hostile_page):
        context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        page = context.new_page()
        page.goto(address.as_uri())
        for anchor in ("", "#changes", "#12420200MA48000002", "#91420200MA48000017"):
            page.goto(f"{address.as_uri()}{anchor}")
            assert page.evaluate("document.documentElement.scrollWidth") == 390, anchor
        page.goto(f"{address.as_uri()}#results")
        expect(page.locator("#rows .label").first).to_be_attached()
        assert page.locator("#rows .label", has_text="职业等级").first.is_visible()
        context.close()


def test_print_has_all_rows_found_and_no_controls(page: Page, many_page: Path) -> None:
    page.goto(many_page.as_uri())
    count = int(page.locator("#status").inner_text().split()[1])
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(ROWS).count() == count
    page.emulate_media(media="print")
    for hidden in ("#search", "#pages", "#downloads", "#changes", "#print"):
        expect(page.locator(hidden)).to_be_hidden()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(ROWS).count() == 50


def test_hostile_names_are_text(page: Page, hostile_page: Path) -> None:
    page.goto(hostile_page.as_uri())
    shown = page.evaluate("[...document.querySelectorAll('#rows a')].map(link => link.textContent)")
    assert shown == [visible(name) for name in HOSTILE]
    for place in range(len(HOSTILE)):
        page.goto(f"{hostile_page.as_uri()}#91420200MA48{place:06d}")
        assert page.locator("#institution-name").text_content() == visible(HOSTILE[place])
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main script").count() == 0


def test_without_scripts_its_rows_are_there(browser: Browser, ordinary_page: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(ordinary_page.as_uri())
    assert "需要浏览器启用 JavaScript" in page.locator("main").inner_text()
    expect(page.locator(ROWS)).to_have_count(7)
    for text in ("黄石技师学院", "湖北省黄石市磁湖路1号", "三级", "服务对象：社会人员", "2026-10-31", "Y00042000001"):
        assert text in page.locator("#rows").inner_text(), text
    for hidden in ("#search", "#bar", "#pages", "#institution", "#failed"):
        expect(page.locator(hidden)).to_be_hidden()
    assert page.locator("#downloads a").first.is_visible()
    context.close()


def test_where_its_scripts_are_refused_its_rows_are_there(page: Page, ordinary_page: Path, tmp_path: Path) -> None:
    html = re.sub(r"script-src [^;]*;", "script-src 'none';", ordinary_page.read_text("utf-8"))
    (tmp_path / "index.html").write_text(html, "utf-8")
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.locator(ROWS)).to_have_count(7)
    assert page.locator(ROWS).first.is_visible()


def test_an_empty_directory_still_opens(page: Page, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(rendered(edition(ordinary().iloc[:0], before=ordinary())))
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.locator("#status")).to_contain_text("符合条件 0 条")
    expect(page.locator("#change-list")).to_contain_text("移出目录 7 项")


def test_what_is_embedded_is_what_is_published(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    listed = json.loads((ordinary_page.parent / "directory.json").read_bytes())["rows"]
    assert names(page) == [row["institution_name"] for row in listed]
