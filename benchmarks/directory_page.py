"""The directory's page measured in Chromium: size, opening, key press to rows, and the same at a quarter of the speed.

`python -m benchmarks.directory_page former=OLD.html now=NEW.html`: pages of any release, opened in turn in one run; the
table goes to standard output. `--make FOLDER` writes pages of made directories of 3,000 and 100,000 rows first.
"""

import gzip
import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.editions import TYPE, edition, large

_TEXTS = ("黄石市磁湖12", "914202000000012", "6-18-01", "高级技师 大冶")
_ROUNDS = 5
_COLUMNS = (
    "| page | MB | MB packed | opened in, s | a key, ms (median / longest) | phone: opened in, s | phone: a key, ms |"
)


def main(words: list[str]) -> None:
    """Measure the pages named."""
    if words[:1] == ["--make"]:
        _make(Path(words[1]))
        return
    pages = dict(word.split("=", 1) for word in words)
    print(_COLUMNS, "|---|---:|---:|---:|---:|---:|---:|", sep="\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, file in pages.items():
            print(_line(browser, name, Path(file)), flush=True)
        browser.close()


def _make(folder: Path) -> None:
    from tasks.gateways.shelf.page import pages  # noqa: PLC0415  only this needs the product

    for count in (3000, 101_000):
        for name, content in pages(edition(large(count))).items():
            path = folder / str(count) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _line(browser: Browser, name: str, file: Path) -> str:
    content = file.read_bytes()
    opened, keys = _measured(browser, file, slower=1)
    phone_opened, phone_keys = _measured(browser, file, slower=4)
    sizes = f"{len(content) / 1e6:.2f} | {len(gzip.compress(content)) / 1e6:.2f}"
    typed = f"{statistics.median(keys):.0f} / {max(keys):.0f}"
    phone = f"{phone_opened:.2f} | {statistics.median(phone_keys):.0f} / {max(phone_keys):.0f}"
    return f"| {name} | {sizes} | {opened:.2f} | {typed} | {phone} |"


def _measured(browser: Browser, file: Path, *, slower: int) -> tuple[float, list[float]]:
    """Seconds until its rows are there, and milliseconds of each key: the best of some rounds, on a shared machine."""
    opened, rounds = [], []
    for _ in range(_ROUNDS):
        page = _page(browser, slower)
        page.goto(file.absolute().as_uri())
        page.wait_for_function("document.querySelector('#status').textContent !== ''")
        opened.append(page.evaluate("document.body.getBoundingClientRect(), performance.now()") / 1000)
        page.wait_for_timeout(500)
        page.evaluate(TYPE, "x")
        rounds.append([time for text in _TEXTS for time in page.evaluate(TYPE, text)[1:]])
        page.context.close()
    return min(opened), [min(times) for times in zip(*rounds, strict=True)]


def _page(browser: Browser, slower: int) -> Page:
    size = {"width": 390, "height": 844} if slower > 1 else {"width": 1280, "height": 900}
    page = browser.new_context(viewport=size).new_page()  # type: ignore[arg-type]
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    return page


if __name__ == "__main__":
    main(sys.argv[1:])
