"""What programs read of an edition: the data package, the feed, the life of the directory, the pages of the districts."""

import json
import re
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from frictionless import Package, system

from tasks.gateways.disk.files import file_sha256
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf import EditionContent, build, place
from tasks.gateways.shelf.chain import verify_chain
from tasks.gateways.shelf.listing import read_life
from tasks.gateways.shelf.page import pages
from tests.editions import HOSTILE, edition, hostile, large, ordinary, page, with_a_past, with_returns

ATOM = "{http://www.w3.org/2005/Atom}"


def written(folder: Path, content: EditionContent) -> Path:
    place(folder, build(folder, content), content.name)
    return folder / content.name


@pytest.mark.parametrize(
    "content", [edition(ordinary()), with_a_past(), edition(hostile())], ids=["plain", "past", "hostile"]
)
def test_the_data_package_is_valid(tmp_path: Path, content: EditionContent) -> None:
    folder = written(tmp_path, content)
    with system.use_context(trusted=True):
        report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "fieldName", "note"])
    assert [task.name for task in report.tasks][:2] == ["directory", "changes"]


def test_frictionless_finds_a_row_that_is_not_as_described(tmp_path: Path) -> None:
    folder = written(tmp_path, edition(ordinary()))
    table = folder / "directory.csv"
    table.write_bytes(table.read_bytes().replace(b"420281", b"999999").replace(b"2026-09-10", b"2026-13-10"))
    report = Package(str(folder / "datapackage.json")).validate()
    assert {"foreign-key", "type-error", "hash-count"} <= {fault[0] for fault in report.flatten(["type"])}


def test_licence_and_contact_are_the_office_s(tmp_path: Path) -> None:
    content = with_a_past()
    office = content.office.model_copy(update={"licence": "https://example.gov.cn/terms", "phone": "0714-6000000"})
    folder = written(tmp_path, edition(ordinary(), writer=office))
    described = json.loads((folder / "datapackage.json").read_bytes())
    assert described["licenses"] == [{"path": "https://example.gov.cn/terms", "title": "https://example.gov.cn/terms"}]
    assert described["contact"]["phone"] == "0714-6000000"
    match = re.search(r'<script type="application/ld\+json">(.*?)</script>', (folder / "index.html").read_text("utf-8"))
    assert match
    linked_data = json.loads(match[1])
    assert (linked_data["@type"], linked_data["license"]) == ("Dataset", "https://example.gov.cn/terms")


def test_the_feed_tells_suspension_revocation_and_expiry_apart(tmp_path: Path) -> None:
    feed = ElementTree.parse(written(tmp_path, with_a_past()) / "feed.xml").getroot()
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title", "").split("：")[0] for entry in entries] == [
        "目录版次 2026-09.1",
        "目录版次 2026-04.1",
        "目录版次 2025-09.1",
    ]
    lines = entries[0].findtext(f"{ATOM}content", "")
    assert "撤销备案：下陆区旧名职业培训学校（91420204MA48000007），" in lines
    assert "（弄虚作假，文号 黄人社撤〔2026〕3号）" in lines
    assert "暂停备案：" in lines
    assert "到期失效：" in lines
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 3


def test_the_feed_tells_return_and_withdrawal(tmp_path: Path) -> None:
    feed = ElementTree.parse(written(tmp_path, with_returns()) / "feed.xml").getroot()
    now, middle, _ = (entry.findtext(f"{ATOM}content", "") for entry in feed.findall(f"{ATOM}entry"))
    assert "恢复备案：下陆区复课职业培训学校" in now
    assert "（整改合格，文号 黄人社复〔2026〕6号）" in now
    assert "注销备案：下陆区注销职业培训学校" in middle
    assert "（申请注销，文号 黄人社注〔2026〕2号）" in middle
    assert "暂停备案：下陆区复课职业培训学校" in middle
    assert "撤销备案" not in now + middle


def test_hostile_names_are_text_in_the_feed(tmp_path: Path) -> None:
    feed = ElementTree.parse(written(tmp_path, edition(hostile())) / "feed.xml").getroot()
    lines = feed.findtext(f"{ATOM}entry/{ATOM}content", "").split("\n")
    assert len(lines) == len(HOSTILE)
    assert all(visible(name) in line for name, line in zip(HOSTILE, lines, strict=True))


def test_hostile_names_are_text_in_plain_rows() -> None:
    html = page(edition(hostile())).decode()
    body = html[html.index('id="rows"') : html.index("</tbody>")]
    assert len(re.findall("<tr", body)) == len(HOSTILE)
    kept, body, rest = re.split(r"</?script>", body)[1:4]
    assert kept.count("document.write(") == 1
    assert rest == ""
    assert set(re.findall(r"<(\w+)", body)) == {"tr", "td", "a", "small"}
    assert "<b>" not in body


def test_hostile_names_are_text_on_pages_of_their_districts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.gateways.shelf.page.ROWS_OF_A_PAGE", 20)
    monkeypatch.setattr(EditionContent, "region_names", {"<b>": "<script>{{ 7 * 7 }}\u202e"})
    made = {name: html.decode() for name, html in pages(edition(hostile())).items() if name.startswith("list/")}
    assert len(made) == 2
    for html in made.values():
        assert set(re.findall(r"<(\w+)", html[html.index("<body>") :])) <= {
            *("body", "header", "div", "h1", "p", "span", "b", "main", "section", "a"),
            *("table", "caption", "thead", "tr", "th", "tbody", "td", "small", "footer"),
        }
        assert "\u202e" not in html
    shown = "".join(made.values())
    assert all(escape(visible(name)) in shown for name in HOSTILE)


def test_many_rows_stand_on_pages_of_their_districts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.gateways.shelf.page.ROWS_OF_A_PAGE", 30)
    content = edition(large(400))
    folder = written(tmp_path, content)
    listing = sorted(path.name for path in (folder / "list").iterdir())
    assert "420202.html" in listing
    assert "420202-2.html" in listing
    listed = [re.findall("<tr", (folder / "list" / name).read_text("utf-8")) for name in listing]
    assert sum(map(len, listed)) == len(content.rows) + len(listing)
    assert max(map(len, listed)) <= 30 + 1
    index = (folder / "index.html").read_text("utf-8")
    assert set(re.findall(r'<a href="(list/[^"]+)"', index)) == {f"list/{name}" for name in listing}
    assert verify_chain(tmp_path)[1:] == []
    (folder / "list" / listing[0]).write_text("", "utf-8")
    (folder / "list" / "more.html").write_text("", "utf-8")
    assert [fault.partition(": ")[2] for fault in verify_chain(tmp_path)[:2]] == [
        "list/more.html does not belong to it",
        f"list/{listing[0]} was changed after it was published",
    ]


def test_the_life_is_read_back_only_from_the_edition_that_was_published(tmp_path: Path) -> None:
    content = with_a_past()
    folder = written(tmp_path, content)
    digest = file_sha256(folder / "manifest.json")
    back = read_life(folder, digest)
    assert back is not None
    assert back.equals(content.life.astype("str"))
    assert read_life(folder, "0" * 64) is None
    assert read_life(tmp_path / "2025-09.1", digest) is None
    (folder / "life.json").write_bytes((folder / "life.json").read_bytes().replace(b"revoked", b"expired"))
    assert read_life(folder, digest) is None
