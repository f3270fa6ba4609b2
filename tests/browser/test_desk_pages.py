"""The desk in a real Chromium, behind the gate: nothing that keeps people out, no word to another host, and its pictures."""

import itertools
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from deployments.gate.accounts import Accounts
from deployments.gate.door import Gate
from deployments.gate.hosts import allowed
from deployments.prefect_server import guarded, with_desk
from flows.stages import publication
from schemas.settings import Settings, using
from tests.browser.test_accessible import SIZES, violations
from tests.deployments.desk.conftest import CYCLE, DAY, SENT, first_act
from tests.deployments.desk.test_runs import Server
from tests.registers import BAKER, COOK, ONE, take_over

NAME, PASSWORD = "王处长", "a password of his"
#: Of a story of 24 institutions one whose occupation is held by two others.
HELD = "HS202609-0013"
#: Where the runbook's pictures are renewed: set FILING_PICTURES=docs/pictures.
PICTURES = os.environ.get("FILING_PICTURES", "")
PAGES = {
    "today": "/filing/",
    "application": f"/filing/applications/{HELD}",
    "applications": "/filing/applications",
    "institutions": "/filing/institutions",
    "cycle": f"/filing/cycles/{CYCLE}",
    "cycles": "/filing/cycles",
    "letters": "/filing/letters",
    "doors": "/filing/doors",
    "pauses": "/filing/pauses",
    "edition": "/filing/editions/2026-09.1",
    "institution": f"/filing/institutions/{ONE}",
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[str]:
    """The address of a desk over a cycle of 24 institutions, on the day after its first run."""
    from deployments.desk import acts, applications, cycles, institutions, pages, today

    home = tmp_path_factory.mktemp("desk") / "home"
    home.mkdir()
    shutil.copy(migrated, home / migrated.name)
    first_act(home, institutions=24)
    with using(Settings(home=home, database_url="")):
        take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], date(2025, 1, 10), date(2028, 1, 9), day=DAY)
        assert publication.fn(CYCLE, DAY).done["editions"] == 1
    accounts = Accounts(home)
    accounts.accept(accounts.add(NAME, "approver"), NAME, PASSWORD)
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    application = guarded(Gate(with_desk(Server()), home, allowed("127.0.0.1", "")))
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    with using(Settings(home=home, database_url="")), pytest.MonkeyPatch.context() as patch:
        for module in (acts, applications, cycles, institutions, pages, today):
            patch.setattr(module, "today", lambda: DAY)
        thread.start()
        while not server.started:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def cookies(served: str, browser: Browser) -> list[object]:
    """What the browser keeps once a person has signed in on the gate's page."""
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{served}/filing/")
    expect(page).to_have_url(f"{served}/gate/sign-in?next=%2Ffiling%2F")
    page.locator("[name=name]").fill(NAME)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button").click()
    expect(page.get_by_role("heading", name="今日待办")).to_be_visible()
    kept = list(context.cookies())
    context.close()
    return kept  # type: ignore[return-value]


@pytest.fixture(params=sorted(SIZES))
def page(served: str, browser: Browser, cookies: list[object], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A signed-in page as wide as a phone or a desk; it may ask nobody but the desk's own server."""
    width, height = SIZES[request.param]["width"], SIZES[request.param]["height"]
    size: ViewportSize = {"width": width, "height": height}
    context = browser.new_context(viewport=size, bypass_csp=True, locale="zh-CN", reduced_motion="reduce")
    context.add_cookies(cookies)  # type: ignore[arg-type]
    opened = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith((served, "data:"))] == []
    assert errors == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_nothing_keeps_people_out(page: Page, served: str, name: str) -> None:
    page.goto(served + PAGES[name])
    for details in page.locator("details").all():
        details.evaluate("each => { each.open = true; }")
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, "the page is wider than the screen"


