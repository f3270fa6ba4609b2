"""Letters on paper, measured on what LibreOffice sets: lines, pages and places by GB/T 9704-2012."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pdfplumber
import pytest

from schemas.letter_text import LETTER_KINDS
from tasks.letters.render import render
from tests.letter_samples import LONGEST, SHORTEST

MILLIMETRE = 72 / 25.4
#: The type area: margins of 37, 35, 28 and 26 mm on A4.
TOP, BOTTOM, LEFT, RIGHT = 37 * MILLIMETRE, (297 - 35) * MILLIMETRE, 28 * MILLIMETRE, (210 - 26) * MILLIMETRE
#: A character of 3号, and one line of 22.
SIZE, LINE = 16.0, 225 * MILLIMETRE / 22


_COLUMNS = ["序号", "位置", "问题", "依据", "更正办法"]


@dataclass(frozen=True)
class Line:
    """One line of a page: its text, the place of its first and last character, the size of its type, in points."""

    page: int
    text: str
    top: float
    left: float
    right: float
    size: float


@dataclass(frozen=True)
class Paper:
    """A letter as pages and their lines."""

    path: Path
    pages: int
    lines: list[Line]

    def with_text(self, text: str) -> list[Line]:
        return [line for line in self.lines if text in line.text.replace(" ", "")]


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Paper]:
    """Every kind at its shortest and at its longest, set by one process for them all."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed: `make system` installs it")
    folder = tmp_path_factory.mktemp("paper")
    for kind in LETTER_KINDS:
        (folder / f"{kind}-shortest.docx").write_bytes(render(kind, SHORTEST[kind]))
        (folder / f"{kind}-longest.docx").write_bytes(render(kind, LONGEST[kind]))
    (folder / "plain.docx").write_bytes(render("rectification", _plain()))
    (folder / "whole.docx").write_bytes(render("correction", _one_finding_of_a_whole_office()))
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
    subprocess.run([*command, *map(str, sorted(folder.glob("*.docx")))], check=True, capture_output=True, timeout=300)
    return {path.stem: _read(path) for path in sorted(folder.glob("*.pdf"))}


def _plain() -> dict[str, Any]:
    # without figures and punctuation, which are not as wide as a character in every font
    return {**SHORTEST["rectification"], "problem": "考评人员数量不足且视频资料保存不全" * 60}


def _one_finding_of_a_whole_office() -> dict[str, Any]:
    finding = LONGEST["correction"]["findings"][0]
    return {
        **LONGEST["correction"],
        "findings": [finding],
        "not_accepted": [],
        "voids": [],
        "institution_name": "某公司",
    }


def _read(path: Path) -> Paper:
    with pdfplumber.open(path) as pdf:
        lines = [line for number, page in enumerate(pdf.pages, start=1) for line in _lines(number, page)]
        return Paper(path, len(pdf.pages), lines)


def _lines(number: int, page: Any) -> Iterator[Line]:
    # characters of one line differ a little in height with their font
    ordered = sorted(page.chars, key=lambda char: (round(char["bottom"] / 4), char["x0"]))
    for _, group in groupby(ordered, key=lambda char: round(char["bottom"] / 4)):
        chars = [char for char in group if char["text"].strip()]
        if chars:
            yield Line(
                number,
                "".join(char["text"] for char in chars),
                min(char["top"] for char in chars),
                min(char["x0"] for char in chars),
                max(char["x1"] for char in chars),
                max(char["size"] for char in chars),
            )


def test_every_kind_was_set(papers: dict[str, Paper]) -> None:
    assert set(papers) == {f"{kind}-{length}" for kind in LETTER_KINDS for length in ("shortest", "longest")} | {
        "plain",
        "whole",
    }


def test_a_page_has_22_lines_of_28_characters(papers: dict[str, Paper]) -> None:
    body = [line for line in papers["plain"].lines if round(line.size) == SIZE and line.page > 1]
    full = [line for line in body if "数量不足" in line.text and line.right > RIGHT - SIZE]
    assert full
    assert {len(line.text) for line in full} == {28}
    second = [line for line in body if line.page == 2]
    if papers["plain"].pages > 2:
        assert len(second) == 22
    for above, below in pairwise(second):
        assert below.top - above.top == pytest.approx(LINE, abs=0.6)


def test_everything_lies_in_the_type_area(papers: dict[str, Paper]) -> None:
    for name, paper in papers.items():
        for line in paper.lines:
            if _is_page_number(line):
                continue
            # a comma or a full stop at the end of a line may hang into the margin
            hangs = SIZE if line.text[-1] in "，。；：、" else 1.0
            assert line.left > LEFT - 1.5, (name, line)
            assert line.right < RIGHT + hangs, (name, line)
            assert TOP - 1.5 < line.top < BOTTOM, (name, line)


