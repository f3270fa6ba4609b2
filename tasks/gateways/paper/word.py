"""Word files from templates: what a template asks for, and the template filled with it.

A template is edited by hand in Word: it may neither reach into the program nor leave a misspelt field blank.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from schemas.errors import FilingError
from tasks.gateways.paper.compiled import CompiledTemplate, compiled
from tasks.gateways.paper.packing import packed
from tasks.gateways.paper.visible_text import visible


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
    return _Environment(autoescape=True, undefined=StrictUndefined, finalize=_printed)


def _printed(value: object) -> Markup:
    if value is None:
        return Markup("")
    if isinstance(value, date):
        return Markup(f"{value.year}年{value.month}月{value.day}日")  # noqa: S704  digits only
    text = escape(visible(str(value)))
    # docxtpl rewrites `{_{` in what it has filled in
    return Markup(str(text).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704  escaped above
