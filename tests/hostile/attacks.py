"""Hostile files, each made small: what is wrong with it, and how it is put into a folder."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.hostile import binary, texts

Put = Callable[[Path], None]


@dataclass(frozen=True)
class Attack:
    """One hostile input: its family, what it is in words, how it is laid into a folder; `slow` takes over a second."""

    family: str
    title: str
    put: Put
    slow: bool = False


def _file(name: str | bytes, content: bytes | Callable[[], bytes]) -> Put:
    def put(folder: Path) -> None:
        data = content if isinstance(content, bytes) else content()
        (folder / os.fsdecode(name)).write_bytes(data)

    return put


def _link(name: str, target: str) -> Put:
    return lambda folder: (folder / name).symlink_to(target)


def _pipe(name: str) -> Put:
    return lambda folder: os.mkfifo(folder / name)


def _folder(name: str) -> Put:
    return lambda folder: (folder / name).mkdir()


def _deep(folder: Path) -> None:
    where = folder
    for _ in range(200):
        where /= "d"
    where.mkdir(parents=True)
    (where / "applications.csv").write_bytes(texts.applications())


def _sparse(name: str, size: int) -> Put:
    def put(folder: Path) -> None:
        with (folder / name).open("wb") as stream:
            stream.truncate(size)

    return put


def _socket(folder: Path) -> None:
    before = Path.cwd()
    os.chdir(folder)  # an address of a socket is at most 107 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("results.csv")
    finally:
        os.chdir(before)


def _linked_folder(folder: Path) -> None:
    (folder / "etc").symlink_to("/etc", target_is_directory=True)


GIB = 1024**3
ATTACKS = (
    Attack("bombs", "workbook that unfolds 1:1000", _file("bomb.xlsx", binary.zip_bomb)),
    Attack("bombs", "workbook whose archive declares 10 GB", _file("declared.xlsx", binary.declares_10_gb)),
    Attack("bombs", "workbook whose sheet is larger than it declares", _file("lies.xlsx", binary.lying_sizes)),
    Attack("bombs", "workbook of 5,000 members", _file("members.xlsx", binary.many_members)),
    Attack("bombs", "archive in an archive", _file("nested.xlsx", binary.nested_archive)),
    Attack("bombs", "XML entities that unfold to gigabytes", _file("laughs.xlsx", binary.entity_bomb)),
    Attack("bombs", "XML entity that names a file of the machine", _file("xxe.xlsx", binary.external_entity)),
    Attack("bombs", "value in the last cell of a sheet", _file("far.xlsx", binary.far_cell)),
    Attack("bombs", "400,000 cells of one text of 32 KB", _file("copies.xlsx", binary.repeated_text), slow=True),
    Attack("bombs", "sheet of 1,000,000 rows", _file("million.xlsx", binary.million_rows), slow=True),
    Attack(
        "bombs", "Parquet of 5,000,000 rows of one long text", _file("staff.parquet", binary.dictionary_bomb), slow=True
    ),
    Attack("bombs", "Parquet pages packed 1:1000", _file("staff.parquet", binary.packed_pages), slow=True),
    Attack("bombs", "JSON of 8,000,000 empty lists", _file("applications.json", b"[" + b"[]," * 8_000_000 + b"[]]")),
    Attack(
        "bombs", "CSV line of 60,000,000 commas", _file("staff.csv", lambda: b"application_no\n" + b"," * 60_000_000)
    ),
    Attack("bombs", "CSV of 10 GB (sparse)", _sparse("staff.csv", 10 * GIB)),
    Attack("bombs", "workbook of 10 GB (sparse)", _sparse("huge.xlsx", 10 * GIB)),
    Attack("places", "link to a file outside", _link("applications.csv", "/etc/passwd")),
    Attack("places", "workbook that is a link to a file outside", _link("link.xlsx", "/etc/passwd")),
    Attack("places", "link to itself", _link("loop.xlsx", "loop.xlsx")),
    Attack("places", "link to nothing", _link("results.csv", "/nowhere/at/all.csv")),
    Attack("places", "link to an endless device", _link("staff.csv", "/dev/zero")),
    Attack("places", "linked folder outside", _linked_folder),
    Attack("places", "pipe nobody writes to, as CSV", _pipe("results.csv")),
    Attack("places", "pipe nobody writes to, as workbook", _pipe("pipe.xlsx")),
    Attack("places", "socket", _socket),
    Attack("places", "folder named like a file", _folder("results.csv")),
    Attack("places", "folder named like a workbook", _folder("folder.xlsx")),
    Attack("places", "folders 200 deep", _deep),
    Attack("places", "archive members that climb out", _file("climbs.xlsx", binary.climbing_members)),
    Attack("places", "paths for application numbers and file names", _file("applications.json", texts.climbing_names)),
    Attack("names", "line break in the name", _file("a\nb.xlsx", b"no workbook")),
    Attack("names", "control characters in the name", _file("a\x1b[31m\x07.xlsx", b"no workbook")),
    Attack("names", "name that turns text around", _file("a\u202exslx.xlsx", b"no workbook")),
    Attack("names", "name of 255 bytes", _file("长" * 83 + ".xlsx", b"no workbook")),
    Attack("names", "name that is not UTF-8", _file(b"\xbb\xc6\xff.xlsx", b"no workbook")),
    Attack("names", "name like an option", _file("-rf.xlsx", b"no workbook")),
    Attack("names", "name like a formula", _file("=cmd|' C'!A0.xlsx", b"no workbook")),
    Attack("names", "identity number in the name", _file("11010519491231002X.xlsx", b"no workbook")),
    Attack("kinds", "workbook with macros", _file("macros.xlsm", binary.with_macros)),
    Attack("kinds", "workbook with macros, renamed", _file("macros.xlsx", binary.with_macros)),
    Attack("kinds", "formulas in every cell", _file("formulas.xlsx", binary.formulas)),
    Attack("kinds", "PDF that is an archive as well", _file("polyglot.xlsx", binary.pdf_and_archive)),
    Attack("kinds", "workbook renamed to CSV", _file("staff.csv", binary.workbook)),
    Attack("kinds", "workbook renamed to JSON", _file("applications.json", binary.workbook)),
    Attack("kinds", "CSV renamed to workbook", _file("staff.xlsx", texts.staff)),
    Attack("kinds", "old Excel format", _file("old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))),
    Attack("kinds", "web page renamed to workbook", _file("page.xlsx", b"<html><script>alert(1)</script></html>")),
    Attack("kinds", "empty file", _file("empty.xlsx", b"")),
    *(Attack("json", title, _file("applications.json", content)) for title, content in texts.JSON.items()),
    *(Attack("csv", title, _file(name, content)) for title, (name, content) in texts.CSV.items()),
    *(Attack("parquet", title, _file("staff.parquet", content)) for title, content in binary.PARQUET.items()),
)
