"""A folder of submissions, or one file, pulled whole."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

import pandas as pd

from schemas.submission import READ_TABLES, RESULTS, RETURNED_RESULTS, WRITTEN, Table
from tasks.gateways.sources.assembling import assemble, nothing
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.column_map import UNMAPPED, ColumnMap
from tasks.gateways.sources.contents import FileContent, Pull, QuarantinedFile, UnreadableError
from tasks.gateways.sources.doors import NAMED, PANELS, Door
from tasks.gateways.sources.formats import plain_files, scoring
from tasks.gateways.sources.formats.archives import ARCHIVES, FOREIGN, Opened, opened
from tasks.gateways.sources.formats.columnar import ColumnOpener, read_columnar
from tasks.gateways.sources.formats.delimited import read_delimited
from tasks.gateways.sources.formats.nested_json import read_json
from tasks.gateways.sources.formats.sheets import SheetOpener
from tasks.gateways.sources.formats.workbooks import read_workbook
from tasks.gateways.sources.setting_aside import FILE

#: Sub-folders that hold what materials name.
_ATTACHMENTS: Final = "attachments"
WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".xlsb")
PATH = "path"
"""Column of results: where the file lies that a row came in."""
Unread = Callable[[Path], Collection[str]]
"""Which files of a folder, by their paths below it, need not be read: what they hold is on record."""
_Reader = Callable[[str, bytes, Table | None, headers.Names], FileContent]


def is_table_file(path: Path) -> bool:
    """Whether a file is of a kind that tables come in, alone or packed."""
    return path.suffix.lower() in (*WORKBOOKS, ".parquet", *_READERS, *ARCHIVES, *FOREIGN)


def pull_folder(
    folder: Path,
    column_map: ColumnMap = UNMAPPED,
    missing: Sequence[QuarantinedFile] = (),
    *,
    door: Door = NAMED,
    besides: Collection[str] = (),
    unread: Unread = lambda _folder: (),
) -> Pull:
    """Everything the folder and its sub-folders hold, in the order of the files' relative paths (contract section 4).

    A file that cannot be read, or that this door does not bring, is set aside with the reason and stops no other;
    `missing` are such files that are not in the folder, for they could not be brought into it. Sub-folders of the names
    `besides` are doors of their own; files that `unread` names are passed over.
    Raises NotADirectoryError when there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"'{folder}' is not a folder: name the folder that holds the submissions")
    locked: list[OSError] = []
    here = [path for path in _handed_in(folder, besides, locked) if door.other_list(path) is None]
    entries = sorted((_shown(path.relative_to(folder)), path) for path in here)
    passed = unread(folder)
    entries = [entry for entry in entries if entry[0] not in passed]
    archives = [entry for entry in entries if entry[1].suffix.lower() in ARCHIVES]
    with ExitStack() as stack:
        inside = Opened()
        if archives:
            spare = stack.enter_context(TemporaryDirectory(prefix="filing-archives-"))
            inside = opened(folder, archives, Path(spare))
        refused = [
            *((file, False) for file in missing),
            *((_locked(folder.parent if door is PANELS else folder, error), False) for error in locked),
            *((file, True) for file in inside.refused),
        ]
        files = [entry for entry in entries if entry not in archives] + list(inside.files.items())
        pulled = _pull(folder, sorted(files), door, refused, column_map, inside.files)
        return replace(pulled, archives=dict(archives))


def pull_file(file: Path, table: str) -> Pull:
    """One file that holds a table of `schemas.submission.READ_TABLES`, whatever its name; raises FileNotFoundError."""
    if not file.is_file():
        raise FileNotFoundError(f"'{file}' is not a file: name the file to import")
    door = PANELS if table == RESULTS.name else replace(NAMED, table=READ_TABLES[table])
    return _pull(file.parent, [(_shown(Path(file.name)), file)], door, [], UNMAPPED)


def results_of(pull: Pull) -> pd.DataFrame:
    """The results of a pull: RETURNED_RESULTS columns as text, WRITTEN, FILE and PATH, `row` within its application."""
    columns = [*RETURNED_RESULTS.names, WRITTEN, FILE, PATH, "row"]
    if RESULTS.name not in pull.tables:
        return pd.DataFrame(columns=columns, dtype="str")
    rows = pull.tables[RESULTS.name]
    files = pull.origins[RESULTS.name]
    places = {file: pull.place(file) for file in set(files)}
    paths = pd.Series([places[file] for file in files], rows.index, dtype=object)
    numbered = rows.groupby("application_no").cumcount() + 1
    rows = rows.assign(row=numbered)
    rows[FILE], rows[PATH] = pd.Series(files, rows.index, dtype="str"), paths
    return rows[columns]


