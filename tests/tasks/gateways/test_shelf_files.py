"""What stands in the files of an edition, ordinary and hostile."""

import csv
import json
import re
import subprocess
from dataclasses import replace
from html import unescape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from docx import Document
from openpyxl.worksheet.worksheet import Worksheet

from schemas.directory import CHANGE_COLUMNS, DIRECTORY_COLUMNS, INSTITUTION_COLUMNS
from tasks.gateways.paper.delimited import csv_bytes
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.paper.word import fields
from tasks.gateways.shelf import EditionContent
from tasks.gateways.shelf.documents import ANNEX_ROWS, ANNOUNCEMENT, COVER_LETTER, announcement, template
from tasks.gateways.shelf.listing import listing
from tasks.gateways.shelf.public_notices import DOCUMENT
from tasks.gateways.shelf.workbook import directory_workbook
from tests.editions import HOSTILE, directory, edition, hostile, large, ordinary, page, row

HASH = "ab" * 32


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def sheet(content: EditionContent, name: str) -> Worksheet:
    worksheet = openpyxl.load_workbook(BytesIO(directory_workbook(content)))[name]
    assert isinstance(worksheet, Worksheet)
    return worksheet


def words(docx: bytes) -> str:
    document = Document(BytesIO(docx))
    tables = (cell.text for table in document.tables for line in table.rows for cell in line.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *tables])


def embedded(html: bytes) -> dict[str, Any]:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', html.decode(), re.DOTALL)
    assert match
    data: dict[str, Any] = json.loads(match[1])
    return data


def test_the_csv_has_a_bom_canonical_headers_and_sorted_rows() -> None:
    content = csv_bytes(edition(ordinary()).listed)
    assert content.startswith(b"\xef\xbb\xbfinstitution_name,institution_type,uscc,")
    assert b"\r" not in content
    header, *rows = cells(content)
    assert header == DIRECTORY_COLUMNS
    named = [dict(zip(header, one, strict=True)) for one in rows]
    keys = [(one["uscc"], one["occupation_code"]) for one in named]
    assert keys == sorted(keys)
    first = row("黄石技师学院", "12420200MA48000002", "4-04-05-01", institution_type="technical_school", levels="5")
    assert tuple(rows[0]) == first


def test_nothing_in_a_csv_begins_as_a_formula() -> None:
    content = edition(hostile())
    for frame in (content.listed, content.changed):
        for one in cells(csv_bytes(frame)):
            assert not [cell for cell in one if re.match(r"[\t\r\n]|\s*[=+\-@＝＋－＠]", cell)]


def test_the_csv_keeps_every_text_but_for_the_apostrophe() -> None:
    listed = edition(hostile()).listed
    back = [one[0] for one in cells(csv_bytes(listed))[1:]]
    kept = [name.removeprefix("'") if name not in HOSTILE else name for name in back]
    assert kept == listed["institution_name"].tolist()


def test_the_json_keeps_every_text_as_it_is() -> None:
    content = edition(hostile())
    read = json.loads(listing(content))
    assert [one["institution_name"] for one in read["rows"]] == content.listed["institution_name"].tolist()
    assert set(HOSTILE) == {one["institution_name"] for one in read["rows"]}
    assert json.loads(listing(edition(ordinary())))["rows"][0]["institution_code"] is None


def test_no_cell_of_the_workbook_is_a_formula_or_a_link() -> None:
    book = openpyxl.load_workbook(BytesIO(directory_workbook(edition(hostile()))))
    for worksheet in book:
        for line in worksheet.iter_rows():
            for cell in line:
                assert cell.data_type in {"s", "n", "d"}, cell
                assert cell.hyperlink is None
    shown = {cell.value for cell in book["明细"]["A"][1:]}
    assert shown == {visible(name) for name in HOSTILE}


