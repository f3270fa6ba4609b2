"""What a reader asks of the page beside the list of today: in other words, of another day, of what is gone, of a certificate."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf import build, front, place
from tests.browser.conftest import published
from tests.editions import (
    GONE,
    HOSTILE,
    OFFICE,
    REINSTATED,
    REVOKED,
    directory,
    edition,
    ordinary,
    row,
    with_returns,
)

pytestmark = pytest.mark.slow

ROWS = "#rows > tr"


def shown(page: Page) -> str:
    return page.locator("#institution").inner_text()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("huangshijishixueyuan", 3),
        ("hsjsxy", 3),
        ("jishi xueyuan", 3),
        ("ishixue", 0),
        ("daye", 1),
        ("黃石技師學院", 3),
        ("ＣＨＥＧＯＮＧ", 3),
        ("黄石 技师，学院", 3),
        ("技师学院车工", 1),
        ("大冶三级", 1),
        ("dayesanji", 0),
        ("6180101", 2),
        ("三级/高级工", 6),
        ("3级", 6),
        ("一级 / 高级技师", 1),
        ("叉车", 1),
        ("chache", 1),
        ("本企业职工", 1),
        ("不面向社会", 1),
        ("社会人员", 6),
        ("30 天以内", 0),
        ("31～90 天", 1),
    ],
)
def test_the_search_forgives(page: Page, ordinary_page: Path, query: str, count: int) -> None:
    page.goto(ordinary_page.as_uri())
    page.locator("#q").fill(query)
    expect(page.locator("#status")).to_contain_text(f"符合条件 {count} 条")


def test_whom_one_may_be_certified_by_is_a_filter(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    page.locator("#facets").get_by_label("本企业职工").check()
    expect(page.locator(ROWS)).to_have_count(1)
    assert "服务对象：本企业职工（不面向社会）" in page.locator(ROWS).inner_text()
    assert "湖北省黄石市磁湖路1号" in page.locator(ROWS).inner_text()
    page.locator("#facets").get_by_label("本企业职工").uncheck()
    page.locator("#occupation").select_option("4-02-06-01 叉车")
    expect(page.locator(ROWS)).to_have_count(1)
    assert "工种：叉车" in page.locator(ROWS).inner_text()


def test_a_link_shows_the_same_list(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    page.locator("#facets").get_by_label("社会人员").check()
    page.locator("#q").fill("黄石")
    page.locator("#order").select_option("valid down")
    page.wait_for_url("**#?**order**")
    address, rows = page.url, page.locator("#rows").inner_text()
    page.goto("about:blank")
    page.goto(address)
    assert page.locator("#rows").inner_text() == rows
    assert page.locator("#q").input_value() == "黄石"
    assert page.locator("#facets").get_by_label("社会人员").is_checked()
    assert page.locator("#order").input_value() == "valid down"
    page.goto(f"{ordinary_page.as_uri()}#?region=no-such&day=2026-99-99&order=x&page=abc&occupation=x")
    expect(page.locator(ROWS)).to_have_count(7)


def test_what_is_filtered_is_downloaded(page: Page, ordinary_page: Path, hostile_page: Path, tmp_path: Path) -> None:
    for address, query, count in ((ordinary_page, "技师学院", 3), (hostile_page, "", 28)):
        page.goto(address.as_uri())
        page.locator("#q").fill(query)
        with page.expect_download() as started:
            page.locator("#download").click()
        started.value.save_as(tmp_path / "list.csv")
        content = (tmp_path / "list.csv").read_bytes()
        assert content.startswith("\ufeff机构名称,".encode())
        lines = content.decode("utf-8-sig").split("\r\n")
        assert len(lines) == count + 2
        assert not [line for line in lines if line.startswith(("=", "+", "-", "@", "＝", "\t"))]


@pytest.mark.parametrize(
    ("day", "count", "text"),
    [
        ("2026-03-31", 5, "2025-09.1"),
        ("2026-04-20", 10, "2026-04.1"),
        ("2026-09-09", 10, "2026-04.1"),
        ("2026-09-10", 7, "2026-09.1"),
        ("2025-01-01", 0, "最早的一版目录 2025-09.1"),
    ],
)
def test_a_day_of_the_past_can_be_asked_for(page: Page, ordinary_page: Path, day: str, count: int, text: str) -> None:
    page.goto(f"{ordinary_page.as_uri()}#?day={day}")
    expect(page.locator("#status")).to_contain_text(f"符合条件 {count} 条")
    expect(page.locator("#on-day")).to_contain_text(text)
    assert page.locator("#day").input_value() == day


def test_a_day_shows_names_levels_and_terms_as_they_were(page: Page, ordinary_page: Path) -> None:
    page.goto(ordinary_page.as_uri())
    page.locator("#day").fill("2026-03-31")
    expect(page.locator("#rows")).to_contain_text("黄石市旧名职业培训学校")
    expect(page.locator("#rows")).to_contain_text("当日剩余")
    page.locator("#q").fill("下陆区")
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="清除条件").click()
    expect(page.locator(ROWS)).to_have_count(7)
    expect(page.locator("#on-day")).to_be_hidden()


@pytest.mark.parametrize("uscc", sorted(GONE))
def test_what_became_of_an_institution_that_is_gone(page: Page, ordinary_page: Path, uscc: str) -> None:
    name, kind, reason, number = GONE[uscc]
    title = {"revoked": "撤销备案", "expired": "到期失效", "suspended": "暂停备案"}[kind]
    page.goto(ordinary_page.as_uri())
    page.locator("#q").fill(name)
    expect(page.locator("#gone")).to_contain_text(title)
    page.locator("#gone a").first.click()
    expect(page.get_by_role("heading", name=name)).to_be_focused()
    for part in ("已不在目录", title, "2026-09-10", "2025-09.1", reason, number):
        assert part in shown(page), part


def test_an_institution_shows_its_whole_published_life(page: Page, ordinary_page: Path) -> None:
    page.goto(f"{ordinary_page.as_uri()}#91420200MA48000001")
    for part in ("黄石市旧名职业培训学校", "信息变更", "2026-04.1", "在目录", "湖北省黄石市磁湖路1号"):
        assert part in shown(page), part


def test_its_link_can_be_scanned(page: Page, ordinary_page: Path, tmp_path: Path) -> None:
    for uscc in ("91420200MA48000001", REVOKED, "52420222MA48000004"):
        page.goto(f"{ordinary_page.as_uri()}#{uscc}")
        page.locator("svg.qr").screenshot(path=tmp_path / "code.png")
        read: Any = zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"))
        assert [code.text for code in read] == [f"https://www.example.gov.cn/directory/latest/#{uscc}"]
        expect(page.locator(".address")).to_have_text(f"https://www.example.gov.cn/directory/latest/#{uscc}")


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("Y000420000007253000001", "2025 年有“三级/高级工”的备案"),
        ("y0004 20000007 26 3 000001", "2026-01-01 至 2026-09-09"),
        ("Y000420000007261000001", "没有“一级/高级技师”的备案"),
        ("Y000420000007223000001", "2022 年没有"),
        ("Y000420000099263000001", "不是历版目录中任何机构的机构编码"),
        ("Y000420000007269000001", "不是本目录的职业等级"),
    ],
)
def test_a_certificate_tells_whether_its_issuer_was_entitled(
    page: Page, ordinary_page: Path, number: str, answer: str
) -> None:
    page.goto(ordinary_page.as_uri())
    page.locator("#q").fill(number)
    expect(page.locator("#certificate")).to_contain_text(answer)


def test_what_is_embedded_names_every_edition(ordinary_page: Path) -> None:
    html = ordinary_page.read_text("utf-8")
    data = json.loads(html.split('id="data">')[1].split("</script>")[0])
    assert [edition["name"] for edition in data["chain"]] == ["2025-09.1", "2026-04.1", "2026-09.1"]
    assert data["now"] == 7


@pytest.fixture(scope="module")
def returns_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One institution that is back, one that gave up what it had."""
    return published(tmp_path_factory.mktemp("returns"), with_returns())


