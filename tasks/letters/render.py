"""Letters as Word files: what a letter says, set into the shipped template or an office's own."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from schemas import office
from schemas.errors import FilingError
from schemas.letter_text import LETTER_KINDS
from tasks.gateways.disk import files as disk
from tasks.gateways.paper import word
from tasks.gateways.paper.word import UnusableTemplateError, fields

#: The delivery receipt (送达回证) that is printed with a letter.
RECEIPT: Final = "receipt.docx"
_SHIPPED: Final = ("tasks.letters", "tasks.gateways.shelf")


@cache
def shipped() -> Mapping[str, bytes]:
    """Every shipped template by its file name."""
    folders = [files(package) / "templates" for package in _SHIPPED]
    return {entry.name: entry.read_bytes() for folder in folders for entry in folder.iterdir()}


def template(name: str, folder: Path | None) -> tuple[str, bytes]:
    """A template with the name an error calls it by: the office's own of that name, else the shipped one."""
    if folder is not None and (folder / name).is_file():
        return str(folder / name), (folder / name).read_bytes()
    return name, shipped()[name]


def copy(folder: Path) -> list[Path]:
    """Copy the shipped templates into a folder to be edited in Word; what lies there already is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    copied = []
    for name, content in sorted(shipped().items()):
        if not (folder / name).exists():
            disk.put(folder, name, content)
            copied.append(folder / name)
    return copied


def faults(folder: Path) -> list[str]:
    """One sentence for each template of an office's own that cannot be used, naming template and field."""
    if not folder.is_dir():
        return [f"{folder} is no folder: name the folder of templates in {office.FILE}, or leave `templates` blank"]
    sentences = []
    for path in sorted(folder.glob("*.docx")):
        if path.name.startswith("~$"):  # Word's own mark of a file that is open
            continue
        if path.name not in shipped():
            sentences.append(
                f"{path}: no letter has a template of this name: write one of {', '.join(sorted(shipped()))}"
            )
            continue
        try:
            unknown = sorted(fields(path.read_bytes(), str(path)) - _known(path.name))
        except UnusableTemplateError as wrong:
            sentences.append(str(wrong))
            continue
        if unknown:
            sentences.append(
                f"the template {path} asks for {', '.join(unknown)}, which its letter does not have: "
                f"it may ask for {', '.join(sorted(_known(path.name)))}"
            )
    return sentences


def _known(name: str) -> frozenset[str]:
    kind = LETTER_KINDS.get(name.removesuffix(".docx"))
    return kind.fields if kind else fields(shipped()[name], name)


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