def test_the_workbook_is_laid_out_for_print() -> None:
    worksheet = sheet(edition(ordinary()), "目录")
    assert (worksheet.page_setup.orientation, worksheet.page_setup.paperSize) == ("landscape", 9)
    fitted = worksheet.sheet_properties.pageSetUpPr
    assert fitted is not None
    assert fitted.fitToPage
    assert (worksheet.page_setup.fitToWidth or 1, worksheet.page_setup.fitToHeight) == (1, 0)
    assert worksheet.print_title_rows == "$3:$3"
    assert worksheet.freeze_panes == "A4"
    assert worksheet["A1"].value == "黄石市职业技能等级认定评价机构备案目录"
    assert "版次：2026-09.1" in str(worksheet["A2"].value)
    assert [cell.value for cell in worksheet[3]][:4] == ["序号", "机构名称", "机构类型", "统一社会信用代码"]


def test_an_institution_is_one_merged_block() -> None:
    worksheet = sheet(edition(ordinary()), "目录")
    merged = {str(area) for area in worksheet.merged_cells.ranges}
    *shared, after = list("ABCDEFGHIJKLMNOP"[: len(INSTITUTION_COLUMNS) + 2])
    assert {f"{column}4:{column}6" for column in shared} <= merged
    assert not [area for area in merged if area.startswith(after)]
    assert [worksheet[f"B{line}"].value for line in (4, 7, 8, 10)] == [
        "黄石技师学院",
        "阳新县新港物流职业培训学校",
        "黄石市磁湖职业培训学校",
        "大冶有色机械制造有限公司",
    ]
    assert [worksheet[f"A{line}"].value for line in (4, 7, 8, 10)] == [1, 2, 3, 4]


def test_dates_are_dates_and_codes_are_text() -> None:
    worksheet = sheet(edition(ordinary()), "明细")
    line = {worksheet.cell(1, place).value: worksheet.cell(2, place) for place in range(1, worksheet.max_column + 1)}
    assert line["备案日期"].data_type == "d"
    assert line["备案日期"].number_format == "yyyy-mm-dd"
    assert (line["统一社会信用代码"].data_type, line["统一社会信用代码"].value) == ("s", "12420200MA48000002")
    assert line["职业等级"].value == "五级"
    assert line["机构类型"].value == "技工院校"
    assert line["所属区划"].value == "黄石港区"
    assert worksheet.auto_filter.ref == worksheet.dimensions


def test_a_long_name_over_one_row_gets_the_height_it_needs() -> None:
    worksheet = sheet(edition(directory([row("长" * 300), row("短", "91420200MA48000009")])), "目录")
    tall, low = worksheet.row_dimensions[4].height, worksheet.row_dimensions[5].height
    assert tall is not None
    assert low is not None
    assert tall > 10 * low


@pytest.mark.parametrize("name", ["明细", "本版变更"])
def test_a_long_name_is_not_cut_in_plain_rows_either(name: str) -> None:
    worksheet = sheet(edition(directory([row("长" * 300), row("短", "91420200MA48000009")])), name)
    tall, low = worksheet.row_dimensions[2].height, worksheet.row_dimensions[3].height
    assert tall is not None
    assert tall > 250
    assert low is None, "what fits in a line keeps the height of one"


def test_the_rows_of_an_institution_stay_on_one_page_of_the_annex() -> None:
    annex = Document(BytesIO(announcement(edition(ordinary())))).tables[1]
    rows = annex.rows[1:]
    kept = [[cell.paragraphs[0].paragraph_format.keep_with_next for cell in line.cells] for line in rows]
    numbers = [line.cells[0].text for line in rows]
    last = [place + 1 == len(rows) or numbers[place + 1] != numbers[place] for place in range(len(rows))]
    assert [all(marks) for marks in kept] == [not ends for ends in last]
    assert sorted(set(numbers)) == ["1", "2", "3", "4"]