def test_an_institution_that_is_back_tells_when_it_went_and_why_it_returned(page: Page, returns_page: Path) -> None:
    page.goto(f"{returns_page.as_uri()}#{REINSTATED}")
    for part in (
        "在目录，有效备案 1 项",
        "暂停备案，2026-04-20（版次 2026-04.1），场地不符，文号 黄人社停〔2026〕5号",
        "恢复备案：整改合格（黄人社复〔2026〕6号）",
    ):
        assert part in shown(page), part
    assert page.locator("#institution table").nth(1).locator("tbody tr").count() == 2
    page.goto(f"{returns_page.as_uri()}#changes")
    changed = page.locator("#change-list > details").first
    expect(changed).to_contain_text("恢复备案 1 项")
    expect(changed).to_contain_text("黄人社复〔2026〕6号")


def test_an_institution_that_gave_up_is_withdrawn_and_not_revoked(page: Page, returns_page: Path) -> None:
    page.goto(f"{returns_page.as_uri()}#?q=注销职业培训")
    expect(page.locator("#gone")).to_contain_text(
        "注销备案，2026-04-20（版次 2026-04.1），申请注销，文号 黄人社注〔2026〕2号"
    )
    page.locator("#gone a").first.click()
    assert "已不在目录：注销备案" in shown(page)
    assert "撤销备案" not in shown(page)


