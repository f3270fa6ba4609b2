"""The attacks themselves, against a real server: a page of another origin in Chromium, another account, raw websockets.

Where FILING_TRANSCRIPT names a file, what was tried and what was answered is written into it.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import websockets
from playwright.sync_api import sync_playwright

from deployments.gate import secrets_of_home
from deployments.gate.accounts import COOKIE, Accounts, Sessions
from tests.faults.house import HOST, TestHouse

pytestmark = pytest.mark.slow
TRANSCRIPT = os.environ.get("FILING_TRANSCRIPT", "")
PICTURES = os.environ.get("FILING_PICTURES", "")
PASSWORD = "a password of his"
_UNSEEN = "opaque 0 (the page sees no answer, and no run was started)"
#: What a foreign page tries: a form's post without a preflight, a request with one, a read, a websocket.
PAGE = """
<!doctype html><title>foreign</title><script>
async function attack(target, deployment) {
  const told = [];
  const body = JSON.stringify({job_variables: {command: "touch /tmp/owned"}});
  const start = `${target}/api/deployments/${deployment}/create_flow_run`;
  for (const [name, options] of [
    ["post, text/plain, no-cors", {method: "POST", mode: "no-cors", credentials: "include", body}],
    ["post, application/json", {method: "POST", credentials: "include", headers: {"Content-Type": "application/json"}, body}],
  ]) told.push(await fetch(start, options).then(r => `${name}: ${r.type} ${r.status}`, e => `${name}: ${e.message}`));
  told.push(await fetch(`${target}/api/flows/filter`, {credentials: "include"})
    .then(async r => `read: ${await r.text()}`, e => `read: ${e.message}`));
  told.push(await new Promise(done => {
    const socket = new WebSocket(target.replace("http", "ws") + "/api/events/in", ["prefect"]);
    socket.onopen = () => done("websocket: open");
    socket.onerror = () => done("websocket: refused");
  }));
  return told;
}
</script>
"""


@pytest.fixture(scope="module")
def transcript() -> Iterator[list[str]]:
    """What was tried and answered, in order."""
    lines: list[str] = []
    yield lines
    if TRANSCRIPT:
        head = [
            "# Attacks",
            "",
            "What a real server answered; written by `tests/faults/test_attacks.py`, which says how.",
            "",
        ]
        rows = [f"| {line.replace('|', '/').replace(' → ', ' | ')} |" for line in lines]
        Path(TRANSCRIPT).write_text("\n".join([*head, "| tried | answered |", "|---|---|", *rows, ""]), "utf-8")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestHouse]:
    """A server with its deployments and an administrator; no worker, for nothing is to run."""
    made = TestHouse(tmp_path_factory.mktemp("attacked") / "home")
    made.home.mkdir(mode=0o700)
    made.filing("migrate")
    accounts = Accounts(made.home)
    accounts.accept(accounts.add("王处长", "admin"), "王处长", PASSWORD)
    try:
        made.start_server()
        made.register()
        yield made
    finally:
        made.stop()


def runs(house: TestHouse) -> list[str]:
    """Runs that somebody asked for; the schedules' own are not."""
    flow_runs = house.ask("POST", "/flow_runs/filter", limit=200)
    return [run["id"] for run in flow_runs if not run["auto_scheduled"]]


def deployment(house: TestHouse) -> str:
    return str(house.ask("GET", "/deployments/name/filing-cycle/cycle")["id"])


