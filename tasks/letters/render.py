"""Letters as Word files: what a letter says, set into its template."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.errors import FilingError
from schemas.letter_text import LETTER_KINDS
from tasks.gateways.paper import word
from tasks.letters.templates_in_use import template


class UnknownLetterError(FilingError, ValueError):
    """A letter of no known kind, or one that does not say what its kind must."""


def render(kind: str, content: Mapping[str, Any], templates: Path | None = None) -> bytes:
    """One letter as docx bytes; the same content and template give the same bytes.

    `content` is what the kind's model in `schemas.letter_text` says, as it is or from JSON. A template of that kind in the
    folder `templates` is used in place of the shipped one. Raises UnknownLetterError or
    `tasks.gateways.paper.word.UnusableTemplateError`.
    """
    letter = LETTER_KINDS.get(kind)
    if letter is None:
        raise UnknownLetterError(f"'{kind}' is no kind of letter: write one of {', '.join(LETTER_KINDS)}")
    try:
        text = letter.text.model_validate(dict(content))
    except ValidationError as refused:
        first = refused.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UnknownLetterError(f"the letter '{kind}' cannot be written: {field}: {first['msg']}") from refused
    name, source = template(letter.template, templates)
    return word.fill(source, text.model_dump(), name)
