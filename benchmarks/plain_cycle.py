"""What a cycle is held against: the bare load of its rows and files, and a plain script for the same papers."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

#: A named step and what it does.
Step = tuple[str, Callable[[], object]]
_PUT_OUT = ("outbox", "published", "quarantine")
#: Below the home, what was handed in, by act: the product empties its inbox.
HANDED_IN = "handed-in"


def floor(home: Path, target: Path) -> Iterator[Step]:
    """The rows of every table into an empty SQLite database, one `executemany` a table; the bytes of every file."""
    source = sqlite3.connect(home / "filing.db")
    schema = source.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL").fetchall()
    names = [row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: source.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
    contents = {path.relative_to(home): path.read_bytes() for path in _put_out(home)}

    def load() -> None:
        empty = sqlite3.connect(target / "floor.db")
        for (statement,) in schema:
            empty.execute(statement)
        for name, records in rows.items():
            if records:
                places = ",".join("?" * len(records[0]))
                empty.executemany(f'INSERT INTO "{name}" VALUES ({places})', records)
        empty.commit()

    def write() -> None:
        for relative, content in contents.items():
            path = target / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    yield "rows loaded", load
    yield "files written", write


def _put_out(home: Path) -> Iterator[Path]:
    for part in _PUT_OUT:
        for path in sorted((home / part).rglob("*")):
            if path.is_file() and not path.is_symlink() and "latest" not in path.relative_to(home).parts:
                yield path


def script(home: Path, target: Path) -> Iterator[Step]:
    """The same workbooks read into SQLite, and letters, packages and directory written, with what they say given."""
    import pandas as pd  # noqa: PLC0415  the floor's memory must not count it

    source = sqlite3.connect(home / "filing.db")
    letters = [(kind, json.loads(content)) for kind, content in _entries(source, "letter")]
    packages = [json.loads(content) for _, content in _entries(source, "package")]
    directory = json.loads((home / "published" / "latest" / "directory.json").read_bytes())["rows"]

    def read() -> None:
        tables: dict[str, list[pd.DataFrame]] = {}
        for path in sorted((home / HANDED_IN).glob("*/*.*")):
            if path.suffix == ".csv":
                sheets = {path.stem: pd.read_csv(path, dtype=str)}
            elif path.suffix == ".xlsx":
                try:
                    sheets = pd.read_excel(path, sheet_name=None, dtype=str, header=1)
                except BadZipFile:
                    continue  # the sample has one that cannot be opened
            for sheet, rows in sheets.items():
                tables.setdefault(str(sheet), []).append(rows.assign(file=path.name))
        database = sqlite3.connect(target / "plain.db")
        for sheet, frames in tables.items():
            pd.concat(frames).to_sql(sheet, database, index=False)
        database.commit()

    yield "intake", read
    yield "letters", lambda: _write_letters(letters, target)
    yield "packages", lambda: _write_packages(packages, target)
    yield "directory", lambda: pd.DataFrame(directory).pipe(_write_directory, target)


def _entries(source: sqlite3.Connection, box: str) -> list[tuple[str, str]]:
    return source.execute("SELECT kind, content FROM outbox WHERE box = ? ORDER BY occasion", (box,)).fetchall()


def _write_letters(letters: list[tuple[str, dict[str, Any]]], target: Path) -> None:
    from datetime import date  # noqa: PLC0415

    from docxtpl import DocxTemplate  # noqa: PLC0415
    from jinja2 import Environment  # noqa: PLC0415

    from schemas.letter_text import LETTER_KINDS  # noqa: PLC0415

    def printed(value: object) -> object:
        if isinstance(value, date):
            return f"{value.year}年{value.month}月{value.day}日"
        return "" if value is None else value

    folder = target / "letters"
    folder.mkdir()
    templates = files("tasks.letters") / "templates"
    for number, (kind, content) in enumerate(letters):
        document = DocxTemplate(str(templates / f"{kind}.docx"))
        text = LETTER_KINDS[kind].text.model_validate(content).model_dump()
        document.render(text, Environment(autoescape=True, finalize=printed))
        document.save(folder / f"{kind}-{number}.docx")


def _write_packages(packages: list[dict[str, Any]], target: Path) -> None:
    from openpyxl import Workbook  # noqa: PLC0415

    for package in packages:
        folder = target / "packages" / package["application_no"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps(package, ensure_ascii=False, indent=2), "utf-8")
        book = Workbook()
        cover = book.create_sheet("封面", 0)
        for name, value in package.items():
            if not isinstance(value, list | dict):
                cover.append([name, str(value)])
        sheet = book.create_sheet("评分表")
        for item in package["items"]:
            sheet.append([str(value) for value in item.values()] + ["", "", ""])
        book.save(folder / "评分表.xlsx")


def assert_same(home: Path, target: Path) -> None:
    """Raises ValueError where the script's letters, packages or directory are not the product's, by content."""
    ours = {
        "letters": Counter(map(_text, (home / "outbox" / "letters").rglob("*.docx"))),
        "packages": Counter(map(_facts, (home / "outbox" / "evaluation").rglob("package.json"))),
        "directory": Counter(map(str, _rows(home / "published" / "latest" / "directory.json")["rows"])),
    }
    theirs = {
        "letters": Counter(map(_text, (target / "letters").rglob("*.docx"))),
        "packages": Counter(map(_facts, (target / "packages").rglob("package.json"))),
        "directory": Counter(map(str, _rows(target / "directory.json"))),
    }
    for name, papers in ours.items():
        if papers != theirs[name]:
            raise ValueError(
                f"the script's {name} are others: {(papers - theirs[name]) or (theirs[name] - papers)}"[:400]
            )


def _text(path: Path) -> str:
    with ZipFile(path) as document:
        return "".join(ElementTree.fromstring(document.read("word/document.xml")).itertext())


def _facts(path: Path) -> str:
    """A package without the token, which is the product's own."""
    return json.dumps({name: value for name, value in _rows(path).items() if name != "token"}, sort_keys=True)


def _rows(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _write_directory(rows: Any, target: Path) -> None:
    rows.to_csv(target / "directory.csv", index=False)
    rows.to_excel(target / "directory.xlsx", index=False)
    rows.to_json(target / "directory.json", orient="records", force_ascii=False)
