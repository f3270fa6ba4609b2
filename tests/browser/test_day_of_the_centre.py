"""A day of the centre, played in Chromium on the servers of `filing up`: from twenty workbooks to an approved directory."""

import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import openpyxl
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from deployments import sample as made
from schemas.law.cycle import cycle_id
from schemas.settings import Settings, using
from tasks.runs.today import today
from tests.faults.house import PATIENCE, TestHouse
from tests.faults.test_up import until_ready, up
from tests.policies import write_policy

#: Who decides the exceptions, and who releases the directory that follows from them.
NAME, CHIEF, PASSWORD = "王处长", "张局长", "a password of his"
#: Where the runbook's pictures are renewed: set FILING_PICTURES=docs/pictures.
PICTURES = os.environ.get("FILING_PICTURES", "")
#: Milliseconds a click may take on a small machine that others use too.
PATIENT = 180_000
pytestmark = pytest.mark.slow


@dataclass
class Centre:
    """The office: its installation, the cycle whose deadline was yesterday, and what institutions hand in."""

    house: TestHouse
    cycle: str
    first: list[Path]
    lists: list[Path]
    corrected: list[Path]
    returned: list[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.house.port}/filing"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """A running installation of a city whose deadline was yesterday and whose editions wait for a person."""
    place = tmp_path_factory.mktemp("day")
    deadline = today() - timedelta(days=1)
    cycle = f"{deadline:%Y-%m}"
    numbers = {"months": f"[{deadline.month}]", "deadline_day": str(deadline.day), "first_cycle": f'"{cycle}"'}
    since = deadline.replace(day=1) - timedelta(days=60)
    policies = write_policy(place / "policies", str(since), release='"approved"', **numbers)
    house = TestHouse(place / "home", settings={"FILING_POLICIES": str(policies)})
    house.home.mkdir()
    with using(Settings(home=house.home, policies=policies)):
        sample = made.make_cycle(cycle_id(cycle), 7, 20)
        made.write_inbox(sample, place / "first", place / "lists")
        made.write_corrections(sample, place / "corrected")
    first = sorted((place / "first").glob("*.xlsx"))
    returned = [number for number, outcome in sample.intended.items() if outcome.startswith("returned")]
    corrected = []
    for number, workbook in enumerate(sorted((place / "corrected").glob("*.xlsx")), start=1):
        corrected.append(workbook.rename(workbook.with_name(f"补正材料（{number}）.xlsx")))
    house.filing("migrate")
    served = up(house)
    try:
        until_ready(served)
        house.pause("sweeps/sweeps")
        yield Centre(house, cycle, first, sorted((place / "lists").glob("*.csv")), corrected, sorted(returned))
    finally:
        served.terminate()
        try:
            served.wait(120)
        except subprocess.TimeoutExpired:
            served.kill()
        assert served.stdout is not None
        served.stdout.close()


@pytest.fixture
def page(centre: Centre, browser: Browser) -> Iterator[Page]:
    """The browser of a person at the centre; it asks nobody but the office's own server."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, locale="zh-CN", accept_downloads=True)
    context.set_default_timeout(PATIENT)
    expect.set_options(timeout=PATIENT)
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    context.close()
    origin = centre.address.removesuffix("/filing")
    assert [url for url in asked if not url.startswith((origin, "data:", "blob:", origin.replace("http", "ws")))] == []


def picture(page: Page, name: str, tmp_path: Path, height: int = 1_100) -> None:
    """Take the page's picture in few colours, small enough for a document."""
    page.set_viewport_size({"width": 1360, "height": height})
    taken = tmp_path / f"{name}.png"
    page.screenshot(path=taken)
    with Image.open(taken) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
        assert colours is not None and len(colours) > 20, "the page is empty"
        image.convert("RGB").quantize(64).save((Path(PICTURES) if PICTURES else tmp_path) / taken.name, optimize=True)


def lay_in(page: Page, centre: Centre, door: str, files: list[Path]) -> None:
    """Upload files at a door; each has its receipt at once."""
    page.goto(f"{centre.address}/doors")
    form = page.locator(f"form[action$='/doors/{door}']")
    form.locator("input[type=file]").set_input_files(files)
    form.get_by_role("button", name="上传").click()
    expect(page.locator(".done li")).to_have_count(len(files))
    assert all("回执" in text for text in page.locator(".done li").all_inner_texts())


def run(page: Page, centre: Centre, *, trial: bool = False) -> None:
    """Start a run on the cycle's page, and wait until it has done what it can."""
    place, rows = (
        f"{centre.address}/cycles/{centre.cycle}",
        page.locator("section[aria-labelledby=runs-title] tbody tr"),
    )
    page.goto(place)
    before = rows.count()
    while rows.count() == before:
        form = page.locator("form[action$='/run']")
        form.get_by_label("试运行").set_checked(trial)
        form.get_by_role("button").click()
        # where the machine is busy the page asks for patience
        expect(page.get_by_role("status").or_(page.get_by_role("alert"))).to_be_visible()
        if page.get_by_role("alert").count():
            expect(page.get_by_role("heading")).to_have_text("请稍候")
            page.goto(place)
    until = monotonic() + PATIENCE
    # a run that waited may be woken by what came in: all of them have to come to rest
    while set(states := states_of(page)) - {"等待中", "已办完"}:
        assert not {"有未办成的", "已取消"} & set(states), centre.house.logs()
        assert monotonic() < until, f"the runs are {states}\n{centre.house.logs()}"
        page.wait_for_timeout(3_000)
        page.goto(place)


