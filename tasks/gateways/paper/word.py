"""Word files from templates: what a template asks for, and the template filled with it.

A template is edited by hand in Word: it may neither reach into the program nor leave a misspelt field blank.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from html import escape
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from docx.opc.constants import CONTENT_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import Environment, StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree
from markupsafe import Markup

from schemas.errors import FilingError
from tasks.gateways.paper.packing import Packed, joined, pack, packed
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.paper.written_xml import MARKED, as_written

_BODY: Final = "word/document.xml"
_MARK: Final = re.compile(r"\{[{%#]|[}%#]\}")
#: What docxtpl does besides: it numbers pictures, and reads braces that are written apart.
_MORE: Final = re.compile(r"docPr|\{_[{%]|[}%]_\}")
_PARSER: Final = etree.XMLParser(recover=True, resolve_entities=False)  # as docxtpl has it
_RENDERED_TOO: Final = (CONTENT_TYPE.WML_HEADER, CONTENT_TYPE.WML_FOOTER, CONTENT_TYPE.WML_FOOTNOTES)


@dataclass(frozen=True)
class CompiledTemplate:
    """A template's body as a compiled template, what it does to the text filled in, and its other parts packed."""

    body: Template
    settled: Callable[[str], str]
    others: Mapping[str, Packed]

    def fill(self, context: Mapping[str, Any]) -> bytes:
        """The document as bytes: those docxtpl would make of the same template and values."""
        text = self.settled(self.body.render(dict(context)))
        return joined({**self.others, _BODY: pack(text.encode())})


def compiled(document: DocxTemplate, environment: Environment) -> CompiledTemplate | None:
    """A template ready to be filled many times; None where it uses more of docxtpl than this can."""
    source = document.patch_xml(document.xml_to_string(document.docx.element))
    if _MORE.search(source) or _marked_elsewhere(document) or not _tables_are_even(source):
        return None
    body = as_written(source)
    if body is None:
        return None
    document.render_properties({}, environment)  # writes them down even where they have no fields
    saved = BytesIO()
    document.docx.save(saved)
    with ZipFile(saved) as parts:
        others = {name: pack(parts.read(name)) for name in parts.namelist() if name != _BODY}
    template = _plain_environment().from_string(body.source)
    # jinja asks a chain of dictionaries for each of its names in every letter
    template.globals = dict(template.globals)
    return CompiledTemplate(template, body.settled, others)


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
    tree = etree.fromstring(MARKED.sub("", source).encode(), _PARSER)
    for table in tree.iter(f"{w}tbl"):
        columns = len(table.findall(f"{w}tblGrid/{w}gridCol"))
        if any(_width(row, w) != columns for row in table.iter(f"{w}tr")):
            return False
    return True


def _width(row: Any, w: str) -> int:
    """How many columns a row takes; 0 where the values say how many."""
    spans = [cell.find(f"{w}tcPr/{w}gridSpan") for cell in row.findall(f"{w}tc")]
    widths = ["1" if span is None else str(span.get(f"{w}val")) for span in spans]
    return sum(map(int, widths)) if all(map(str.isdecimal, widths)) else 0


class UnusableTemplateError(FilingError, ValueError):
    """A template that Word or the template language cannot make sense of, named with what to mend."""


def fill(template: bytes, context: Mapping[str, Any], name: str) -> bytes:
    """A docx template filled with values; text from outside stays text, dates are written 2026年9月10日.

    `name` names the template in the error. The same template and values give the same bytes. Raises
    UnusableTemplateError.
    """
    try:
        if (ready := _ready(template, name)) is not None:
            return ready.fill(context)
        document = _opened(template, name)
        document.render(dict(context), _environment())
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as wrong:
        if isinstance(wrong, UnusableTemplateError):
            raise
        raise UnusableTemplateError(f"the template {name} cannot be filled: {wrong}; mend it in Word") from wrong
    buffer = BytesIO()
    document.save(buffer)
    return packed(buffer.getvalue())


@lru_cache(maxsize=64)
def _ready(template: bytes, name: str) -> CompiledTemplate | None:
    return compiled(_opened(template, name), _environment())


def fields(template: bytes, name: str) -> frozenset[str]:
    """The fields a template asks for; those of a list's rows with the list in front, as `findings.problem`.

    Raises UnusableTemplateError.
    """
    document = _opened(template, name)
    try:
        tree = _environment().parse(document.patch_xml(document.get_xml()))
    except TemplateError as wrong:
        raise UnusableTemplateError(f"the template {name} cannot be filled: {wrong}; mend it in Word") from wrong
    return frozenset(_asked(tree, {"loop": ""})) - {""}


def _asked(node: nodes.Node, rows: Mapping[str, str]) -> Iterator[str]:
    """Fields named in a part of a template; `rows`: names of loops' rows to the list they run over."""
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
        yield from _asked(node.iter, rows)
        inner = {**rows, node.target.name: _dotted(node.iter, rows)}
        for part in (*node.body, *node.else_):
            yield from _asked(part, inner)
    elif isinstance(node, nodes.Name | nodes.Getattr):
        yield _dotted(node, rows)
    else:
        for part in node.iter_child_nodes():
            yield from _asked(part, rows)


def _dotted(node: nodes.Node, rows: Mapping[str, str]) -> str:
    if isinstance(node, nodes.Name):
        return rows.get(node.name, node.name)
    if not isinstance(node, nodes.Getattr):
        return ""
    owner = _dotted(node.node, rows)
    of_a_row = owner in rows.values() and owner
    return f"{owner}.{node.attr}" if of_a_row else owner  # `as_of.year` asks for `as_of`


def _opened(template: bytes, name: str) -> DocxTemplate:
    document = DocxTemplate(BytesIO(template))
    try:
        document.init_docx()
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError) as wrong:
        raise UnusableTemplateError(f"the template {name} is not a Word file (.docx): replace it") from wrong
    return document


class _Environment(SandboxedEnvironment):
    """Compiles each part of a template once; a city sends hundreds of letters from one template."""

    def from_string(self, source: Any, *args: Any, **kwargs: Any) -> Template:
        return _compiled(self, source)


@lru_cache(maxsize=256)
def _compiled(environment: SandboxedEnvironment, source: str) -> Template:
    return SandboxedEnvironment.from_string(environment, source)


@cache
def _environment() -> SandboxedEnvironment:
    """For docxtpl, which rewrites `{_{` in what it has filled in."""
    return _Environment(autoescape=True, undefined=StrictUndefined, finalize=_printed)


@cache
def _plain_environment() -> SandboxedEnvironment:
    """For templates that are filled without docxtpl."""
    return _Environment(autoescape=True, undefined=StrictUndefined, finalize=_written)


def _printed(value: object) -> Markup:
    text = str(_written(value))
    return Markup(text.replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704  escaped there


def _written(value: object) -> Markup:
    """A value as it stands in the text of an element, signs of XML escaped as lxml escapes them."""
    if value is None:
        return Markup("")
    if isinstance(value, date):
        return Markup(f"{value.year}年{value.month}月{value.day}日")  # noqa: S704  digits only
    return Markup(escape(visible(str(value)), quote=False))  # noqa: S704  escaped
