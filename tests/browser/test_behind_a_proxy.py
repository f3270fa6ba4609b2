"""Behind a proxy under another name the shipped settings let the right password in, and pages find their server."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect

from deployments.gate.accounts import Accounts
from tests.faults.house import TestHouse

NAME = "filing.localhost"  # resolved to this machine by the browser itself
PASSWORD = "a password of hers"
#: What is a matter of one connection, and not handed on.
_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive"}
pytestmark = pytest.mark.slow


@contextmanager
def proxy(target: str) -> Iterator[int]:
    """A proxy as an office has one: it hands on each request with the Host the browser named; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            with httpx.Client(trust_env=False, timeout=60) as client:
                answer = client.request(self.command, f"{target}{self.path}", content=body, headers=headers)
            self.send_response(answer.status_code)
            for name, value in answer.headers.multi_items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _hand_on  # noqa: N815  as http.server names them

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[str]:
    """The address of an installation by the name its proxy has."""
    house = TestHouse(tmp_path / "home", settings={"FILING_HOSTS": NAME})
    house.home.mkdir()
    house.filing("migrate")
    accounts = Accounts(house.home)
    accounts.accept(accounts.first(), "王处长", PASSWORD)
    try:
        house.start_server()
        house.register()
        with proxy(house.api.removesuffix("/api")) as port:
            yield f"http://{NAME}:{port}"
    finally:
        house.stop()


def test_the_right_password_opens_the_pages_and_a_wrong_one_does_not(behind: str, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    asked: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    page.on("response", lambda answer: refused.append(answer.url) if answer.status in (401, 403, 421) else None)
    page.goto(f"{behind}/v2/deployments")
    page.locator("[name=name]").fill("王处长")
    page.locator("[name=password]").fill("not hers at all")
    page.get_by_role("button").click()
    expect(page.locator("[name=password]")).to_be_visible()
    refused.clear()
    page.locator("[name=name]").fill("王处长")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button").click()
    page.wait_for_url(lambda url: "/gate/" not in url)
    expect(page.get_by_text("approve").first).to_be_visible(timeout=120_000)
    assert page.get_by_text("Invalid credentials").count() == 0
    assert refused == []
    assert {place for place in asked if place} == {urlsplit(behind).netloc}, "no page calls another address"
    context.close()
