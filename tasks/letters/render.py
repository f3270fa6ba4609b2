"""Letters as Word files: what a letter says, set into its template."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.errors import FilingError
from schemas.letter import LETTER_KINDS, LetterKind
from tasks.gateways.paper import word


class UnknownLetterError(FilingError, ValueError):
    """A letter of no known kind, or one that does not say what its kind must."""


def render(kind: str, content: Mapping[str, Any], templates: Path | None = None) -> bytes:
    """One letter as docx bytes; the same content and template give the same bytes.

    `content` is what the kind's model in `schemas.letter` says, as it is or from JSON. A template of that kind in the
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
    name, template = _template(letter, templates)
    return word.fill(template, text.model_dump(), name)


def _template(letter: LetterKind, folder: Path | None) -> tuple[str, bytes]:
    if folder is not None and (folder / letter.template).is_file():
        return str(folder / letter.template), (folder / letter.template).read_bytes()
    shipped = files("tasks.letters") / "templates" / letter.template
    return letter.template, shipped.read_bytes()
