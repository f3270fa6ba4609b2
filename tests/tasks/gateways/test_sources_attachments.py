"""Attachments: where they are looked for, and that nothing outside the inbox is ever opened."""

import hashlib
import os
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pandas as pd
import pytest

from tasks.gateways.sources import Pull, pull_folder


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def inbox(folder: Path, *names: str, number: str = "A", sub: str = "") -> None:
    (folder / sub).mkdir(parents=True, exist_ok=True)
    (folder / sub / "applications.csv").write_text(f"application_no,uscc\n{number},X\n")
    lines = "".join(f'{number},"{name}"\n' for name in names)
    (folder / sub / "materials.csv").write_text(f"application_no,file_name\n{lines}")


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def hashes(pull: Pull) -> list[str | None]:
    return [None if pd.isna(digest) else digest for digest in pull.tables["materials"]["attachment_sha256"]]


@pytest.mark.parametrize("place", ["town", "town/A", "attachments/A"])
def test_an_attachment_is_found_in_each_of_three_places(place: str, tmp_path: Path) -> None:
    inbox(tmp_path, "执照（副本）.pdf", "absent.pdf", "", sub="town")
    put(tmp_path / place / "执照（副本）.pdf", "licence")
    assert hashes(pull_folder(tmp_path)) == [sha256("licence"), None, None]


def test_the_applications_own_folders_come_before_the_shared_one(tmp_path: Path) -> None:
    inbox(tmp_path, "执照.pdf")
    for place in (".", "attachments/A", "A"):
        put(tmp_path / place / "执照.pdf", place)
        assert hashes(pull_folder(tmp_path)) == [sha256(place)]


def test_another_applications_folder_is_never_looked_into(tmp_path: Path) -> None:
    inbox(tmp_path, "执照.pdf")
    put(tmp_path / "attachments" / "B" / "执照.pdf", "not A's")
    put(tmp_path / "attachments" / "执照.pdf", "nobody's")
    assert hashes(pull_folder(tmp_path)) == [None]


def test_names_are_matched_as_cleaned_and_may_have_folders(tmp_path: Path) -> None:
    inbox(tmp_path, " ＡＢ.pdf ", "材料/题库.pdf", "材料\\题库.pdf")
    put(tmp_path / "ＡＢ.pdf", "wide")
    put(tmp_path / "A" / "材料" / "题库.pdf", "deep")
    assert hashes(pull_folder(tmp_path)) == [sha256("wide"), sha256("deep"), sha256("deep")]


@pytest.mark.parametrize(("on_disk", "named"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
@pytest.mark.parametrize("place", ["Köln", "Köln/A/é", "attachments/A/é"])
def test_a_name_is_found_however_its_accents_are_spelled(
    on_disk: Literal["NFC", "NFD"], named: Literal["NFC", "NFD"], place: str, tmp_path: Path
) -> None:
    folder = "é/" if "é" in place else ""
    sub = normalize(on_disk, "Köln")
    inbox(tmp_path, normalize(named, f"{folder}résumé材料.pdf"), sub=sub)
    put(tmp_path / normalize(on_disk, f"{place}/résumé材料.pdf"), "found")
    assert hashes(pull_folder(tmp_path)) == [sha256("found")]


def test_of_two_names_that_differ_in_spelling_alone_each_means_its_own(tmp_path: Path) -> None:
    inbox(tmp_path, *(normalize(form, "é.pdf") for form in ("NFC", "NFD")))
    for form in ("NFC", "NFD"):
        put(tmp_path / normalize(form, "é.pdf"), form)
    assert hashes(pull_folder(tmp_path)) == [sha256("NFC"), sha256("NFD")]


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "..\\secret.txt",
        "A/../../secret.txt",
        "./applications.csv",
        "/etc/hostname",
        "A/..",
        ".",
        "..",
        "x" * 5000,
    ],
)
def test_a_name_that_leads_elsewhere_finds_nothing(name: str, tmp_path: Path) -> None:
    put(tmp_path / "secret.txt", "secret")
    inbox(tmp_path / "inbox", name)
    put(tmp_path / "inbox" / "A" / "x", "x")
    assert hashes(pull_folder(tmp_path / "inbox")) == [None]


