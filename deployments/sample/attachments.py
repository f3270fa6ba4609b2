"""Small real files to lie beside made forms."""

from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_CREATED = (2021, 2, 2, 0, 0, 0)  # the same input gives the same bytes


def document(title: str, *lines: str) -> bytes:
    """A Word document (ECMA-376) of a centred title and some lines of text."""
    head = f'<w:p><w:pPr><w:jc w:val="center"/></w:pPr>{_run(title, bold=True)}</w:p>'
    body = head + "".join(f"<w:p>{_run(line)}</w:p>" for line in lines)
    kinds = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    main = f'<Override PartName="/word/document.xml" ContentType="{_DOCUMENT}"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{kinds}{main}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORDS}"><w:body>{body}</w:body></w:document>',
    }
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(ZipInfo(name, _CREATED), (_DECLARATION + text).encode(), ZIP_DEFLATED)
    return content.getvalue()


def _run(text: str, *, bold: bool = False) -> str:
    look = '<w:b/><w:sz w:val="36"/>' if bold else '<w:sz w:val="28"/>'
    fonts = '<w:rFonts w:ascii="宋体" w:eastAsia="宋体" w:hAnsi="宋体"/>'
    return f"<w:r><w:rPr>{fonts}{look}</w:rPr><w:t>{escape(text)}</w:t></w:r>"
