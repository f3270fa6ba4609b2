"""Many Word files are set as PDF files, though the office suite sets only so many at once."""

import shutil
from pathlib import Path

import pytest

from tasks.gateways.paper.pdf import as_pdf

#: An office suite that leaves out whatever stands behind the 99th file, and ends as if all had gone well.
FORGETFUL = """#!/bin/sh
while [ "$1" != --outdir ]; do shift; done
folder=$2; shift 2; count=0
for file in "$@"; do
    count=$((count + 1))
    [ $count -gt 99 ] || printf %s "$(cat "$file")" > "$folder/$(basename "$file" .docx).pdf"
done
"""


def test_no_letter_of_many_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "soffice"
    program.write_text(FORGETFUL, "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _name: str(program))
    documents = {f"letter {number}": f"text {number}".encode() for number in range(150)}
    assert as_pdf(documents) == documents
