"""Word templates compiled once and filled many times.

docxtpl copies and parses a template for every document. What its templates become is the same text each time but for
the body, so the body is compiled, and the other parts are packed, once a template. A template that uses more of docxtpl
than fields, rows and paragraphs is left to it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

from docx.opc.constants import CONTENT_TYPE
from docxtpl import DocxTemplate
from jinja2 import Environment, Template
from lxml import etree

from tasks.gateways.paper.packing import Packed, joined, pack

_BODY: Final = "word/document.xml"
_MARK: Final = re.compile(r"\{[{%#]|[}%#]\}")
_MARKED: Final = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
#: What docxtpl does besides: it numbers pictures, and reads braces that are written apart.
_MORE: Final = re.compile(r"docPr|\{_[{%]|[}%]_\}")
_PARSER: Final = etree.XMLParser(recover=True, resolve_entities=False)  # as docxtpl has it
_RENDERED_TOO: Final = (CONTENT_TYPE.WML_HEADER, CONTENT_TYPE.WML_FOOTER, CONTENT_TYPE.WML_FOOTNOTES)


@dataclass(frozen=True)
class CompiledTemplate:
    """A template's body as a compiled template, and its other parts packed."""

    body: Template
    others: Mapping[str, Packed]

    def fill(self, context: Mapping[str, Any]) -> bytes:
        """The document as bytes: those docxtpl would make of the same template and values."""
        text = self.body.render(dict(context))
        tree = etree.fromstring(text.encode(), _PARSER)
        written = etree.tostring(tree, encoding="UTF-8", standalone=True)
        return joined({**self.others, _BODY: pack(written)})


def compiled(document: DocxTemplate, environment: Environment) -> CompiledTemplate | None:
    """A template ready to be filled many times; None where it uses more of docxtpl than this can."""
    source = document.patch_xml(document.xml_to_string(document.docx.element))
    if _MORE.search(source) or _marked_elsewhere(document) or not _tables_are_even(source):
        return None
    document.render_properties({}, environment)  # writes them down even where they have no fields
    saved = BytesIO()
    document.docx.save(saved)
    with ZipFile(saved) as parts:
        others = {name: pack(parts.read(name)) for name in parts.namelist() if name != _BODY}
    return CompiledTemplate(environment.from_string(source), others)


def _marked_elsewhere(document: DocxTemplate) -> bool:
    """Whether headers, footers, footnotes or the file's properties have fields."""
    properties = document.docx.core_properties
    texts = [properties.author, properties.comments, properties.identifier, properties.language]
    texts += [properties.subject, properties.title]
    parts = document.docx.part.package.iter_parts()
    texts += [part.blob.decode("utf-8", "replace") for part in parts if part.content_type in _RENDERED_TOO]
    return any(_MARK.search(text or "") for text in texts)


def _tables_are_even(source: str) -> bool:
    """Whether every row has a cell for each column of its table: docxtpl mends tables that have not."""
    w = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    tree = etree.fromstring(_MARKED.sub("", source).encode(), _PARSER)
    for table in tree.iter(f"{w}tbl"):
        columns = len(table.findall(f"{w}tblGrid/{w}gridCol"))
        if any(_width(row, w) != columns for row in table.iter(f"{w}tr")):
            return False
    return True


def _width(row: Any, w: str) -> int:
    """How many columns a row takes; 0 where the values say how many."""
    spans = [cell.find(f"{w}tcPr/{w}gridSpan") for cell in row.findall(f"{w}tc")]
    taken = ["1" if span is None else str(span.get(f"{w}val")) for span in spans]
    return sum(map(int, taken)) if all(map(str.isdecimal, taken)) else 0
