"""The operator's pages in a real Chromium, as the runbook shows them; nothing is asked of any host but our own."""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from deployments import sample as made
from deployments.gate.accounts import COOKIE, Accounts, Sessions
from schemas.law.cycle import cycle_id
from tests.faults.house import TestHouse

CYCLE = "2026-09"
BY = "王处长"
CLERK, PASSWORD = "李办", "a password of hers"
#: Where the runbook's pictures are renewed: set FILING_PICTURES=docs/pictures.
PICTURES = os.environ.get("FILING_PICTURES", "")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestHouse]:
    """A server with a cycle that waits for its results."""
    house = TestHouse(tmp_path_factory.mktemp("pages") / "home")
    house.home.mkdir()
    house.filing("migrate")
    made.write_inbox(made.make_cycle(cycle_id(CYCLE), 3, 20), house.home / "inbox", house.home / "desk")
    try:
        house.start_server()
        house.register()
        house.start_worker()
        house.wait_state(house.run_deployment("filing-cycle/cycle", cycle=CYCLE, as_of="2026-09-11"), "Suspended")
        yield house
    finally:
        house.stop()


def session(house: TestHouse) -> str:
    """The cookie of somebody who has signed in and may release editions."""
    accounts = Accounts(house.home)
    if BY not in accounts.all():
        accounts.accept(accounts.add(BY, "approver"), BY, "a password of his")
    person = accounts.person(BY)
    assert person
    return Sessions(house.home, accounts).begin(person)


