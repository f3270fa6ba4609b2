"""Letters as Word files: what a letter says, set into its template; what is said to whom is decided elsewhere."""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape
from pydantic import ValidationError

from schemas.notice import LETTER_KINDS, LetterKind
from tasks.gateways.paper.packing import packed
from tasks.gateways.paper.visible_text import visible


class UnusableTemplateError(ValueError):
    """A template that Word or the template language cannot make sense of, named with what to mend."""


class UnknownLetterError(ValueError):
    """A letter of no known kind, or one that does not say what its kind must."""


def render(kind: str, content: Mapping[str, Any], templates: Path | None = None) -> bytes:
    """One letter as docx bytes; the same content and template give the same bytes.

    `content` is what the kind's model in `schemas.notice` says, as it is or from JSON. A template of that kind in the
    folder `templates` is used in place of the shipped one. Raises UnknownLetterError or UnusableTemplateError.
    """
    letter = LETTER_KINDS.get(kind)
    if letter is None:
        raise UnknownLetterError(f"'{kind}' is no kind of letter: write one of {', '.join(LETTER_KINDS)}")
    try:
        said = letter.text.model_validate(dict(content))
    except ValidationError as refused:
        first = refused.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UnknownLetterError(f"the letter '{kind}' cannot be written: {field}: {first['msg']}") from refused
    name, source = _template(letter, templates)
    return fill(source, said.model_dump(), name)


def fill(template: bytes, context: Mapping[str, Any], name: str) -> bytes:
    """A docx template filled with values; text from outside stays text, dates are written 2026年9月10日.

    `name` names the template in the error. Raises UnusableTemplateError.
    """
    document = DocxTemplate(BytesIO(template))
    try:
        document.init_docx()
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError) as wrong:
        raise UnusableTemplateError(f"the template {name} is not a Word file (.docx): replace it") from wrong
    try:
        document.render(dict(context), _environment())
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as wrong:
        raise UnusableTemplateError(f"the template {name} cannot be filled: {wrong}; mend it in Word") from wrong
    buffer = BytesIO()
    document.save(buffer)
    return packed(buffer.getvalue())


def _template(letter: LetterKind, own: Path | None) -> tuple[str, bytes]:
    if own is not None and (own / letter.template).is_file():
        return str(own / letter.template), (own / letter.template).read_bytes()
    shipped = files("tasks.letters") / "templates" / letter.template
    return letter.template, shipped.read_bytes()


class _Environment(SandboxedEnvironment):
    """Compiles each part of a template once; a city sends hundreds of letters from one template."""

    def from_string(self, source: Any, *args: Any, **kwargs: Any) -> Template:
        return _compiled(self, source)


@lru_cache(maxsize=256)
def _compiled(environment: SandboxedEnvironment, source: str) -> Template:
    return SandboxedEnvironment.from_string(environment, source)


@cache
def _environment() -> SandboxedEnvironment:
    # a template is edited by hand: it may neither reach into the program nor leave a misspelt field blank
    return _Environment(autoescape=True, undefined=StrictUndefined, finalize=_printed)


def _printed(value: object) -> Markup:
    if value is None:
        return Markup("")
    if isinstance(value, date):
        return Markup(f"{value.year}年{value.month}月{value.day}日")  # noqa: S704  digits only
    text = escape(visible(str(value)))
    # docxtpl rewrites `{_{` in what it has filled in
    return Markup(str(text).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704  escaped above
