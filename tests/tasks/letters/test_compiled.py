"""Templates compiled once give the very bytes docxtpl gives, or are left to it."""

from io import BytesIO

import pytest
from docx import Document

from schemas.letter_text import LETTER_KINDS
from tasks.gateways.paper import word
from tasks.letters.render import shipped
from tests.letter_samples import LONGEST, SHORTEST


def _through_docxtpl(template: bytes, values: dict[str, object]) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word, "_ready", lambda *_: None)
        return word.fill(template, values, "of docxtpl.docx")


@pytest.mark.parametrize("kind", LETTER_KINDS)
def test_every_shipped_letter_is_compiled_and_has_the_bytes_of_docxtpl(kind: str) -> None:
    template = shipped()[f"{kind}.docx"]
    assert word._ready(template, kind) is not None
    for texts in (SHORTEST, LONGEST):
        values = LETTER_KINDS[kind].text.model_validate(texts[kind]).model_dump()
        assert word.fill(template, values, kind) == _through_docxtpl(template, values)


def _template(body: str, header: str = "", cells: tuple[str, ...] = ()) -> bytes:
    document = Document()
    document.add_paragraph(body)
    document.sections[0].header.paragraphs[0].text = header
    if cells:
        table = document.add_table(rows=1, cols=len(cells))
        for place, text in enumerate(cells):
            table.cell(0, place).text = text
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "template",
    [
        _template("{{ name }}", header="{{ name }}"),
        _template("{{ name }}", cells=("{%tc for word in words %}", "{{ word }}", "{%tc endfor %}")),
        _template("{{ name }}", cells=("{% colspan size %}{{ name }}",)),
        _template("{% if size %}甲", cells=("{% endif %}",)),
        _template("{% set word = name %}{{ word }}"),
    ],
    ids=["header", "cells", "spans", "crossing", "setting"],
)
def test_what_needs_more_of_docxtpl_is_left_to_it(template: bytes) -> None:
    values = {"name": "甲", "words": ["一", "二", "三", "四"], "size": 1}
    assert word._ready(template, "own.docx") is None
    assert word.fill(template, values, "own.docx") == _through_docxtpl(template, values)


def test_signs_of_xml_and_of_templates_stay_text() -> None:
    template = _template("{{ name }}", cells=("甲", "{{ name }}"))
    values: dict[str, object] = {"name": "<w:p>&amp;{{ 7 * 7 }}{_{ a }_}\u2028\"'"}
    assert word.fill(template, values, "own.docx") == _through_docxtpl(template, values)
    assert word._ready(template, "own.docx") is not None


@pytest.mark.parametrize("name", ["", "甲"])
def test_what_is_left_empty_is_one_tag_and_what_crosses_runs_is_whole(name: str) -> None:
    document = Document()
    document.add_paragraph("{{ name }}")
    split = document.add_paragraph("{% if name %}前")
    split.add_run("后{% endif %}")
    for text in (
        "{%p if name %}",
        "有{{ name }}&<>\"'",
        "{%p endif %}",
        "{%p for word in words %}",
        "{{ word }}",
        "{%p endfor %}",
    ):
        document.add_paragraph(text)
    buffer = BytesIO()
    document.save(buffer)
    values: dict[str, object] = {"name": name, "words": ["一", ""]}
    template = buffer.getvalue()
    assert word._ready(template, "own.docx") is not None
    assert word.fill(template, values, "own.docx") == _through_docxtpl(template, values)
