"""The directory's page in an engine of 2019 (Chromium 78): its list is there, and so is the search."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from tests.editions import REVOKED

pytestmark = pytest.mark.slow

ENGINE = Path(sys.prefix) / "old-chromium" / "chromium"


def drawn(address: str, tmp_path: Path) -> str:
    """The document as the old engine has it once its script has run."""
    assert ENGINE.is_file(), f"run `bash tests/old_chromium.sh {ENGINE.parent}` to test the page in an old engine"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path}/profile",
    ]
    done = subprocess.run(
        [str(ENGINE), *options, "--virtual-time-budget=3000", "--dump-dom", address],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def rows(dom: str) -> list[str]:
    body = re.search(r'<tbody[^>]* id="rows"[^>]*>(.*?)</tbody>', dom, re.DOTALL)
    assert body
    return [unescape(re.sub(r"<[^>]+>", " ", row)) for row in re.findall(r"<tr.*?</tr>", body[1], re.DOTALL)]


def hidden(dom: str, part: str) -> bool:
    match = re.search(rf'<[a-z]+ id="{part}"[^>]*>', dom)
    assert match, part
    return 'hidden=""' in match[0]


def test_the_engine_is_old(tmp_path: Path) -> None:
    (tmp_path / "name.html").write_text("<script>document.write(navigator.userAgent)</script>", "utf-8")
    version = re.search(r"Chrome/(\d+)", drawn((tmp_path / "name.html").as_uri(), tmp_path))
    assert version
    assert int(version[1]) < 80


def test_its_rows_are_there_and_can_be_searched(ordinary_page: Path, tmp_path: Path) -> None:
    dom = drawn(ordinary_page.as_uri(), tmp_path)
    assert len(rows(dom)) == 7
    assert "符合条件 7 条" in dom
    assert hidden(dom, "failed")
    assert not hidden(dom, "search")
    dom = drawn(f"{ordinary_page.as_uri()}#?q=hsjsxy&level=四级/中级工", tmp_path)
    assert len(rows(dom)) == 2
    assert all("黄石技师学院" in row for row in rows(dom))
    assert len(rows(drawn(f"{ordinary_page.as_uri()}#?day=2026-03-31", tmp_path))) == 5


def test_an_institution_that_is_gone_is_shown(ordinary_page: Path, tmp_path: Path) -> None:
    dom = drawn(f"{ordinary_page.as_uri()}#{REVOKED}", tmp_path)
    assert "已不在目录：撤销备案" in dom
    assert "黄人社撤〔2026〕3号" in dom


@pytest.mark.parametrize(
    "fault", ["throw new Error('x');", "const broken = ;", "document.getElementById('q').remove();"]
)
def test_a_script_that_fails_says_so_and_leaves_the_list(ordinary_page: Path, tmp_path: Path, fault: str) -> None:
    html = ordinary_page.read_text("utf-8")
    start = "function enhance(plain) {"
    assert start in html
    broken = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html).replace(start, f"{start} {fault}")
    (tmp_path / "index.html").write_text(broken, "utf-8")
    dom = drawn((tmp_path / "index.html").as_uri(), tmp_path)
    assert not hidden(dom, "failed")
    assert len(rows(dom)) == 7
    assert hidden(dom, "search")
    assert "text/plain" not in dom


def test_a_page_that_breaks_off_before_its_script_says_so_and_leaves_the_list(
    ordinary_page: Path, tmp_path: Path
) -> None:
    html = ordinary_page.read_text("utf-8")
    (tmp_path / "index.html").write_text(html[: html.index('<script type="application/json"')], "utf-8")
    dom = drawn((tmp_path / "index.html").as_uri(), tmp_path)
    assert not hidden(dom, "failed")
    assert len(rows(dom)) == 7
    assert "text/plain" not in dom