def states_of(page: Page) -> list[str]:
    """The states of the cycle's runs, as its page shows them."""
    return [
        text.strip() for text in page.locator("section[aria-labelledby=runs-title] td:nth-child(2)").all_inner_texts()
    ]


def waiting(page: Page, centre: Centre, kind: str) -> list[str]:
    """What Today names of a kind, in its order."""
    page.goto(f"{centre.address}/?kind={kind}")
    return page.locator("#duties td:first-child a").all_inner_texts()


def insist(page: Page, act: Callable[[], object], became: str) -> None:
    """Do something on a page until it is done: while a run works on the cycle the desk asks people to try again."""
    until = monotonic() + PATIENCE
    while True:
        act()
        answer = page.get_by_role("status").or_(page.get_by_role("alert"))
        expect(answer.first).to_be_visible()
        if page.get_by_role("status").count():
            expect(page.get_by_role("status")).to_contain_text(became)
            return
        assert "稍候再试" in answer.first.inner_text(), answer.first.inner_text()
        assert monotonic() < until, "the cycle is worked on all the time"
        page.wait_for_timeout(5_000)


def decide(page: Page, centre: Centre, number: str) -> None:
    """Permit whatever an application is held for."""
    form = page.locator("#questions form")

    def permit() -> None:
        page.goto(f"{centre.address}/applications/{number}")
        form.first.get_by_label("准予").check()
        form.first.get_by_label("理由").fill("经研究，情况属实")
        form.first.get_by_label("文号").fill("黄职鉴〔2026〕12号")
        form.first.get_by_role("button").click()

    insist(page, permit, "已记录审批决定")
    while form.count():
        insist(page, permit, "已记录审批决定")
    expect(page.locator("section[aria-labelledby=decisions-title]")).to_contain_text(NAME)


def close(page: Page, centre: Centre, number: str) -> None:
    """End an application nobody will move any more."""

    def end() -> None:
        page.goto(f"{centre.address}/applications/{number}")
        page.locator("details", has=page.locator("form[action$='/close']")).evaluate("each => { each.open = true; }")
        form = page.locator("form[action$='/close']")
        form.get_by_label("理由").fill("申报机构来函不再办理")
        form.get_by_role("button").click()

    insist(page, end, "已终止办理")


def download(page: Page, link: str, tmp_path: Path) -> Path:
    """Take away what a link of the page leads to."""
    with page.expect_download() as taking:
        page.get_by_role("link", name=link, exact=True).click()
    target = tmp_path / taking.value.suggested_filename
    taking.value.save_as(target)
    return target


def scored(sheets: Path, folder: Path) -> list[Path]:
    """Every scoring sheet of a download filled in as its panel would: all pass."""
    with zipfile.ZipFile(sheets) as packed:
        packed.extractall(folder)
    filled = sorted(folder.glob("*-评分表.xlsx"))
    for path in filled:
        book = openpyxl.load_workbook(path)
        sheet = book["评分表"]
        head = next(row for row in sheet.iter_rows() if row[0].value == "条目键")
        place = {str(cell.value).rstrip("*"): number for number, cell in enumerate(head, start=1)}
        words: dict[str, Any] = {"结论": "合格", "评分": 86, "承诺材料已提供": "是", "评估日期": today()}
        words |= {"评估组长": "刘芳", "评估专家人数": 3}
        for line in range(head[0].row + 1, sheet.max_row + 1):
            if sheet.cell(line, 1).value:
                for title, value in words.items():
                    sheet.cell(line, place[title], value)
        book.save(path)
    return filled


def sign_in(page: Page, centre: Centre, name: str = NAME) -> None:
    """Set a password by the one-time link, and open the desk."""
    server = centre.address.removesuffix("/filing")
    output = centre.house.filing("users", "add", name, "--role", "approver", "--server", server)
    link = next(word for word in output.split() if "/gate/first?token=" in word)
    page.goto(link)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.get_by_role("button").click()
    page.wait_for_url(lambda url: "/gate/" not in url)
    page.goto(f"{centre.address}/")
    expect(page.get_by_role("heading", name="今日待办")).to_be_visible()


def morning(page: Page, centre: Centre, tmp_path: Path) -> None:
    """What came by post is uploaded, and looked at in a trial before anything is written."""
    lay_in(page, centre, "desk", centre.lists)
    assert len(centre.first) >= 20
    lay_in(page, centre, "inbox", centre.first)
    run(page, centre, trial=True)
    expect(page.locator("section[aria-labelledby=runs-title]")).to_contain_text("试运行")
    assert waiting(page, centre, "correction") == []
    run(page, centre)


