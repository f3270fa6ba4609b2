"""A real Chromium, and editions published for it to open."""

import shutil
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tasks.gateways.shelf import EditionContent, build, place, point_latest
from tests.editions import AS_OF, edition, hostile, large, with_a_past

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; a machine without one fails these tests, it does not skip them."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("install Chromium (Debian: apt-get install chromium) to test the page")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield opened
        opened.close()


def published(folder: Path, content: EditionContent) -> Path:
    """The page of an edition, published whole."""
    place(folder, build(folder, content), content.name)
    point_latest(folder, content.name)
    return folder / "latest" / "index.html"


@pytest.fixture(scope="session")
def ordinary_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven rows, one of them changed, two earlier editions, and institutions that are gone."""
    return published(tmp_path_factory.mktemp("ordinary"), with_a_past())


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One institution for each name that might be taken for something else."""
    return published(tmp_path_factory.mktemp("hostile"), edition(hostile()))


@pytest.fixture(scope="session")
def many_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 400 rows: several pages of the list."""
    return published(tmp_path_factory.mktemp("many"), edition(large(400)))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desktop page on the edition's day, 10 in the morning in Beijing; any script error fails the test."""
    context = browser.new_context(viewport=DESKTOP, locale="zh-CN", timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
    opened = context.new_page()
    opened.clock.set_fixed_time(f"{AS_OF}T10:00:00+08:00")
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def served(ordinary_page: Path) -> Iterator[str]:
    """The address of a plain web server over the published folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    root = str(ordinary_page.parents[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Quiet(*args, directory=root))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
