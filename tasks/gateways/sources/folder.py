"""A folder of submissions, or one file, pulled whole; not how each format is read."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

from schemas.submission import READ_TABLES, Table
from tasks.gateways.sources.assembling import assemble
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.column_map import UNMAPPED, ColumnMap
from tasks.gateways.sources.contents import FileContent, Pull, QuarantinedFile, UnreadableError
from tasks.gateways.sources.formats import plain_files
from tasks.gateways.sources.formats.archives import ARCHIVES, FOREIGN, Opened, opened
from tasks.gateways.sources.formats.columnar import ColumnOpener, read_columnar
from tasks.gateways.sources.formats.delimited import read_delimited
from tasks.gateways.sources.formats.nested_json import read_json
from tasks.gateways.sources.formats.sheets import SheetOpener
from tasks.gateways.sources.formats.workbooks import read_workbook

#: Sub-folders that hold something else: what panels send back, and what materials name.
_OTHER_FOLDERS: Final = frozenset({"results", "attachments"})
WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".xlsb")
_Reader = Callable[[str, bytes, Table | None, headers.Names], FileContent]


def pull_folder(folder: Path, column_map: ColumnMap = UNMAPPED, missing: Sequence[QuarantinedFile] = ()) -> Pull:
    """Everything the folder and its sub-folders hold, in the order of the files' relative paths (contract section 4).

    A file that cannot be read is set aside with the reason and stops no other; `missing` are such files that are not in
    the folder, for they could not be brought into it. Raises NotADirectoryError when there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"'{folder}' is not a folder: name the folder that holds the submissions")
    locked: list[OSError] = []
    found = sorted((_shown(path.relative_to(folder)), path) for path in _submissions(folder, locked))
    archives = [each for each in found if each[1].suffix.lower() in ARCHIVES]
    with ExitStack() as stack:
        inside = Opened()
        if archives:
            spare = stack.enter_context(TemporaryDirectory(prefix="filing-archives-"))
            inside = opened(folder, archives, Path(spare))
        refused = [
            *((each, False) for each in missing),
            *((locked_folder(folder, error), False) for error in locked),
            *((each, True) for each in inside.refused),
        ]
        files = [(name, path, None) for name, path in found if (name, path) not in archives]
        files += [(name, path, None) for name, path in inside.files.items()]
        return _pull(folder, sorted(files, key=lambda file: file[0]), refused, column_map, inside.files)


def pull_file(file: Path, table: str) -> Pull:
    """One file that holds a table of `schemas.submission.READ_TABLES`, whatever its name; raises FileNotFoundError."""
    if not file.is_file():
        raise FileNotFoundError(f"'{file}' is not a file: name the file to import")
    return _pull(file.parent, [(_shown(Path(file.name)), file, READ_TABLES[table])], [], UNMAPPED)


def _pull(
    root: Path,
    files: list[tuple[str, Path, Table | None]],
    refused: list[tuple[QuarantinedFile, bool]],
    column_map: ColumnMap,
    unpacked: Mapping[str, Path] = MappingProxyType({}),
) -> Pull:
    contents: list[FileContent] = []
    with SheetOpener() as opener, ColumnOpener() as unfolder:
        readers = {**_READERS, **dict.fromkeys(WORKBOOKS, _workbook(opener)), ".parquet": _by_name(_parquet(unfolder))}
        for name, path, table in files:
            try:
                read = readers.get(path.suffix.lower(), _no_table)
                origin = path.parent if name in unpacked else root
                content = read(name, plain_files.content(origin, name, path), table, column_map.names)
                contents.append(column_map.translated(content))
            except UnreadableError as unreadable:
                refused.append((QuarantinedFile(name, unreadable.reason, path=path), unreadable.foreign))
    return assemble(root, contents, refused, unpacked)


def _submissions(folder: Path, locked: list[OSError]) -> Iterator[Path]:
    for where, folders, names in plain_files.walk(folder, locked.append):
        folders[:] = [name for name in folders if not name.startswith(".") and name.lower() not in _OTHER_FOLDERS]
        for name in names:
            path = where / name
            if plain_files.is_handed_in(name):
                yield path


def locked_folder(folder: Path, error: OSError) -> QuarantinedFile:
    """A sub-folder that cannot be opened, told as a file that cannot be read is."""
    name = _shown(Path(error.filename).relative_to(folder))
    return QuarantinedFile(name, f"文件夹“{name}”无法打开（{error.strerror}），请检查权限后重新提交")


def _shown(relative: Path) -> str:
    """A path as text that every file and database takes; names from other systems may not be UTF-8."""
    return os.fsencode(relative.as_posix()).decode("utf-8", errors="replace")


def _workbook(opener: SheetOpener) -> _Reader:
    def read(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
        try:
            return read_workbook(name, opener.open(name, data), table, names)
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
            known = "、".join(f"{each.name}（{each.title}）" for each in READ_TABLES.values())
            raise UnreadableError(f"文件“{name}”的名称不是任何一张表，请改用表名：{known}", foreign=True)
        return read(name, data, table, names)

    return named


def _json(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
    return read_json(name, data, table or names.table_named(Path(name).stem), names)


def _no_table(name: str, data: bytes, table: Table | None, names: headers.Names) -> FileContent:
    raise UnreadableError(_other(name), foreign=True)


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
#: What a submission or a result may lie in.
SUFFIXES: Final = frozenset({*WORKBOOKS, ".parquet", *_READERS})
