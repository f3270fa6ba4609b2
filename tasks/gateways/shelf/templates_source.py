"""Lays out the first Word templates of an edition; shipped, they are edited in Word: run this only to start over.

`python -m tasks.gateways.shelf.templates_source` writes the files of `templates/` anew.
Page, type sizes and the place of signature and date follow GB/T 9704-2012.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from tasks.gateways.paper.packing import packed

_SONG, _FANGSONG, _HEI, _LATIN = "宋体", "仿宋", "黑体", "Times New Roman"
_TITLE, _BODY, _FOOT, _CELL = Pt(22), Pt(16), Pt(14), Pt(10.5)
_LINE: dict[Length, Length] = {_TITLE: Pt(34), _BODY: Pt(28), _FOOT: Pt(24), _CELL: Pt(16)}
_LEFT, _CENTRE, _RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
_STAMP = datetime(2021, 2, 2)

#: The document number is the office's to give; underscores show where it goes.
_NUMBER = "＿＿＿＿〔{{ as_of.year }}〕＿＿号"

#: Header, width in millimetres, content of the repeated cell, centred.
Column = tuple[str, float, str, bool]

_BY_TYPE: list[Column] = [
    ("机构类型", 60, "{{ line.title }}", True),
    ("机构数（家）", 45, "{{ line.institutions }}", True),
    ("备案职业（工种）数", 45, "{{ line.occupations }}", True),
]
_COUNTS: list[Column] = [("变更类型", 60, "{{ line.title }}", True), ("数量（项）", 45, "{{ line.count }}", True)]
_ANNEX: list[Column] = [
    ("序号", 13, "{% vm %}{{ one.number }}", True),
    ("机构名称", 54, "{% vm %}{{ one.name }}", False),
    ("机构类型", 27, "{% vm %}{{ one.type }}", True),
    ("统一社会信用代码", 51, "{% vm %}{{ one.uscc }}", True),
    ("职业（工种）", 40, "{{ row.occupation }}", False),
    ("等级", 40, "{{ row.levels }}", True),
    ("有效期至", 28, "{{ row.valid_until }}", True),
]

_NOTICE: list[Column] = [
    ("序号", 13, "{% vm %}{{ one.number }}", True),
    ("机构名称", 58, "{% vm %}{{ one.name }}", False),
    ("机构类型", 27, "{% vm %}{{ one.type }}", True),
    ("统一社会信用代码", 51, "{% vm %}{{ one.uscc }}", True),
    ("申报类型", 22, "{% vm %}{{ one.kind }}", True),
    ("职业（工种）", 44, "{{ row.occupation }}", False),
    ("等级", 38, "{{ row.levels }}", True),
]


def announcement() -> bytes:
    """The template of `announcement.docx` (公告), its annex on landscape pages."""
    document = _document("公告")
    _paragraph(document, "{{ issuer }}", _TITLE, _SONG, align=_CENTRE, bold=True)
    for line in ("关于公布职业技能等级认定", "评价机构备案目录的公告"):
        _paragraph(document, line, _TITLE, _SONG, align=_CENTRE, bold=True)
    _paragraph(document, _NUMBER, _BODY, align=_CENTRE).paragraph_format.space_after = Pt(12)
    _text(
        document,
        "根据{{ document }}的规定，现将截至{{ as_of }}备案有效的职业技能等级认定评价机构目录"
        "（{{ edition }}版）予以公布。"
        "有效期届满未换证的，自届满次日起不再列入目录。",
    )
    _heading(document, "一、备案机构")
    _text(
        document, "目录共收录评价机构 {{ institutions }} 家、备案职业（工种）{{ occupations }} 个，按机构类型分列如下："
    )
    _table(document, _BY_TYPE, ["line in by_type"])
    _heading(document, "二、本版变更")
    _text(document, "{{ changed }}")
    _text(document, "附件：评价机构备案目录（{{ edition }}版）").paragraph_format.keep_with_next = True
    _signature(document)
    _annex(document)
    return _bytes(document)


def cover_letter() -> bytes:
    """The template of the letter that goes with a report to the province (报送函)."""
    document = _document("报送函")
    _paragraph(document, "{{ issuer }}", _TITLE, _SONG, align=_CENTRE, bold=True)
    _paragraph(document, "关于报送评价机构备案情况的函", _TITLE, _SONG, align=_CENTRE, bold=True)
    _paragraph(document, _NUMBER, _BODY, align=_CENTRE).paragraph_format.space_after = Pt(12)
    _paragraph(document, "省职业技能鉴定中心：", _BODY)
    _text(
        document,
        "根据{{ document }}的规定，现将{{ city }} {{ cycle }} 批次备案情况"
        "（目录 {{ edition }} 版，截至{{ as_of }}）报送你中心。"
        "目录上版 {{ before }} 项，本版 {{ occupations }} 项，涉及评价机构 {{ institutions }} 家，变更如下：",
    )
    _table(document, _COUNTS, ["line in counts"])
    _paragraph(document, "{%p if awaiting %}", _BODY)
    _text(
        document,
        "其中 {{ awaiting }} 家机构尚无机构编码，名单见附件 1“待核发机构编码”表，请核发后填入该表返回。",
    )
    _paragraph(document, "{%p endif %}", _BODY)
    _text(document, "附件：1. 备案情况表（report.xlsx）")
    _paragraph(document, "2. 备案情况数据（report.json）", _BODY, indent=Pt(80))
    _signature(document)
    return _bytes(document)


def public_notice() -> bytes:
    """The template of `notice.docx` (公示), its list on landscape pages."""
    document = _document("公示")
    _paragraph(document, "{{ issuer }}", _TITLE, _SONG, align=_CENTRE, bold=True)
    for line in ("关于拟备案职业技能等级认定", "评价机构的公示"):
        _paragraph(document, line, _TITLE, _SONG, align=_CENTRE, bold=True)
    _paragraph(document, _NUMBER, _BODY, align=_CENTRE).paragraph_format.space_after = Pt(12)
    _text(
        document,
        "根据{{ document }}的规定，经申报、初审和专家评估，拟对 {{ institutions }} 家评价机构的 {{ occupations }} 个"
        "职业（工种）予以备案，现予公示（{{ notice }}）。",
    )
    _text(document, "公示期为 {{ workdays }} 个工作日，自{{ as_of }}起至{{ ends_on }}止。")
    _text(
        document,
        "对公示内容有异议的，请在公示期内向我中心书面反映，说明事实和依据，并留下姓名（名称）和联系方式。"
        "公示期满无异议的，予以备案并列入目录。",
    )
    _text(document, "附件：拟备案评价机构名单").paragraph_format.keep_with_next = True
    _signature(document)
    _landscape(document)
    _paragraph(document, "附件", _BODY, _HEI)
    _paragraph(document, "拟备案评价机构名单", _TITLE, _SONG, align=_CENTRE, bold=True)
    _table(document, _NOTICE, ["one in annex", "row in one.rows"])
    return _bytes(document)


def _annex(document: DocumentType) -> None:
    _landscape(document)
    _paragraph(document, "附件", _BODY, _HEI)
    _paragraph(document, "{{ title }}", _TITLE, _SONG, align=_CENTRE, bold=True)
    _paragraph(document, "（{{ edition }}版，截至{{ as_of }}）", _FOOT, align=_CENTRE)
    _paragraph(document, "{%p if annex %}", _CELL)
    _table(document, _ANNEX, ["one in annex", "row in one.rows"])
    _paragraph(document, "{%p else %}", _CELL)
    _text(document, "{{ instead_of_annex }}")
    _paragraph(document, "{%p endif %}", _CELL)


def _landscape(document: DocumentType) -> None:
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(24)


def _document(title: str) -> DocumentType:
    document = Document()
    for rels in (document.part.rels, document.part.package.rels):
        # the library's blank document carries a thumbnail and a second copy of its styles
        for key, relation in list(rels.items()):
            if relation.reltype.rsplit("/", 1)[-1] in {"thumbnail", "customXml", "stylesWithEffects"}:
                rels.pop(key)
    defaults = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    # where the named fonts are missing, the language decides which forms of the characters are drawn
    defaults.find(qn("w:lang")).set(qn("w:eastAsia"), "zh-CN")
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    properties = document.core_properties
    properties.title, properties.author, properties.comments, properties.language = title, "", "", "zh-CN"
    properties.created = properties.modified = _STAMP
    _page_number(section.footer.paragraphs[0])
    return document


def _page_number(paragraph: Paragraph) -> None:
    _format(paragraph, _FOOT, _CENTRE)
    _type(paragraph.add_run("— "), _SONG, _FOOT)
    for tag, attribute, text in (("w:fldChar", "begin", ""), ("w:instrText", "", "PAGE"), ("w:fldChar", "end", "")):
        run = paragraph.add_run()
        _type(run, _SONG, _FOOT)
        element = OxmlElement(tag)
        if attribute:
            element.set(qn("w:fldCharType"), attribute)
        else:
            element.text = text
        run._r.append(element)
    _type(paragraph.add_run(" —"), _SONG, _FOOT)


def _paragraph(
    document: DocumentType,
    text: str,
    size: Length,
    font: str = _FANGSONG,
    *,
    align: WD_ALIGN_PARAGRAPH = _LEFT,
    indent: Length | None = None,
    bold: bool = False,
) -> Paragraph:
    paragraph = document.add_paragraph()
    _format(paragraph, size, align)
    paragraph.paragraph_format.first_line_indent = indent
    _type(paragraph.add_run(text), font, size, bold=bold)
    return paragraph


def _text(document: DocumentType, text: str) -> Paragraph:
    return _paragraph(document, text, _BODY, indent=Pt(32))


def _heading(document: DocumentType, text: str) -> None:
    _paragraph(document, text, _BODY, _HEI, indent=Pt(32)).paragraph_format.keep_with_next = True


def _signature(document: DocumentType) -> None:
    # room for the seal, which is set over name and date
    for text, indent in (("", Pt(0)), ("{{ issuer }}（盖章）", Pt(16)), ("{{ as_of }}", Pt(64))):
        paragraph = _paragraph(document, text, _BODY, align=_RIGHT)
        paragraph.paragraph_format.right_indent = indent
        paragraph.paragraph_format.keep_with_next = True


def _format(paragraph: Paragraph, size: Length, align: WD_ALIGN_PARAGRAPH) -> None:
    layout = paragraph.paragraph_format
    layout.alignment, layout.line_spacing_rule, layout.line_spacing = align, WD_LINE_SPACING.EXACTLY, _LINE[size]
    layout.space_before = layout.space_after = Pt(0)


def _type(run: Run, font: str, size: Length, *, bold: bool = False) -> None:
    run.font.name, run.font.size, run.font.bold = _LATIN, size, bold
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _table(document: DocumentType, columns: Sequence[Column], loops: Sequence[str]) -> None:
    document.paragraphs[-1].paragraph_format.space_after = Pt(6)
    # a block of rows that share their first cells stays on one page: all but its last row keep to the next
    kept = ["{%tr if not loop.last %}", "", "{%tr else %}", "", "{%tr endif %}"] if len(loops) > 1 else [""]
    said = ["", *(f"{{%tr for {loop} %}}" for loop in loops), *kept, *("{%tr endfor %}" for _ in loops)]
    table = document.add_table(rows=len(said), cols=len(columns), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for row, told in zip(table.rows, said, strict=True):
        row.cells[0].text = told
    header, *lines = [row for row, told in zip(table.rows, said, strict=True) if not told]
    header._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for line in lines:
        line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for place, (title, width, text, centred) in enumerate(columns):
        _widen(table, place, Mm(width))
        _cell(header.cells[place], title, _HEI, centred=True)
        for line in lines:
            _cell(line.cells[place], text, _FANGSONG, centred=centred)
            line.cells[place].paragraphs[0].paragraph_format.keep_with_next = len(lines) > 1 and line is lines[0]


def _widen(table: Table, place: int, width: Length) -> None:
    table.columns[place].width = width
    for row in table.rows:
        row.cells[place].width = width


def _cell(cell: _Cell, text: str, font: str, *, centred: bool) -> None:
    _format(cell.paragraphs[0], _CELL, _CENTRE if centred else _LEFT)
    cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
    _type(cell.paragraphs[0].add_run(text), font, _CELL)


def _bytes(document: DocumentType) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return packed(buffer.getvalue())


def main() -> None:
    """Write the templates."""
    folder = Path(__file__).parent / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "announcement.docx").write_bytes(announcement())
    (folder / "cover_letter.docx").write_bytes(cover_letter())
    (folder / "notice.docx").write_bytes(public_notice())


if __name__ == "__main__":
    main()