def test_the_announcement_says_numbers_by_type_and_leaves_its_own_open() -> None:
    document = Document(BytesIO(announcement(edition(ordinary(), previous=HASH))))
    text = words(announcement(edition(ordinary(), previous=HASH)))
    assert "＿＿＿＿〔2026〕＿＿号" in text
    assert "黄石市人力资源和社会保障局\n2026年9月10日" in text
    assert "与上一版目录相比，新增 7 项。" in text
    by_type = [[cell.text for cell in line.cells] for line in document.tables[0].rows][1:]
    assert by_type == [["企业", "1", "1"], ["技工院校", "1", "3"], ["社会培训评价组织", "2", "3"], ["合计", "4", "7"]]
    assert len(document.tables[1].rows) == 1 + 7


def test_the_first_edition_says_that_it_is_the_first() -> None:
    assert "本版为首次公布。" in words(announcement(edition(ordinary())))
    unchanged = edition(ordinary(), before=ordinary(), previous=HASH)
    assert "与上一版目录相比，无变更。" in words(announcement(unchanged))


def test_the_announcement_shows_hostile_names_as_text() -> None:
    text = words(announcement(edition(hostile())))
    for name in HOSTILE:
        assert visible(name) in text, name


@pytest.mark.parametrize("count", [0, ANNEX_ROWS + 5])
def test_an_empty_or_a_very_long_directory_has_a_sentence_for_its_annex(count: int) -> None:
    rows = large(count + 400).iloc[:count]
    document = Document(BytesIO(announcement(edition(rows))))
    assert len(document.tables) == 1
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert ("见随公告发布的电子表格 directory.xlsx" in text) == (count > 0)
    assert ("目录暂无备案有效的评价机构" in text) == (count == 0)


def test_a_template_edited_in_word_is_used_instead(tmp_path: Path) -> None:
    document = Document(BytesIO(template(ANNOUNCEMENT, None)))
    document.paragraphs[0].runs[0].text = "某市人力资源和社会保障局"
    document.save(str(tmp_path / "announcement.docx"))
    assert "某市人力资源和社会保障局" in words(announcement(edition(ordinary()), templates=tmp_path))


_OFFICE = {"letter_no", "contact", "phone", "address", "postcode", "email"}
_COMMON = {"issuer", "document", "as_of", "institutions", "occupations", *_OFFICE}
_ANNEX = {"annex", *(f"annex.{part}" for part in ("number", "name", "type", "uscc", "rows"))}
_ROWS = {"annex.rows.occupation", "annex.rows.levels"}
_ASKED = {
    ANNOUNCEMENT: {
        *(_COMMON | _ANNEX | _ROWS),
        *("title", "edition", "changed", "instead_of_annex", "annex.rows.valid_until"),
        *("by_type", "by_type.title", "by_type.institutions", "by_type.occupations"),
    },
    COVER_LETTER: {
        *_COMMON,
        *("city", "cycle", "edition", "before", "awaiting", "counts", "counts.title", "counts.count"),
    },
    DOCUMENT: {*(_COMMON | _ANNEX | _ROWS), "notice", "ends_on", "workdays", "annex.kind"},
}


@pytest.mark.parametrize("name", _ASKED)
def test_a_template_asks_for_what_its_document_says(name: str) -> None:
    assert fields(template(name, None), name) == _ASKED[name]


@pytest.mark.parametrize("name", _ASKED)
def test_a_template_is_a_page_as_the_standard_for_official_documents_asks(name: str) -> None:
    first, *annexes = Document(BytesIO(template(name, None))).sections
    margins = (first.top_margin, first.bottom_margin, first.left_margin, first.right_margin)
    assert [round(length.mm) for length in margins if length is not None] == [37, 35, 28, 26]
    for section in (first, *annexes):
        assert {round(section.page_width.mm), round(section.page_height.mm)} == {210, 297}
    assert [section.page_width > section.page_height for section in annexes] == [True] * (name != COVER_LETTER)


