"""Lays out the first Word templates of the letters; once shipped they are edited in Word, this only starts over.

`python -m tasks.letters.templates_source` writes every file of `tasks/letters/templates/` anew.
Page, type sizes and the place of signature and date follow GB/T 9704-2012.
"""

from datetime import datetime
from io import BytesIO
from pathlib import Path

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.table import Table as WordTable
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from schemas.notice import LETTER_KINDS
from tasks.gateways.paper.packing import packed
from tasks.letters.wording import LETTERS, Letter, Table

# Word's fonts by their English names: programs without them find better stand-ins so
_BODY, _HEADING, _TITLE, _LATIN = "FangSong", "SimHei", "SimSun", "Times New Roman"
_TITLE_SIZE, _BODY_SIZE, _SMALL_SIZE, _TABLE_SIZE = Pt(22), Pt(16), Pt(14), Pt(10.5)
_LINE: dict[Length, Length] = {_TITLE_SIZE: Pt(34), _BODY_SIZE: Pt(28), _SMALL_SIZE: Pt(24), _TABLE_SIZE: Pt(16)}
# an application may be returned for the very want of a name
_ADDRESSEE = "{{ institution_name or '申报单位' }}{% if uscc %}（统一社会信用代码：{{ uscc }}）{% endif %}："
_STYLES = {"TableGrid", "Header", "HeaderChar", "Footer", "FooterChar"}
_STAMP = datetime(2021, 2, 2)


def build(letter: Letter, title: str) -> bytes:
    """One template as docx bytes; the same wording gives the same bytes."""
    document = _page(title)
    for text, after in (("职业技能等级认定评价机构备案", Pt(0)), (title, Pt(8))):
        heading = _paragraph(document, text, size=_TITLE_SIZE, font=_TITLE, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        heading.paragraph_format.space_after = after
    number = _paragraph(document, "编号：{{ letter_no or '_' * 16 }}", size=_SMALL_SIZE, align=WD_ALIGN_PARAGRAPH.RIGHT)
    number.paragraph_format.space_after = Pt(8)
    _paragraph(document, _ADDRESSEE).paragraph_format.keep_with_next = True
    _blocks(document, letter)
    _signature(document)
    buffer = BytesIO()
    document.save(buffer)
    return packed(buffer.getvalue())


def _blocks(document: DocumentType, letter: Letter) -> None:
    after_table = False
    closing = letter[-2:]
    for block in letter:
        if isinstance(block, Table):
            _table(document, block)
            after_table = True
            continue
        paragraph = _paragraph(document, block, indent=Pt(32))
        # a table's introduction stays with it; name and date never stand alone on a page
        paragraph.paragraph_format.keep_with_next = block.endswith("：") or block in closing
        if after_table and not block.startswith("{%p"):
            paragraph.paragraph_format.space_before = Pt(8)
            after_table = False


def _page(title: str) -> DocumentType:
    document = Document()
    _drop_ballast(document)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    _language(document)
    properties = document.core_properties
    properties.title, properties.author, properties.comments, properties.language = title, "", "", "zh-CN"
    properties.created = properties.modified = _STAMP
    footer = section.footer.paragraphs[0]
    _format(footer, size=_SMALL_SIZE, align=WD_ALIGN_PARAGRAPH.CENTER)
    for part in ("— ", "begin", "PAGE", "end", " —"):
        _footer_part(footer, part)
    return document


def _drop_ballast(document: DocumentType) -> None:
    # the library's blank document carries a thumbnail, a second copy of its styles and a hundred styles for tables
    for style in list(document.styles.element.iterchildren(qn("w:style"))):
        if style.get(qn("w:default")) is None and style.get(qn("w:styleId")) not in _STYLES:
            document.styles.element.remove(style)
    for rels in (document.part.rels, document.part.package.rels):
        for key, relation in list(rels.items()):
            if relation.reltype.rsplit("/", 1)[-1] in {"thumbnail", "customXml", "stylesWithEffects"}:
                rels.pop(key)


def _language(document: DocumentType) -> None:
    # where the fonts named here are missing, the language decides which forms of the characters are drawn
    defaults = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    language = defaults.find(qn("w:lang"))
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")


def _footer_part(paragraph: Paragraph, part: str) -> None:
    run = paragraph.add_run()
    _type(run, _TITLE, _SMALL_SIZE, bold=False)
    if part in {"begin", "end"}:
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), part)
        run._r.append(mark)
    elif part == "PAGE":
        instruction = OxmlElement("w:instrText")
        instruction.text = part
        run._r.append(instruction)
    else:
        run.text = part


def _paragraph(
    place: DocumentType,
    text: str,
    *,
    size: Length = _BODY_SIZE,
    font: str = _BODY,
    bold: bool = False,
    indent: Length | None = None,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT,
) -> Paragraph:
    paragraph = place.add_paragraph()
    _format(paragraph, size=size, align=align)
    paragraph.paragraph_format.first_line_indent = indent
    _type(paragraph.add_run(text), font, size, bold=bold)
    return paragraph


def _format(paragraph: Paragraph, *, size: Length, align: WD_ALIGN_PARAGRAPH) -> None:
    layout = paragraph.paragraph_format
    layout.alignment = align
    layout.space_before = layout.space_after = Pt(0)
    layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    layout.line_spacing = _LINE[size]


def _type(run: Run, font: str, size: Length, *, bold: bool) -> None:
    run.font.name, run.font.size, run.font.bold = _LATIN, size, bold
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _table(document: DocumentType, block: Table) -> None:
    table = document.add_table(rows=4, cols=len(block.columns), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _padding(table)
    header, opening, line, closing = table.rows
    _repeat(header)
    opening.cells[0].text = f"{{%tr for {block.each} %}}"
    closing.cells[0].text = "{%tr endfor %}"
    for index, column in enumerate(block.columns):
        for row in table.rows:
            row.cells[index].width = Mm(column.width)
        table.columns[index].width = Mm(column.width)
        _cell(header.cells[index], column.title, font=_HEADING, centred=True)
        _cell(line.cells[index], column.cell, font=_BODY, centred=column.centred)


def _cell(cell: _Cell, text: str, *, font: str, centred: bool) -> None:
    paragraph = cell.paragraphs[0]
    _format(paragraph, size=_TABLE_SIZE, align=WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.LEFT)
    cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
    _type(paragraph.add_run(text), font, _TABLE_SIZE, bold=False)


def _padding(table: WordTable) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side, twips in (("top", "40"), ("left", "85"), ("bottom", "40"), ("right", "85")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), twips)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    look.addprevious(margins)


def _repeat(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _signature(document: DocumentType) -> None:
    # room for the seal, which is set over name and date
    lines = (
        ("", Pt(0)),
        ("{{ issuer }}（盖章）", Pt(16)),
        ("{{ issued_on }}", Pt(64)),
    )
    for text, indent in lines:
        paragraph = _paragraph(document, text, align=WD_ALIGN_PARAGRAPH.RIGHT)
        paragraph.paragraph_format.right_indent = indent
        paragraph.paragraph_format.keep_with_next = True
    _paragraph(document, "{%p if contact %}")
    _paragraph(document, "（联系方式：{{ contact }}）", indent=Pt(32))
    _paragraph(document, "{%p endif %}")


def main() -> None:
    """Write all templates."""
    folder = Path(__file__).parent / "templates"
    folder.mkdir(exist_ok=True)
    for code, kind in LETTER_KINDS.items():
        (folder / kind.template).write_bytes(build(LETTERS[code], kind.title))


if __name__ == "__main__":
    main()
