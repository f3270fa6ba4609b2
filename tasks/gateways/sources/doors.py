"""The three doors things come in by, which tables each may bring (contract section 4), and the lists read beside them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Final

import pandas as pd
import polars as pl

from expectations.side_tables import LeftOut, readable
from schemas.errors import FilingError
from schemas.inspection import INSPECTORS_TABLE, OUTCOMES_TABLE
from schemas.submission import FORM_TABLES, READ_TABLES, RESULTS, RETURNED_RESULTS, Table
from schemas.supervision import COMPLAINTS_TABLE
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.headers import key
from tasks.gateways.sources.cells.reader import read_table
from tasks.gateways.sources.cells.text import cell_text
from tasks.gateways.sources.contents import FileContent, QuarantinedFile, UnreadableError
from tasks.gateways.sources.formats import plain_files
from tasks.gateways.sources.formats.delimited import decoded
from tasks.gateways.sources.formats.sheets import SheetOpener

_FORM: Final = frozenset(table.name for table in FORM_TABLES)


@dataclass(frozen=True)
class Door:
    """The names of the tables that may come in, and where the others belong, as the end of a sentence.

    `table`: what every file is, whatever its name; None where its name or its sheets say so. `besides`: files of these
    names are lists that are read elsewhere.
    """

    tables: frozenset[str]
    elsewhere: str = ""
    table: Table | None = None
    besides: tuple[Table, ...] = ()

    def other_list(self, file: Path) -> Table | None:
        """The list read elsewhere that a file's name says it is."""
        name = key(file.stem)
        return next((table for table in self.besides if name in (key(table.name), key(table.title))), None)

    def admitted(self, content: FileContent) -> FileContent:
        """The content without what this door does not bring, which is reported; raises UnreadableError where nothing is left."""
        others = [part for part in content.parts if part.table not in self.tables]
        if not others:
            return content
        titles = "、".join(dict.fromkeys(READ_TABLES[part.table].title for part in others))
        parts = [part for part in content.parts if part.table in self.tables]
        file = others[0].file
        if not parts:
            raise UnreadableError(f"文件“{file}”是“{titles}”，未采用：{self.elsewhere}", foreign=True)
        aside = list(content.aside)
        if any(len(part) for part in others):
            reason = f"文件“{file}”中的“{titles}”未采用：{self.elsewhere}"
            aside.append(QuarantinedFile(file, reason, whole=False, sheet=titles))
        unknown = [header for header in content.unknown_columns if not header.table or header.table in self.tables]
        return replace(content, parts=parts, unknown_columns=unknown, aside=aside)


#: A single file that a person names with its kind.
NAMED: Final = Door(frozenset(READ_TABLES))
#: What panels hand in: results, and nothing else.
PANELS: Final = Door(
    frozenset({RESULTS.name}),
    "此处只收评估结果，申报材料请放入收件箱（inbox），其他各表由中心放入desk文件夹",
    RETURNED_RESULTS,
)
#: What the centre brings itself: every table but the form's.
DESK: Final = Door(
    frozenset(READ_TABLES) - _FORM,
    "申报材料请放入收件箱（inbox）后重新提交",
    besides=(COMPLAINTS_TABLE, INSPECTORS_TABLE, OUTCOMES_TABLE),
)
#: The desk's folder below a folder that is given to a run.
DESK_FOLDER: Final = "desk"


def applicants(besides: Iterable[str] = ()) -> Door:
    """The applicants' door: the tables of the form, and those `besides` that FILING_SOURCE_TABLES names."""
    return Door(
        _FORM | frozenset(besides),
        f"该表不由申报单位报送，评估结果请放入{RESULTS.name}文件夹，其他各表由中心放入desk文件夹或用filing import导入",
    )


def folders_named(place: Path, name: str) -> list[Path]:
    """The folders of a name in a place, however somebody wrote it, in order; none where the place cannot be listed."""
    try:
        return sorted(path for path in place.iterdir() if path.name.lower() == name and path.is_dir())
    except OSError:  # reported where the submissions of the place are pulled
        return []


def lists_beside(folder: Path) -> list[tuple[Path, Table]]:
    """The files in a folder and below that are lists read elsewhere, in the order of their paths."""
    lists = []
    for where, _, names in plain_files.walk(folder, lambda _closed: None):  # reported when the folder is pulled
        for name in names:
            table = DESK.other_list(where / name)
            if table is not None and plain_files.is_handed_in(name):
                lists.append((where / name, table))
    return sorted(lists, key=lambda entry: entry[0])


class UnreadableListError(FilingError, ValueError):
    """A file that is no such list: one sentence that says how to mend it."""


def read_list(file: Path, table: Table) -> tuple[pd.DataFrame, list[LeftOut]]:
    """The readable rows of a CSV or XLSX file under English or Chinese headers, and those left out.

    `row` of the rows is the sheet's. Raises UnreadableListError for a file of another kind, or without one of the columns.
    """
    rows = _raw(file)
    names = {headers.key(name): column.name for column in table.columns for name in (column.name, column.title)}
    named = rows.rename(columns={name: names.get(headers.key(str(name)), str(name)) for name in rows.columns})
    missing = [column.title for column in table.columns if column.name not in named and not column.optional]
    if missing:
        raise UnreadableListError(f"“{file.name}”缺少“{'、'.join(missing)}”列，请按“{table.title}”的表头补上后重新导入")
    twice = [column.title for column in table.columns if list(named.columns).count(column.name) > 1]
    if twice:
        raise UnreadableListError(f"“{file.name}”的列“{'、'.join(twice)}”出现不止一次，请只保留一列后重新导入")
    cells = named.reindex(columns=table.names).astype("str").dropna(how="all")
    read = read_table(pl.from_pandas(cells.reset_index(drop=True)), table)
    # as whoever opens the list counts: the header is row 1, and a blank row is one too
    return readable(read.with_columns(pl.Series("row", cells.index + 2)).to_pandas(), table)


def _raw(file: Path) -> pd.DataFrame:
    if file.suffix.lower() not in (".xlsx", ".csv"):
        raise UnreadableListError(f"“{file.name}”不是.csv或.xlsx文件，请另存为其中一种后重新导入")
    try:
        data = plain_files.content(file.parent, file.name, file)
        rows = _of_sheet(file.name, data) if file.suffix.lower() == ".xlsx" else _of_text(file.name, data)
    except UnreadableError as unreadable:
        raise UnreadableListError(unreadable.reason) from unreadable
    return rows


def _of_sheet(name: str, data: bytes) -> pd.DataFrame:
    with SheetOpener() as opener:
        sheets = opener.open(name, data)
    if not sheets or not sheets[0].lines:
        raise UnreadableListError(f"“{name}”的第一张工作表是空的，请填写后重新导入")
    head, *body = [[cell_text(cell) or None for cell in line] for line in sheets[0].lines]
    return pd.DataFrame(body, columns=[title or "" for title in head], dtype="str")


def _of_text(name: str, data: bytes) -> pd.DataFrame:
    try:
        return pd.read_csv(StringIO(decoded(name, data).lstrip("\r\n")), dtype="str", skip_blank_lines=False)
    except pd.errors.ParserError as broken:
        raise UnreadableListError(f"“{name}”的各行列数不一致，请检查逗号和引号后重新导入") from broken
    except pd.errors.EmptyDataError as empty:
        raise UnreadableListError(f"“{name}”是空文件，请填写后重新导入") from empty