def test_a_ruling_is_given_by_keyboard_and_the_filter_needs_no_reload(page: Page, served: str) -> None:
    page.goto(f"{served}/filing/")
    page.get_by_label("事项").select_option("correction")
    expect(page.locator("#duties")).not_to_contain_text(SENT)
    page.goto(f"{served}/filing/applications/{SENT}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    # what was typed is there again after the page was left and opened anew
    page.get_by_text("终止办理", exact=True).first.click()
    field = page.locator("details[open] textarea[name=reason]").last
    field.fill("久无进展")
    page.reload()
    expect(page.locator("details[open] textarea[name=reason]").last).to_have_value("久无进展")


def test_print_shows_what_is_on_the_page_and_no_form(served: str, browser: Browser, cookies: list[object]) -> None:
    context = browser.new_context(locale="zh-CN")
    context.add_cookies(cookies)  # type: ignore[arg-type]
    opened = context.new_page()
    opened.emulate_media(media="print")
    opened.goto(served + PAGES["letters"])
    assert opened.locator("form.letters tbody tr").count() > 1
    for row in opened.locator("form.letters tbody tr").all():
        assert row.is_visible()
    for address in (PAGES["letters"], PAGES["today"], PAGES["doors"], PAGES["application"]):
        opened.goto(served + address)
        assert opened.locator("form").count() > 0
        for field in opened.locator("form :is(fieldset, select, textarea, button, input)").all():
            assert not field.is_visible()
    context.close()


def test_pictures(served: str, browser: Browser, cookies: list[object], tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1360, "height": 860}, locale="zh-CN")
    context.add_cookies(cookies)  # type: ignore[arg-type]
    opened = context.new_page()
    for name, height in (("today", 1_100), ("application", 1_500), ("cycle", 1_500), ("letters", 860), ("doors", 900)):
        opened.set_viewport_size({"width": 1360, "height": height})
        opened.goto(served + PAGES[name])
        _picture(opened, f"desk-{name}", tmp_path)
    opened.set_viewport_size({"width": 390, "height": 844})
    opened.goto(served + PAGES["today"])
    _picture(opened, "desk-phone", tmp_path)
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": 800, "height": 1_100})
    opened.goto(served + PAGES["application"])
    expect(opened.locator("nav")).not_to_be_visible()
    _picture(opened, "desk-print", tmp_path)
    context.close()


def _picture(page: Page, name: str, tmp_path: Path) -> None:
    taken = tmp_path / f"{name}.png"
    page.screenshot(path=taken)
    with Image.open(taken) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
        assert colours is not None and len(colours) > 20, "the page is empty"
        folder = Path(PICTURES) if PICTURES and name not in ("desk-phone", "desk-print") else tmp_path
        image.convert("RGB").quantize(64).save(folder / f"{name}.png", optimize=True)


def test_a_session_that_ran_out_leads_back_to_what_was_typed(
    served: str, browser: Browser, cookies: list[object]
) -> None:
    context = browser.new_context(locale="zh-CN")
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{served}/filing/applications/{SENT}")
    page.locator("summary", has_text="终止办理").click()
    form = page.locator("form[action$='/close']")
    form.get_by_label("理由").fill("申报机构来函不再办理")
    context.clear_cookies()
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("登录已过期")
    page.locator("[name=name]").fill(NAME)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button").click()
    expect(page).to_have_url(f"{served}/filing/applications/{SENT}")
    expect(form.get_by_label("理由")).to_have_value("申报机构来函不再办理")
    expect(form.get_by_label("理由")).to_be_visible()
    context.close()


def test_an_upload_that_is_too_large_or_broken_off_ends_in_a_sentence(
    served: str, browser: Browser, cookies: list[object], tmp_path: Path
) -> None:
    large = tmp_path / "太大.zip"
    with large.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(2 * 1024**3)
    context = browser.new_context(locale="zh-CN")
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{served}/filing/doors")
    picker = page.locator("form[action$='/doors/inbox'] input[type=file]")
    picker.set_input_files(large)
    assert "请分几次上传" in picker.evaluate("field => field.validationMessage")
    # without the page's script the browser sends all of it before it hears that it is too much
    token = page.locator("form[action$='/doors/inbox'] input[name=token]").get_attribute("value") or ""
    kept = {str(cookie["name"]): str(cookie["value"]) for cookie in context.cookies()}
    context.close()
    whole, headers = 300 * 1024**2, {"Origin": served, "Content-Type": "multipart/form-data; boundary=x"}

    def body(bytes_sent: int) -> Iterator[bytes]:
        head = f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n--x\r\n'
        yield (head + 'Content-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\nPK\x03\x04').encode()
        for _ in range(bytes_sent // 1024**2):
            yield bytes(1024**2)

    def cut(sent: Iterator[bytes]) -> Iterator[bytes]:
        yield from sent
        raise ConnectionAbortedError

    with httpx.Client(base_url=served, cookies=kept, headers=headers, trust_env=False, timeout=120) as client:
        padded = itertools.chain(body(whole - 1024**2), [bytes(1024**2)])
        length = sum(map(len, body(0))) + whole
        refused = client.post("/filing/doors/inbox", content=padded, headers={"Content-Length": str(length)})
        assert refused.status_code == 413
        assert "请拆分后重新提交" in refused.text
        with pytest.raises(ConnectionAbortedError):
            client.post("/filing/doors/inbox", content=cut(body(2 * 1024**2)), headers={"Content-Length": str(length)})
        page_after = client.get("/filing/doors")
    assert "a.zip" not in page_after.text
