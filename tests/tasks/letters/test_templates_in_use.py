"""Templates of an office's own: used in place of the shipped ones, checked, and copied out to be edited."""

import shutil
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from schemas.office import FILE
from schemas.office import shipped as office_file
from tasks.letters.render import copy, faults, shipped
from tests.commands import Filing
from tests.letter_samples import SHORTEST
from tests.registers import run_on


def _template(folder: Path, name: str, *lines: str) -> None:
    document, buffer = Document(), BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(buffer)
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(buffer.getvalue())


def test_the_shipped_templates_copied_out_have_no_fault_and_are_not_copied_over(tmp_path: Path) -> None:
    assert {path.name for path in copy(tmp_path / "own")} == set(shipped())
    assert faults(tmp_path / "own") == []
    (tmp_path / "own" / "filing.docx").write_bytes(b"edited")
    assert copy(tmp_path / "own") == []
    assert (tmp_path / "own" / "filing.docx").read_bytes() == b"edited"


def test_a_template_that_cannot_be_used_is_named_with_its_field(tmp_path: Path) -> None:
    _template(tmp_path, "filing.docx", "{{ instituton_name }}")
    _template(tmp_path, "refusal.docx", "{% for item in items %}{{ item.ocupation_code }}{% endfor %}")
    (tmp_path / "dormancy.docx").write_bytes(b"no zip")
    _template(tmp_path, "fling.docx", "x")
    dormancy, filing, fling, refusal = faults(tmp_path)
    assert "dormancy.docx is not a Word file" in dormancy
    assert "filing.docx asks for instituton_name, which its letter does not have" in filing
    assert "fling.docx: no letter has a template of this name" in fling
    assert "refusal.docx asks for items.ocupation_code" in refusal
    assert "is no folder" in faults(tmp_path / "none")[0]


def test_doctor_names_what_is_blank_and_each_template_that_cannot_be_used(home: Path, filing: Filing) -> None:
    output = filing("doctor").out
    assert "phone is blank in office.toml: every letter leaves its place open" in output
    assert "remedies is blank in office.toml: 不予受理通知书" in output
    (home / FILE).write_text(office_file().replace('templates = ""', 'templates = "own"'), "utf-8")
    _template(home / "own", "filing.docx", "{{ instituton_name }}")
    assert "filing.docx asks for instituton_name" in filing("doctor").out
    (home / FILE).write_text("nme = 1", "utf-8")
    ended = filing("doctor")
    assert ended.code == 1
    assert "office.toml" in ended.out


def _written(home: Path) -> None:
    from tasks.letters.delivery import deliver_letters
    from tasks.store import letters
    from tasks.store.database import begin
    from tasks.store.outbox import Entry

    with run_on(date(2026, 9, 12)) as run:
        with begin() as db:
            letters.write(
                db, [Entry(f"{kind}:1", kind, "HS-1", SHORTEST[kind]) for kind in ("filing", "dormancy")], run
            )
        deliver_letters.fn(run) if hasattr(deliver_letters, "fn") else deliver_letters(run)


def test_own_templates_are_in_use_and_the_register_lists_what_was_written(home: Path, filing: Filing) -> None:
    (home / FILE).write_text(office_file().replace('templates = ""', 'templates = "own"'), "utf-8")
    _template(home / "own", "filing.docx", "本中心自拟：{{ letter_no }}")
    _written(home)
    header, *lines = filing.lines("letters")
    assert header == "number,title,addressee,subject,cycle,written_on,printed_at,file"
    assert {line.split(",")[0] for line in lines} == {"黄职鉴备〔2026〕1号", "黄职鉴〔2026〕1号"}
    path = next(line.split(",")[-1] for line in lines if "备案通知书" in line)
    assert Document(str(home / path)).paragraphs[-1].text == "本中心自拟：黄职鉴备〔2026〕1号"
    assert filing.lines("letters", "2026-04") == [header]


def test_letters_are_printed_once_each_with_its_receipt(home: Path, filing: Filing, tmp_path: Path) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed: `make system` installs it")
    from pypdf import PdfReader

    _written(home)
    assert filing.lines("letters", "--print", str(tmp_path / "all.pdf")) == [f"2 letters in {tmp_path / 'all.pdf'}"]
    pages = ["".join(page.extract_text().split()) for page in PdfReader(tmp_path / "all.pdf").pages]
    assert len(pages) == 4
    assert "送达回证" in pages[1]
    assert "送达回证" in pages[3]
    assert filing.lines("letters", "--print", str(tmp_path / "more.pdf")) == ["every letter has been printed"]
    assert not (tmp_path / "more.pdf").exists()


def test_without_an_office_suite_printing_is_refused_and_nothing_is_noted(
    home: Path, filing: Filing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _written(home)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    ended = filing("letters", "--print", str(tmp_path / "all.pdf"))
    assert ended.code == 3
    assert "LibreOffice is not installed" in ended.err
    assert all(line.split(",")[6] == "" for line in filing.lines("letters")[1:])


def test_templates_are_copied_out_by_the_command(filing: Filing, tmp_path: Path) -> None:
    (line,) = filing.lines("letters", "templates", str(tmp_path / "own"))
    assert line.startswith(f"{len(shipped())} templates in ")
    assert filing("letters", "templates").code == 2
