"""The directory's page measured in Chromium: size, opening, key press to rows, and the same at a quarter of the speed.

`python -m benchmarks.directory_page former=OLD.html now=NEW.html`: pages of any release, opened in turn, round by round, in
one run; the table goes to standard output. `--make FOLDER` writes pages of made directories of 3,000 and 100,000 rows first.
"""

import gzip
import shutil
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.editions import TYPE, edition, large

_TEXTS = ("黄石市磁湖12", "914202000000012", "6-18-01", "高级技师 大冶")
_ROUNDS = 9
_COLUMNS = (
    "| page | MB | MB packed | opened in, s | all work, processor s | a key, ms (median / longest) "
    "| phone: opened in, s | phone: a key, ms |"
)
#: Notes when the script has said how many rows there are and these are laid out.
_OPENED = """
new MutationObserver((_, observer) => {
  const status = document.getElementById('status');
  if (!status || !status.textContent) return;
  observer.disconnect();
  document.body.getBoundingClientRect();
  window.opened = performance.now();
}).observe(document, { childList: true, subtree: true });
"""


@dataclass
class _Measured:
    """What each round measured: seconds until rows were laid out, processor seconds of all that follows opening, ms a key."""

    opened: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    keys: list[list[float]] = field(default_factory=list)

    @property
    def best_keys(self) -> list[float]:
        """Each key in its best round: others use the machine as well."""
        return [min(times) for times in zip(*self.keys, strict=True)]


def main(words: list[str]) -> None:
    """Measure the pages named."""
    if words[:1] == ["--make"]:
        _make(Path(words[1]))
        return
    pages = {name: Path(file) for name, _, file in (word.partition("=") for word in words)}
    desk, phone = ({name: _Measured() for name in pages} for _ in range(2))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(_ROUNDS):
            for name, file in pages.items():
                _measure(browser, file, desk[name], slower=1)
                _measure(browser, file, phone[name], slower=4)
        browser.close()
    print(_COLUMNS, "|---|---:|---:|---:|---:|---:|---:|---:|", sep="\n")
    for name, file in pages.items():
        print(_line(name, file.read_bytes(), desk[name], phone[name]))


def _make(folder: Path) -> None:
    from tasks.gateways.shelf.page import pages  # noqa: PLC0415  only this needs the product

    for count in (3000, 101_000):
        for name, content in pages(edition(large(count))).items():
            path = folder / str(count) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _line(name: str, content: bytes, desk: _Measured, phone: _Measured) -> str:
    sizes = f"{len(content) / 1e6:.2f} | {len(gzip.compress(content)) / 1e6:.2f}"
    opened = f"{min(desk.opened):.2f} | {min(desk.worked):.2f}"
    keys, slow_keys = (f"{statistics.median(one.best_keys):.0f} / {max(one.best_keys):.0f}" for one in (desk, phone))
    return f"| {name} | {sizes} | {opened} | {keys} | {min(phone.opened):.2f} | {slow_keys} |"


def _measure(browser: Browser, file: Path, into: _Measured, *, slower: int) -> None:
    """One round more of a page."""
    page, devtools = _page(browser, slower)
    page.goto(file.absolute().as_uri())
    page.wait_for_function("window.opened")
    page.wait_for_timeout(500)
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    into.opened.append(page.evaluate("window.opened") / 1000)
    into.worked.append(metrics["ThreadTime"])
    page.evaluate(TYPE, "x")
    into.keys.append([time for text in _TEXTS for time in page.evaluate(TYPE, text)[1:]])
    page.context.close()


def _page(browser: Browser, slower: int) -> tuple[Page, CDPSession]:
    size = {"width": 390, "height": 844} if slower > 1 else {"width": 1280, "height": 900}
    page = browser.new_context(viewport=size).new_page()  # type: ignore[arg-type]
    page.add_init_script(_OPENED)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    return page, devtools


if __name__ == "__main__":
    main(sys.argv[1:])