@pytest.mark.parametrize(("day", "count"), [("2026-03-31", 3), ("2026-05-01", 1), ("2026-09-10", 2)])
def test_a_day_between_suspension_and_return_is_without_the_institution(
    page: Page, returns_page: Path, day: str, count: int
) -> None:
    page.goto(f"{returns_page.as_uri()}#?day={day}")
    expect(page.locator("#status")).to_contain_text(f"符合条件 {count} 条")
    assert ("复课" in page.locator("#rows").inner_text()) == (count > 1)


@pytest.mark.parametrize("script", [True, False])
def test_an_older_edition_leads_to_its_follower_and_back(browser: Browser, tmp_path: Path, script: bool) -> None:
    shelf = tmp_path / "published"
    first = edition(ordinary().iloc[:5], name="2026-09.1")
    digest = place(shelf, build(shelf, first), first.name)
    front.write(shelf, tmp_path)
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto((shelf / first.name / "index.html").as_uri())
    page.get_by_role("link", name="下一版").click()
    expect(page.locator("main")).to_contain_text("尚未公布新的版次")
    second = edition(ordinary(), name="2026-09.2", previous=digest, earlier=[(first.name, first.as_of, first.changed)])
    place(shelf, build(shelf, second), second.name)
    front.write(shelf, tmp_path)
    page.goto((shelf / first.name / "index.html").as_uri())
    page.get_by_role("link", name="下一版").click()
    page.wait_for_url("**/2026-09.2/index.html")
    page.get_by_role("link", name="上一版").click()
    page.wait_for_url("**/2026-09.1/index.html")
    context.close()


def test_hostile_codes_are_drawn_or_left_out(page: Page, tmp_path: Path) -> None:
    """A credit code that is none has no code to scan, and its link is that of the page with it escaped."""
    usccs = ["<img src=x>", "91420200MA48\u202e00001", "=1+1", "长" * 18, "91420200MA48000001"]
    rows = directory(row(name, uscc) for name, uscc in zip(HOSTILE[9:], usccs, strict=False))
    office = OFFICE.model_copy(update={"website": "https://www.example.gov.cn/directory/latest/"})
    html = published(tmp_path, edition(rows, writer=office))
    for uscc in usccs:
        page.goto(html.as_uri() + "#" + quote(visible(uscc)))
        page.reload()
        expect(page.locator("#institution-name")).to_be_visible()
        address = page.locator(".address").get_attribute("href")
        assert page.locator("svg.qr").count() == (uscc == usccs[-1])
        assert address == f"https://www.example.gov.cn/directory/latest/#{quote(visible(uscc), safe='')}"
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img").count() == 0