@pytest.fixture
def page(house: TestHouse, browser: Browser) -> Iterator[Page]:
    """A browser page that notes what it asked of others."""
    context = browser.new_context(viewport={"width": 1360, "height": 860}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.add_cookies([{"name": COOKIE, "value": session(house), "url": f"http://127.0.0.1:{house.port}"}])
    opened = context.new_page()
    outside: list[str] = []
    opened.on("requestfinished", lambda request: outside.append(request.url))
    yield opened
    context.close()
    allowed = (f"http://127.0.0.1:{house.port}/", f"ws://127.0.0.1:{house.port}/", "data:", "blob:")
    assert [url for url in outside if not url.startswith(allowed)] == []


def show(page: Page, house: TestHouse, path: str, *texts: str) -> None:
    """Open a page and wait until it shows these texts."""
    page.goto(f"http://127.0.0.1:{house.port}{path}")
    for text in texts:
        page.get_by_text(text).first.wait_for(timeout=60_000)


def picture(page: Page, name: str, tmp_path: Path, height: int = 860) -> None:
    """Take the page's picture in few colours, small enough for a document."""
    page.set_viewport_size({"width": 1360, "height": height})
    page.wait_for_timeout(1_500)
    taken = tmp_path / f"{name}.png"
    page.screenshot(path=taken)
    with Image.open(taken) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
        assert colours is not None and len(colours) > 20, "the page is empty"
        folder = Path(PICTURES) if PICTURES else tmp_path
        image.convert("RGB").quantize(64).save(folder / f"{name}.png", optimize=True)


def cycle_run(house: TestHouse) -> Any:
    waiting = {"state": {"type": {"any_": ["PAUSED"]}}}
    runs = house.ask("POST", "/flow_runs/filter", flow_runs=waiting, deployments={"name": {"any_": ["cycle"]}})
    return runs[0]


def deployment(house: TestHouse, name: str) -> str:
    return str(house.ask("GET", f"/deployments/name/{name}")["id"])


def test_the_suspended_run_with_its_stages(house: TestHouse, page: Page, tmp_path: Path) -> None:
    run = cycle_run(house)
    assert run["name"].startswith(CYCLE)
    show(page, house, f"/v2/runs/flow-run/{run['id']}", run["name"], "Suspended", "waits: 0 of")
    page.set_viewport_size({"width": 1360, "height": 1_240})
    page.reload()
    page.get_by_text("waits: 0 of").first.wait_for()
    page.wait_for_timeout(5_000)  # the graph is drawn in steps, and tells nobody when it is done
    picture(page, "suspended-run", tmp_path, 1_240)


def test_the_overview_of_the_run(house: TestHouse, page: Page, tmp_path: Path) -> None:
    artifacts = {artifact["key"]: artifact["id"] for artifact in house.ask("POST", "/artifacts/filter")}
    assert {f"{name}-{CYCLE}" for name in ("overview", "findings", "waiting", "missing", "summary")} <= set(artifacts)
    show(page, house, f"/v2/artifacts/artifact/{artifacts[f'overview-{CYCLE}']}", "等待评估结果", "在等谁", "期限")
    picture(page, "overview", tmp_path, 2_060)
    show(page, house, f"/v2/artifacts/artifact/{artifacts[f'missing-{CYCLE}']}", "缺结果数")
    picture(page, "missing-results", tmp_path)
    show(page, house, f"/v2/artifacts/artifact/{artifacts[f'findings-{CYCLE}']}", "性质")
    picture(page, "findings", tmp_path)


def test_the_progress_of_the_wait(house: TestHouse, page: Page, tmp_path: Path) -> None:
    artifacts = house.ask("POST", "/artifacts/filter", artifacts={"key": {"any_": [f"waiting-{CYCLE}"]}})
    assert float(artifacts[-1]["data"]) == 0.0
    assert "已收 0 / 共" in artifacts[-1]["description"]
    show(page, house, f"/v2/artifacts/artifact/{artifacts[-1]['id']}", "已收 0 / 共")
    picture(page, "waiting", tmp_path, 560)


def test_no_personal_data_on_any_page(house: TestHouse) -> None:
    import re

    text = " ".join(
        str(artifact["data"]) + str(artifact["description"]) for artifact in house.ask("POST", "/artifacts/filter")
    )
    assert len(text) > 1_000
    assert not re.search(r"\b\d{17}[\dX]\b", text), "an identity number"
    assert not re.search(r"\b1[3-9]\d{9}\b", text), "a telephone number"


def test_the_form_a_person_fills_in(house: TestHouse, page: Page, tmp_path: Path) -> None:
    path = f"/v2/deployments/deployment/{deployment(house, 'filing-cycle/cycle')}/run"
    show(page, house, path, "申报批次", "办理日期", "只办理这些申报编号", "试运行")
    picture(page, "parameter-form", tmp_path)


def test_the_schedule_of_the_cycle(house: TestHouse, page: Page, tmp_path: Path) -> None:
    show(
        page, house, f"/v2/deployments/deployment/{deployment(house, 'filing-cycle/cycle')}", "Schedules", "At 07:45 AM"
    )
    picture(page, "schedule", tmp_path)
    page.get_by_role("tab", name="Description").click()
    page.get_by_text("定时（Asia/Shanghai）").first.wait_for()
    picture(page, "calendar", tmp_path)


def test_the_data_docs_are_served(house: TestHouse, page: Page, tmp_path: Path) -> None:
    show(page, house, f"/filing/data-docs/{CYCLE}/index.html", "数据校验")
    page.get_by_role("link", name="申报职业").click()
    page.get_by_text("OCC-1", exact=True).wait_for()
    picture(page, "data-docs", tmp_path, 1_000)


def test_an_operator_signs_in_and_starts_a_run(house: TestHouse, browser: Browser, tmp_path: Path) -> None:
    accounts = Accounts(house.home)
    accounts.accept(accounts.add(CLERK, "operator"), CLERK, PASSWORD)
    page = browser.new_page(viewport={"width": 1360, "height": 860}, locale="zh-CN", timezone_id="Asia/Shanghai")
    page.goto(f"http://127.0.0.1:{house.port}/v2/deployments/deployment/{deployment(house, 'intake/intake')}/run")
    page.get_by_role("heading", name="登录").wait_for()
    page.get_by_label("姓名").fill(CLERK)
    picture(page, "sign-in", tmp_path, 480)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_text("申报批次").first.wait_for(timeout=60_000)
    page.get_by_label("申报批次").click()
    page.get_by_role("option", name=CYCLE).click()
    page.get_by_role("button", name="Submit").click()
    house.wait_for("her run", lambda: runs_of(house, CLERK) != [])
    (run,) = runs_of(house, CLERK)
    house.wait_state(run, "Completed")
    show(page, house, f"/v2/runs/flow-run/{run}", "Completed")
    picture(page, "operator-run", tmp_path, 960)
    page.context.close()
    with sqlite3.connect(house.home / "filing.db") as db:
        assert db.execute("SELECT subject, by FROM history WHERE kind = 'run'").fetchall() == [(CYCLE, CLERK)]


def runs_of(house: TestHouse, by: str) -> list[str]:
    """The runs somebody started."""
    return [run["id"] for run in house.ask("POST", "/flow_runs/filter") if run["labels"].get("filing.by") == by]


def fill(page: Page, title: str, value: str) -> None:
    """Fill in a field of a deployment's form."""
    field = page.get_by_label(title).or_(page.get_by_text(title, exact=True).locator("xpath=../..").locator("input"))
    field.first.fill(value)


def test_an_edition_that_loses_too_much_is_released_by_the_form(house: TestHouse, page: Page, tmp_path: Path) -> None:
    house.wait_state(house.run_deployment("sweeps/sweeps", as_of="2026-09-12"), "Completed")
    show(page, house, "/filing/published/latest/index.html", "版次", "符合条件")
    house.wait_state(house.run_deployment("sweeps/sweeps", as_of="2029-06-01"), "Completed")
    published = house.home / "published"
    assert (published / "latest").resolve().name == f"{CYCLE}.1", "the former edition stays in force"
    (status,) = json.loads(house.filing("status", CYCLE, "--json"))
    waiting, _, why = status["waits_for_approval"].partition("：")
    assert "超过允许的20%" in why
    show(page, house, f"/v2/deployments/deployment/{deployment(house, 'approval/approve')}/run", "目录版次", "批准人")
    page.locator("textarea, .cm-content, input").first.wait_for()
    for title, value in (("目录版次", waiting), ("批准人", "王处长")):
        fill(page, title, value)
    picture(page, "approval-form", tmp_path)
    page.get_by_role("button", name="Submit").click()
    house.wait_for("the edition", lambda: (published / "latest").resolve().name == waiting)
    show(page, house, f"/filing/editions/{waiting}", "经过", BY)
    picture(page, "approver-release", tmp_path, 1_100)