def _is_page_number(line: Line) -> bool:
    return re.fullmatch(r"—\d+—", line.text) is not None and line.top > BOTTOM


def test_pages_are_numbered_outside_odd_right_even_left(papers: dict[str, Paper]) -> None:
    for name, paper in papers.items():
        numbers = [line for line in paper.lines if _is_page_number(line)]
        assert [line.text for line in numbers] == [f"—{page}—" for page in range(1, paper.pages + 1)], name
        for line in numbers:
            assert line.size == pytest.approx(14, abs=0.1)
            outer = RIGHT - line.right if line.page % 2 else line.left - LEFT
            assert outer == pytest.approx(14, abs=3), (name, line)  # one character in from the edge of the type area
            assert line.top - BOTTOM == pytest.approx(7 * MILLIMETRE, abs=4), (name, line)


@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_a_letter_of_one_finding_fits_one_page(papers: dict[str, Paper], kind: str) -> None:
    assert papers[f"{kind}-shortest"].pages == 1


def test_so_does_a_correction_of_an_office_that_filled_in_everything(papers: dict[str, Paper]) -> None:
    assert papers["whole"].pages == 1


@pytest.mark.parametrize("length", ["shortest", "longest"])
@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_title_number_and_signature_are_where_they_belong(papers: dict[str, Paper], kind: str, length: str) -> None:
    paper, values = papers[f"{kind}-{length}"], {"shortest": SHORTEST, "longest": LONGEST}[length][kind]
    issuer, title, number = paper.lines[:3]
    assert (issuer.text, title.text) == (values["issuer"], LETTER_KINDS[kind].title)
    assert number.text == values["letter_no"]
    for line in (issuer, title, number):
        assert (line.left + line.right) / 2 == pytest.approx((LEFT + RIGHT) / 2, abs=4)
    assert issuer.size == title.size == pytest.approx(22, abs=0.1)
    year, month, day = map(int, values["issued_on"].split("-"))
    [date] = [
        line for line in paper.with_text(f"{year}年{month}月{day}日") if line.text.endswith("日") and line.left > 250
    ]
    name = paper.with_text(values["issuer"])[-1]
    if name.size < SIZE:  # the office's name stands in the imprint too
        name = paper.with_text(values["issuer"])[-2]
    assert name.page == date.page
    assert date.top - name.top == pytest.approx(LINE, abs=3)
    assert (date.left + date.right) / 2 == pytest.approx((name.left + name.right) / 2, abs=3)
    assert RIGHT - date.right == pytest.approx(4 * SIZE, abs=1.5 * SIZE)
    above = [line for line in paper.lines if line.page == name.page and line.top < name.top - 1]
    assert above, "a signature never stands alone on its page"
    assert name.top - max(line.top for line in above) > 2 * LINE  # room for the seal
    contact = paper.with_text("联系人：")[-1]
    assert contact.page == date.page
    assert contact.top > date.top


@pytest.mark.parametrize("kind", [code for code, kind in LETTER_KINDS.items() if "copy_to" in kind.text.model_fields])
def test_copies_and_printer_stand_at_the_foot_of_the_last_page(papers: dict[str, Paper], kind: str) -> None:
    paper = papers[f"{kind}-longest"]
    [copies], [printed] = paper.with_text("抄送："), paper.with_text("印发")
    assert copies.page == printed.page == paper.pages
    assert BOTTOM - printed.top < 2 * LINE
    assert copies.size == printed.size == pytest.approx(14, abs=0.1)
    assert paper.with_text("联系人：")[-1].top < copies.top
    assert not papers[f"{kind}-shortest"].with_text("抄送：")


def test_no_row_of_a_table_is_split_and_its_head_stands_on_every_page(papers: dict[str, Paper]) -> None:
    remedies = {finding["remedy"] for finding in LONGEST["correction"]["findings"]}
    with pdfplumber.open(papers["correction-longest"].path) as pdf:
        tables = [table for page in pdf.pages for table in page.extract_tables() if len(table[0]) == len(_COLUMNS)]
    rows = 0
    for table in tables:
        head, *lines = [["".join((cell or "").split()) for cell in row] for row in table]
        assert head == _COLUMNS
        assert {line[-1] for line in lines} <= remedies
        rows += len(lines)
    assert len(tables) > 5
    assert rows == len(LONGEST["correction"]["findings"])