def as_nobody(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["runuser", "-u", "nobody", "--", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("curl") is None, reason="another account is taken by root alone")
def test_another_account_of_the_machine_starts_nothing(house: TestHouse, transcript: list[str]) -> None:
    address = f"http://{HOST}:{house.port}"
    body = '{"job_variables": {"command": "touch /tmp/owned"}}'
    start = f"{address}/api/deployments/{deployment(house)}/create_flow_run"
    tries = {
        "a run with a command of its own, as JSON": ("-H", "Content-Type: application/json", "-d", body, start),
        "the same without a type": ("-H", "Content-Type:", "-d", body, start),
        "the same with a guessed secret": (
            "-H",
            "Authorization: Bearer x",
            "-H",
            "Content-Type: application/json",
            "-d",
            body,
            start,
        ),
        "every flow": ("-H", "Content-Type: application/json", "-d", "{}", f"{address}/api/flows/filter"),
        "the pages": (f"{address}/v2/dashboard",),
        "the settings": (f"{address}/api/admin/settings",),
        "by a name of its own": ("-H", "Host: evil.example", f"{address}/api/health"),
    }
    for name, words in tries.items():
        status = as_nobody("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *words).stdout
        transcript.append(f"curl as another user: {name} → {status}")
        assert status in ("401", "403", "421"), name
    read = as_nobody("cat", str(house.home / secrets_of_home.MACHINE_FILE))
    transcript.append(f"cat machine.secret as another user → {read.stderr.strip().rpartition(': ')[2]}")
    assert read.returncode != 0
    assert runs(house) == []


def test_a_raw_websocket_is_not_opened(house: TestHouse, transcript: list[str]) -> None:
    async def status(path: str, headers: dict[str, str]) -> int:
        try:
            async with websockets.connect(f"ws://{HOST}:{house.port}{path}", additional_headers=headers):
                return 101
        except websockets.InvalidStatus as refused:
            return refused.response.status_code

    ours, evil = {"Origin": f"http://{HOST}:{house.port}"}, {"Origin": "http://evil.example"}
    for path in ("/api/events/in", "/api/events/out", "/api/logs/out"):
        for name, headers in {"without origin": {}, "own origin, no sign-in": ours, "foreign origin": evil}.items():
            answered = asyncio.run(status(path, headers))
            transcript.append(f"websocket {path}, {name} → {answered}")
            assert answered == 403
    assert asyncio.run(status("/api/events/in", house.headers())) == 101, "the machine is let in"


def test_a_page_of_another_origin_does_nothing(house: TestHouse, transcript: list[str], tmp_path: Path) -> None:
    """In the browser of an administrator who has signed in."""
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    handler = lambda *arguments: SimpleHTTPRequestHandler(*arguments, directory=str(tmp_path))  # noqa: E731
    foreign = ThreadingHTTPServer((HOST, 0), handler)
    Thread(target=foreign.serve_forever, daemon=True).start()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "install Chromium"
    address = f"http://{HOST}:{house.port}"
    accounts = Accounts(house.home)
    person = accounts.person("王处长")
    assert person
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(locale="zh-CN")
        sign_in = context.new_page()
        sign_in.goto(address)
        sign_in.get_by_text("登录").first.wait_for()
        if PICTURES:
            sign_in.screenshot(path=f"{PICTURES}/sign-in.png")
        sign_in.get_by_label("姓名").fill("王处长")
        sign_in.get_by_label("密码").fill(PASSWORD)
        sign_in.get_by_role("button", name="登录").click()
        sign_in.wait_for_url("**/dashboard*")
        assert any(cookie["name"] == COOKIE and cookie["httpOnly"] for cookie in context.cookies())
        page = context.new_page()
        page.goto(f"http://localhost:{foreign.server_port}/index.html")
        answers = page.evaluate("([target, id]) => attack(target, id)", [address, deployment(house)])
        browser.close()
    foreign.shutdown()
    foreign.server_close()
    transcript += [
        f"page of another origin: {answer.replace(': ', ' → ', 1).replace('opaque 0', _UNSEEN)}" for answer in answers
    ]
    assert answers[-1] == "websocket: refused"
    assert "Failed to fetch" in answers[1]
    assert "Failed to fetch" in answers[2]
    assert runs(house) == []
    assert Sessions(house.home, accounts).person_of("forged") is None