@pytest.mark.parametrize("number", ["..", ".", "../..", "A/../.."])
def test_a_number_that_leads_elsewhere_finds_nothing(number: str, tmp_path: Path) -> None:
    put(tmp_path / "secret.txt", "secret")
    inbox(tmp_path / "inbox", "secret.txt", number=number)
    put(tmp_path / "inbox" / "attachments" / "x", "x")
    assert not any(hashes(pull_folder(tmp_path / "inbox")))


def test_a_link_out_of_the_inbox_is_not_followed_and_a_pipe_is_not_opened(tmp_path: Path) -> None:
    put(tmp_path / "secret.txt", "secret")
    put(tmp_path / "elsewhere" / "s.pdf", "secret")
    inbox(tmp_path / "inbox", "link.pdf", "folder/s.pdf", "pipe.pdf", "inner.pdf")
    (tmp_path / "inbox" / "link.pdf").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "inbox" / "folder").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "inbox" / "pipe.pdf")
    put(tmp_path / "inbox" / "kept" / "real.pdf", "real")
    (tmp_path / "inbox" / "inner.pdf").symlink_to(tmp_path / "inbox" / "kept" / "real.pdf")
    assert hashes(pull_folder(tmp_path / "inbox")) == [None, None, None, sha256("real")]


def test_a_workbook_handed_in_as_attachment_is_no_spoilt_submission(tmp_path: Path) -> None:
    inbox(tmp_path, "设备清单.xls", "专家名单.json")
    put(tmp_path / "A" / "设备清单.xls", "no submission")
    put(tmp_path / "A" / "专家名单.json", '{"guests": []}')
    put(tmp_path / "stray.json", '{"guests": []}')
    pull = pull_folder(tmp_path)
    assert [file.file for file in pull.quarantined] == ["stray.json"]
    assert None not in hashes(pull)


def test_naming_anothers_submission_as_attachment_hides_nothing(tmp_path: Path) -> None:
    inbox(tmp_path, "B/applications.csv", "broken.xlsx")
    put(tmp_path / "broken.xlsx", "unreadable")
    inbox(tmp_path, number="B", sub="B")
    pull = pull_folder(tmp_path)
    assert pull.tables["applications"]["application_no"].tolist() == ["B", "A"]
    assert [file.file for file in pull.quarantined] == ["broken.xlsx"]


def test_a_changed_attachment_changes_the_content_hash(tmp_path: Path) -> None:
    inbox(tmp_path, "执照.pdf")
    seen = set()
    for text in (None, "first", "second"):
        if text:
            put(tmp_path / "A" / "执照.pdf", text)
        seen.add(pull_folder(tmp_path).tables["applications"]["content_hash"][0])
    assert len(seen) == 3


def test_a_size_and_checksum_nobody_wrote_are_the_file_s(tmp_path: Path) -> None:
    (tmp_path / "applications.csv").write_text("application_no,uscc\nA,X\n")
    lines = ["A,执照.pdf,,", "A,题库.pdf,大,zz", "A,没有.pdf,,", "A,规范.pdf,7,"]
    (tmp_path / "materials.csv").write_text("application_no,file_name,size_bytes,sha256\n" + "\n".join(lines) + "\n")
    for name in ("执照.pdf", "题库.pdf", "规范.pdf"):
        put(tmp_path / name, "licence")
    rows = pull_folder(tmp_path).tables["materials"]
    cells = rows[["size_bytes", "sha256"]].astype(object).where(rows[["size_bytes", "sha256"]].notna(), None)
    digest = sha256("licence")
    assert cells.to_numpy().tolist() == [["7", digest], [None, "zz"], [None, None], ["7", digest]]
