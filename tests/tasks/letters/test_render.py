"""Letters as files: whole, deterministic, text from outside only ever text."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.letter_text import LETTER_KINDS
from tasks.gateways.paper.packing import packed
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.paper.word import UnusableTemplateError, fields, fill
from tasks.letters.render import UnknownLetterError, render
from tests.letter_samples import LONGEST, SHORTEST

#: The rule's code is for programs; a letter names the article.
NOT_PRINTED = {"findings.rule", "not_accepted.rule"}
#: The delivery receipt goes with a printed letter and is no kind of its own.
RECEIPT = "receipt.docx"


def _text(letter: bytes) -> str:
    document = Document(BytesIO(letter))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def _template(*lines: str) -> bytes:
    document, buffer = Document(), BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_every_kind_says_what_it_must_to_whom_it_must(kind: str) -> None:
    text = _text(render(kind, SHORTEST[kind]))
    assert LETTER_KINDS[kind].title in text
    institution = "湖北新冶钢职业培训学校（统一社会信用代码：52420200MJH1234567）："
    assert {"institution": institution, "panel": "评估专家组："}[LETTER_KINDS[kind].reader] in text
    assert "黄石市职业技能鉴定指导中心" in text
    assert "盖章" not in text  # nothing is printed where the seal goes
    assert "黄职鉴〔2026〕12号" in text
    assert "（联系人：王芳，电话：0714-6350000）" in text
    assert "2026年9月12日" in text
    assert "{{" not in text
    assert "{%" not in text


def _shipped(kind: str) -> bytes:
    return (Path(__file__).parents[3] / "tasks" / "letters" / "templates" / LETTER_KINDS[kind].template).read_bytes()


@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_a_template_asks_for_what_its_kind_says_and_for_nothing_else(kind: str) -> None:
    assert fields(_shipped(kind), kind) == LETTER_KINDS[kind].fields - NOT_PRINTED


@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_a_template_is_a_page_as_the_standard_for_official_documents_asks(kind: str) -> None:
    document = Document(BytesIO(_shipped(kind)))
    for section in document.sections:
        millimetres = [
            round(length.mm)
            for length in (
                *(section.page_width, section.page_height),
                *(section.top_margin, section.bottom_margin, section.left_margin, section.right_margin),
            )
        ]
        assert millimetres == [210, 297, 37, 35, 28, 26]
    assert document.core_properties.title == LETTER_KINDS[kind].title
    assert not document.core_properties.author
    with zipfile.ZipFile(BytesIO(_shipped(kind))) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(archive.read(name))


def test_every_template_is_of_a_kind() -> None:
    shipped = Path(__file__).parents[3] / "tasks" / "letters" / "templates"
    assert {path.name for path in shipped.iterdir()} == {kind.template for kind in LETTER_KINDS.values()} | {RECEIPT}


def test_a_field_misspelt_in_a_row_of_a_list_is_seen() -> None:
    template = _template("{% for item in items %}{{ item.occupation }}{% endfor %}", "{{ issued_on.year }}{{ isuer }}")
    assert fields(template, "x") == {"items", "items.occupation", "issued_on", "isuer"}


@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_the_same_letter_has_the_same_bytes_also_from_json(kind: str) -> None:
    content = LETTER_KINDS[kind].text.model_validate(SHORTEST[kind])
    from_database = json.loads(json.dumps(content.model_dump(mode="json")))
    letter = render(kind, SHORTEST[kind])
    assert letter == render(kind, from_database) == render(kind, content.model_dump())
    with zipfile.ZipFile(BytesIO(letter)) as archive:
        assert archive.namelist() == sorted(archive.namelist())
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_correction_lists_every_finding_how_to_mend_it_and_how_to_file_again() -> None:
    finding = SHORTEST["correction"]["findings"][0]
    missing = {**finding, "rule": "MAT-1", "table": "申报材料", "row": 0, "field": "信用证明", "value": ""}
    text = _text(render("correction", {**SHORTEST["correction"], "findings": [finding, missing] * 30}))
    assert "有下列60处" in text
    assert text.count("统一社会信用代码校验不通过（所填内容：52420200MJH1234567）") == 30
    assert text.count("申报材料“信用证明”") == text.count("基本信息第1行“统一社会信用代码”") == 30
    assert text.count("请按法人登记证书逐字核对后重新填写") == 60
    assert "请于2026年9月19日前（含当日，自发出之日起5个工作日内）一次补正，以原申报编号重新提交" in text
    assert "逾期不补正的，终止办理" in text
    assert all(title in text for title in ("序号", "位置", "问题", "依据", "更正办法"))


def test_a_correction_in_a_year_without_a_calendar_names_the_workdays_alone() -> None:
    text = _text(render("correction", {**SHORTEST["correction"], "due_on": None}))
    assert "请于自发出之日起5个工作日内一次补正" in text


def test_what_no_correction_mends_is_not_asked_to_be_mended() -> None:
    beyond = {**SHORTEST["correction"], "not_accepted": SHORTEST["non_acceptance"]["findings"], "findings": []}
    text = _text(render("correction", beyond))
    assert "下列内容无法通过补正办理，不予受理，请从申报中删除：" in text
    assert "更正办法" not in text


@pytest.mark.parametrize("kind", [code for code, kind in LETTER_KINDS.items() if kind.refuses])
def test_what_refuses_names_the_remedies_or_leaves_room_for_them(kind: str) -> None:
    assert "申请行政复议" in _text(render(kind, LONGEST[kind]))
    assert "不服本决定的，＿＿＿" in _text(render(kind, SHORTEST[kind]))


@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_a_letter_that_voids_an_earlier_one_names_it(kind: str) -> None:
    sentence = (
        "我方2026年10月20日发出的不予备案通知书（黄职鉴备〔2026〕7号）与本文书不一致的内容，自本文书发出之日起作废。"
    )
    assert sentence in _text(render(kind, LONGEST[kind]))
    assert "作废" not in _text(render(kind, SHORTEST[kind]))


def test_a_letter_to_an_applicant_who_left_out_the_name_is_still_a_letter() -> None:
    text = _text(render("correction", {**SHORTEST["correction"], "institution_name": "", "uscc": ""}))
    assert "申报单位：" in text


def test_an_acceptance_of_items_that_all_wait_sends_nothing_to_evaluation() -> None:
    text = _text(render("acceptance", {**LONGEST["acceptance"], "items": [], "commitments": []}))
    assert "转入专家评估" not in text
    assert "须经例外审批后办理；" in text
    assert "告知承诺" not in text


def test_an_adjustment_of_no_items_is_of_all() -> None:
    assert "你单位全部职业等级的备案资质" in _text(render("withdrawal", SHORTEST["withdrawal"]))
    assert "你单位下列职业等级的备案资质" in _text(render("suspension", SHORTEST["suspension"]))


def test_a_reinstatement_of_what_is_over_brings_nothing_back() -> None:
    over = _text(render("reinstatement", {**SHORTEST["reinstatement"], "is_over": True}))
    assert "解除对你单位下列职业等级备案资质的暂停" in over and "不因此恢复" in over
    assert "原有效期不变" not in over


@pytest.mark.parametrize(
    "hostile",
    [
        "<w:p>注入</w:p></w:t>",
        "{{ 7*7 }}{% for x in y %}",
        "{_{ application_no }_}{_% endif %_}",
        "&lt;&amp;&#0;",
        "=cmd|'/c calc'!A0",
        "学校\u202e章印",
        "a\x00\x0b\x1f\t\r\nb\a\f",
        "\"'“”‘’",
        "👩\u200d🔧机构",
        "شركة التدريب",
        "长" * 300,
        "W" * 300,
        "孤\ud800",
    ],
)
def test_hostile_text_is_shown_as_text(hostile: str) -> None:
    content = {
        **SHORTEST["refusal"],
        "institution_name": hostile,
        "items": [{**SHORTEST["refusal"]["items"][0], "reason": hostile}],
    }
    letter = render("refusal", content)
    assert letter == render("refusal", content)
    assert _text(letter).count(visible(hostile)) == 2


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=40))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    content = {**SHORTEST["refusal"], "items": [{**SHORTEST["refusal"]["items"][0], "reason": text}]}
    cells = [cell.text for row in Document(BytesIO(render("refusal", content))).tables[0].rows for cell in row.cells]
    assert cells[-2] == visible(text)


@pytest.mark.parametrize(
    ("kind", "content", "sentence"),
    [
        ("greeting", {}, "'greeting' is no kind of letter: write one of correction"),
        ("refusal", {**SHORTEST["refusal"], "items": []}, "'refusal' cannot be written: items"),
        ("filing", {**SHORTEST["filing"], "issued_on": "soon"}, "'filing' cannot be written: issued_on"),
        ("filing", {**SHORTEST["filing"], "id_number": "1"}, "'filing' cannot be written: id_number"),
    ],
)
def test_a_letter_that_says_too_little_or_too_much_is_refused(
    kind: str, content: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UnknownLetterError) as refused:
        render(kind, content)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_template_edited_by_a_clerk_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "filing.docx").write_bytes(_template("本中心新写的一句，{{ application_no }}。"))
    assert "本中心新写的一句，HS202609-0012。" in _text(render("filing", SHORTEST["filing"], tmp_path))
    assert "不予备案" in _text(render("refusal", SHORTEST["refusal"], tmp_path))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{{ instituton_name }}", "'instituton_name' is undefined"),
        ("{% if items %}", "cannot be filled"),
        ("{{ issuer.__class__.__mro__ }}", "cannot be filled"),
    ],
)
def test_a_template_spoilt_in_word_is_named(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "filing.docx").write_bytes(_template(line))
    with pytest.raises(UnusableTemplateError) as refused:
        render("filing", SHORTEST["filing"], tmp_path)
    assert sentence in str(refused.value)
    assert "filing.docx" in str(refused.value)


def _empty_archive() -> bytes:
    buffer = BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"not a zip", _empty_archive()])
def test_a_template_that_is_no_word_file_is_named(content: bytes) -> None:
    with pytest.raises(UnusableTemplateError, match=r"filing\.docx is not a Word file"):
        fill(content, {}, "filing.docx")


def test_packing_twice_changes_nothing() -> None:
    letter = render("filing", SHORTEST["filing"])
    assert packed(letter) == letter