def what_waits(page: Page, centre: Centre, tmp_path: Path) -> list[str]:
    """Today names who must correct, what is set aside and what is to be decided; returns the last."""
    assert waiting(page, centre, "correction") == centre.returned
    expect(page.locator("#duties")).to_contain_text("申报机构")
    (broken, *_) = waiting(page, centre, "aside")
    expect(page.locator("#duties")).to_contain_text("回执")
    assert broken.endswith(".xlsx")
    held = waiting(page, centre, "ruling")
    expect(page.locator("#duties")).to_contain_text("在册职业")
    assert len(held) >= 2
    page.goto(f"{centre.address}/doors")
    expect(page.locator("section[aria-labelledby=receipts-title]")).to_contain_text(f"作为申报{held[0]}第1版采用")
    picture(page, "desk-doors", tmp_path, 1_300)
    page.goto(f"{centre.address}/")
    picture(page, "desk-today", tmp_path)
    page.goto(f"{centre.address}/applications/{held[0]}")
    picture(page, "desk-application", tmp_path, 1_500)
    return held


def corrected(page: Page, centre: Centre, held: list[str], tmp_path: Path) -> None:
    """Corrections come under other names, two exceptions are decided, and what nobody mends is ended."""
    lay_in(page, centre, "inbox", centre.corrected)
    for number in held[:2]:
        decide(page, centre, number)
    run(page, centre)
    picture(page, "desk-cycle", tmp_path, 1_700)
    for number in waiting(page, centre, "correction"):
        close(page, centre, number)
    page.goto(f"{centre.address}/applications/{centre.returned[0]}")
    expect(page.locator("#versions")).to_contain_text("第 2 版（现行）")


def evaluated(page: Page, centre: Centre, permitted: str, tmp_path: Path) -> None:
    """Packages go to the panels, whose filled sheets come back."""
    page.goto(f"{centre.address}/cycles/{centre.cycle}")
    packages = download(page, "全部评估材料包", tmp_path)
    with zipfile.ZipFile(packages) as packed:
        assert any(name.startswith(f"{permitted}-") for name in packed.namelist()), "one that was permitted goes out"
    sheets = scored(download(page, "全部评分表", tmp_path), tmp_path / "sheets")
    assert len(sheets) >= 15
    letters = download(page, "全部文书", tmp_path)
    with zipfile.ZipFile(letters) as packed:
        assert any("补正通知书" in name and centre.returned[0] in name for name in packed.namelist())
    lay_in(page, centre, "results", sheets)
    run(page, centre)
    for number in waiting(page, centre, "panel"):
        close(page, centre, number)
        run(page, centre)


def released(page: Page, centre: Centre, tmp_path: Path) -> None:
    """The directory waits for a person, beside its changes."""
    (edition,) = waiting(page, centre, "approval")
    page.goto(f"{centre.address}/editions/{edition}")
    expect(page.locator("section[aria-labelledby=changes-title]")).to_contain_text("新增")
    picture(page, "desk-edition", tmp_path, 1_000)
    page.get_by_role("button", name="批准发布").click()
    expect(page.get_by_role("alert")).to_contain_text("须由另一位“审批”人员批准")
    sign_in(page, centre, CHIEF)

    def approve() -> None:
        page.goto(f"{centre.address}/editions/{edition}")
        page.get_by_role("button", name="批准发布").click()

    insist(page, approve, "已批准")
    assert (centre.house.home / "published" / edition / "directory.csv").is_file()
    assert waiting(page, centre, "approval") == []


def evening(page: Page, centre: Centre, tmp_path: Path) -> None:
    """Letters are sent off, what is left of the day is printed, and the run leads to the desk and back."""
    page.goto(f"{centre.address}/letters?state=outbox")
    picture(page, "desk-letters", tmp_path, 860)

    def note() -> None:
        page.goto(f"{centre.address}/letters?state=outbox")
        page.locator("input[name=occasion]").first.check()
        page.get_by_role("button", name="登记").click()

    insist(page, note, "已登记")
    page.goto(f"{centre.address}/")
    printed = tmp_path / "today.pdf"
    page.pdf(path=printed, format="A4")
    assert printed.stat().st_size > 10_000
    page.goto(f"{centre.address}/cycles/{centre.cycle}")
    link = page.locator("section[aria-labelledby=runs-title] tbody a").first
    expect(link).to_have_attribute("href", re.compile(r"^/v2/runs/flow-run/"))
    assert f"/filing/cycles/{centre.cycle}" in centre.house.page(f"overview-{centre.cycle}")
    centre.house.wait_state(centre.house.run_deployment("sweeps/sweeps"), "Completed")
    assert "休眠核定" in centre.house.page("overview-sweeps")
    assert f"/filing/cycles/{centre.cycle}" in centre.house.page("overview-sweeps")


def test_a_day_of_the_centre(centre: Centre, page: Page, tmp_path: Path) -> None:
    sign_in(page, centre)
    morning(page, centre, tmp_path)
    held = what_waits(page, centre, tmp_path)
    corrected(page, centre, held, tmp_path)
    evaluated(page, centre, held[0], tmp_path)
    released(page, centre, tmp_path)
    evening(page, centre, tmp_path)