def test_office_files_carry_no_moment_of_their_making() -> None:
    content = edition(ordinary())
    for made in (announcement(content), directory_workbook(content)):
        entries = ZipFile(BytesIO(made)).infolist()
        assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_the_page_embeds_hostile_names_without_ending_its_data() -> None:
    html = page(edition(hostile()))
    assert html.count(b"</script>") == 6
    assert b"<img" not in html
    institutions = embedded(html)["institutions"]
    assert set(institutions["name"]) == {visible(name) for name in HOSTILE}


def test_the_page_names_nothing_outside() -> None:
    html = page(edition(ordinary())).decode()
    named = set(re.findall(r"https?://[^\"' ]+", html))
    assert named == {"http://www.w3.org/2000/svg", "https://schema.org"}, "names of vocabularies, which nobody asks for"
    assert "default-src 'none'" in unescape(html)
    addresses = re.findall(r'(?:href|src)="([^"]*)"', html)
    assert {address for address in addresses if not address.startswith("#")} == {
        "data:,",
        "directory.xlsx",
        "directory.csv",
        "directory.json",
        "changes.csv",
        "life.json",
        "feed.xml",
        "datapackage.json",
        "manifest.json",
        "../index.html",
        "../latest/index.html",
        "../next/2026-09.1.html",
    }


def test_the_page_lists_many_changes_only_in_part_but_counts_all() -> None:
    rows = large(4000)
    data = embedded(page(edition(rows, earlier=[("2026-04.1", edition(rows).as_of, edition(rows).changes)])))
    current, earlier = data["editions"]
    assert (sum(current["counts"]), len(current["rows"])) == (len(rows), 2000)
    assert (sum(earlier["counts"]), len(earlier["rows"])) == (len(rows), 500)


def test_earlier_editions_stand_newest_first() -> None:
    earlier = [(name, edition(ordinary()).as_of, {"added": 1}) for name in ("2025-09.2", "2026-04.10", "2026-04.9")]
    data = embedded(page(edition(ordinary(), earlier=earlier)))
    names = [one["name"] for one in data["editions"]]
    assert names == ["2026-09.1", "2026-04.10", "2026-04.9", "2025-09.2"]


def test_changes_are_in_the_csv_with_both_sides() -> None:
    before = ordinary().assign(levels="5")
    header, *rows = cells(csv_bytes(edition(ordinary(), before=before).changed))
    assert header == CHANGE_COLUMNS
    assert ["levels_changed", "5", "4,3,2", "", ""] in [one[5:] for one in rows]


@pytest.mark.slow
def test_a_real_spreadsheet_runs_nothing_of_them(tmp_path: Path) -> None:
    content = edition(hostile())
    (tmp_path / "directory.csv").write_bytes(csv_bytes(content.listed))
    (tmp_path / "changes.csv").write_bytes(csv_bytes(content.changed))
    (tmp_path / "directory.xlsx").write_bytes(directory_workbook(content))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    for name, reading in (("directory.csv", "44,34,76"), ("changes.csv", "44,34,76"), ("directory.xlsx", "")):
        command = ["soffice", profile, "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), name]
        command[3:3] = [f"--infilter=CSV:{reading}"] if reading else []
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
        opened = (tmp_path / name).with_suffix(".fods").read_text("utf-8")
        assert opened.count("<table:table-row") >= len(HOSTILE)
        assert "table:formula=" not in opened
        assert "xlink:href" not in opened


@pytest.mark.parametrize("shown", [False, True])
def test_telephones_stand_in_the_page_only_where_the_policy_says_so(shown: bool) -> None:
    content = edition(ordinary())
    publication = content.policy.publication.model_copy(update={"show_phone": shown})
    policy = content.policy.model_copy(update={"publication": publication})
    html = page(replace(content, policy=policy, phones={"91420200MA48000001": "0714-6000001"})).decode()
    assert ("0714-6000001" in html) == shown
    assert ("phone" in embedded(html.encode())["institutions"]) == shown