def _pull(
    root: Path,
    files: list[tuple[str, Path]],
    door: Door,
    refused: list[tuple[QuarantinedFile, bool]],
    column_map: ColumnMap,
    unpacked: Mapping[str, Path] = MappingProxyType({}),
) -> Pull:
    if not files and not refused:
        return nothing()
    contents: list[FileContent] = []
    with SheetOpener() as opener, ColumnOpener() as unfolder:
        workbook = _workbook(opener, takes_scores=RESULTS.name in door.tables)
        readers = {**_READERS, **dict.fromkeys(WORKBOOKS, workbook), ".parquet": _by_name(_parquet(unfolder))}
        for name, path in files:
            try:
                read = readers.get(path.suffix.lower(), _no_result if door is PANELS else _no_table)
                origin = path.parent if name in unpacked else root
                content = read(name, plain_files.content(origin, name, path), door.table, column_map.names)
                contents.append(column_map.translated(door.admitted(content)))
            except UnreadableError as unreadable:
                source = None if name in unpacked else path
                refused.append((QuarantinedFile(name, unreadable.reason, path=source), unreadable.foreign))
    paths = {name: path for name, path in files if name not in unpacked}
    return assemble(root, contents, refused, unpacked, paths)


def _handed_in(folder: Path, besides: Collection[str], locked: list[OSError]) -> Iterator[Path]:
    for where, folders, names in plain_files.walk(folder, locked.append):
        others = {_ATTACHMENTS, *(besides if where == folder else ())}
        folders[:] = [name for name in folders if not name.startswith(".") and name.lower() not in others]
        for name in names:
            path = where / name
            if plain_files.is_handed_in(name):
                yield path


def _locked(folder: Path, error: OSError) -> QuarantinedFile:
    """A sub-folder that cannot be opened, reported as an unreadable file is."""
    name = _shown(Path(error.filename).relative_to(folder))
    return QuarantinedFile(name, f"文件夹“{name}”无法打开（{error.strerror}），请检查权限后重新提交")


def _shown(relative: Path) -> str:
    """A path as text that every file and database takes; names from other systems may not be UTF-8."""
    return os.fsencode(relative.as_posix()).decode("utf-8", errors="replace")


def _workbook(opener: SheetOpener, *, takes_scores: bool) -> _Reader:
    def read(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
        try:
            sheets = opener.open(name, data)
            if takes_scores and scoring.is_scoring_workbook(sheets):
                return scoring.read_sheets(name, sheets).content(name)
            return read_workbook(name, sheets, table, names)
        except UnreadableError as unreadable:
            # an equipment list of another make may be an attachment; the form itself comes as .xlsx nearly always
            raise UnreadableError(
                unreadable.reason, foreign=unreadable.foreign or not name.lower().endswith(".xlsx")
            ) from unreadable

    return read


def _parquet(unfolder: ColumnOpener) -> Callable[[str, bytes, Table, headers.Names], FileContent]:
    def read(name: str, data: bytes, table: Table, names: headers.Names) -> FileContent:
        return read_columnar(name, unfolder.open(name, data), table, names)

    return read


def _by_name(read: Callable[[str, bytes, Table, headers.Names], FileContent]) -> _Reader:
    """For formats that hold one table a file: the file's name says which."""

    def named(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
        table = table or names.table_named(Path(name).stem)
        if table is None:
            table_names = "、".join(f"{table.name}（{table.title}）" for table in READ_TABLES.values())
            raise UnreadableError(f"文件“{name}”的名称不是任何一张表，请改用表名：{table_names}", foreign=True)
        return read(name, data, table, names)

    return named


def _json(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
    return read_json(name, data, table or names.table_named(Path(name).stem), names)


def _no_table(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
    raise UnreadableError(_other(name), foreign=True)


def _no_result(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
    raise UnreadableError(f"“{name}”不能作为评估结果读取，请填写评分表、以工作簿报送")


def _other(name: str) -> str:
    """Why a file of a kind that is no table is not read."""
    suffix = Path(name).suffix.lower()
    if suffix in FOREIGN:
        return f"压缩包“{name}”不是zip格式，无法打开，请解压或改为zip后重新提交"
    return f"文件“{name}”不能作为申报表读取，请提交工作簿；如是附件，请在“申报材料”中写明文件名"


_READERS: Final[dict[str, _Reader]] = {
    ".csv": _by_name(read_delimited),
    ".tsv": _by_name(read_delimited),
    ".txt": _by_name(read_delimited),
    ".json": _json,
}
