"""JSON with applications and what belongs to them nested, read into parts.

Three shapes are read: a list of applications (or of rows, when the file is named after a table), an object with an
array for each table, and one application alone. Under a column map, objects within objects are read as well: a field of
one is named with dots, `base.name`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from schemas.submission import APPLICATIONS, FORM_TABLES, READ_TABLES, Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.text import cell_text
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part, UnknownColumn, UnreadableError
from tasks.gateways.sources.formats import limits
from tasks.gateways.sources.formats.delimited import decoded

_NESTED = {table.name for table in FORM_TABLES} - {APPLICATIONS.name}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_Cells = dict[str, str | int | None]
#: A portal nests its form a few times; deeper than this nothing is looked for.
_DEEPEST = 8
#: Whether a record of a table is read; one that is not keeps its place in the count.
Admission = Callable[[Table, Any], bool]


@dataclass(eq=False)
class _Reading:
    """What has been read of one file so far, and the words of it no table has."""

    file: str
    names: headers.Names
    rows: dict[str, list[_Cells]] = field(default_factory=dict)
    unknown: dict[UnknownColumn, None] = field(default_factory=dict)


def read_json(
    name: str,
    data: bytes,
    table: Table | None,
    names: headers.Names = headers.CONTRACT,
    admits: Admission = lambda _table, _record: True,
) -> FileContent:
    """The file's rows of every table it names; `table` is the one its name gives, if any."""
    reading = _Reading(name, names)
    for holder, records in _arrays(reading, loaded(name, data), table or APPLICATIONS):
        reading.rows.setdefault(holder.name, [])
        for place, record in enumerate(records, start=1):
            if not admits(holder, record):
                continue
            if holder is APPLICATIONS:
                _add_application(reading, place, record)
            else:
                _add(reading, holder, place, record)
    parts = [Part(name, holder, _frame(name, READ_TABLES[holder], rows)) for holder, rows in reading.rows.items()]
    return FileContent(parts, list(reading.unknown))


def loaded(name: str, data: bytes) -> Any:
    """What the text says; raises UnreadableError with the line where it is no JSON."""
    text = decoded(name, data).removeprefix("\ufeff")
    try:
        return json.loads(text)
    except RecursionError as deep:
        raise UnreadableError(f"文件“{name}”嵌套层数过多，请按约定的结构重新导出后提交") from deep
    except json.JSONDecodeError as broken:
        raise UnreadableError(f"文件“{name}”第{broken.lineno}行不是正确的JSON，请检查后重新提交") from broken
    except ValueError as broken:
        raise UnreadableError(f"文件“{name}”含有位数过多的数字，请改为文本后重新提交") from broken


def flat(names: headers.Names, record: Any) -> Any:
    """An object with the fields of the objects in it named with dots, where the names of the source are nested."""
    if not names.nested or not isinstance(record, dict):
        return record
    for _ in range(_DEEPEST):
        if not any(isinstance(value, dict) for value in record.values()):
            break
        unfolded: dict[str, Any] = {}
        for word, value in record.items():
            unfolded |= (
                {f"{word}.{inner}": cell for inner, cell in value.items()} if type(value) is dict else {word: value}
            )
        record = unfolded
    return record


def _arrays(reading: _Reading, top: Any, table: Table) -> Iterator[tuple[Table, list[Any]]]:
    if isinstance(top, list):
        yield table, top
        return
    names = reading.names
    words: dict[str, Any] = flat(names, top) if isinstance(top, dict) else {}
    if any(names.column_named(APPLICATIONS.name, word) == "application_no" for word in words):
        yield APPLICATIONS, [words]
        return
    if not any(names.table_named(word) for word in words):
        raise UnreadableError(f"文件“{reading.file}”里没有任何一张申报表，请按约定的结构重新导出后提交", foreign=True)
    for word, value in words.items():
        holder = names.table_named(word)
        if holder is None:
            _note_unknown(reading, "", word)
        elif isinstance(value, list):
            yield holder, value
        else:
            raise UnreadableError(f"文件“{reading.file}”的“{holder.title}”不是列表，请按约定的结构重新导出后提交")


def _add_application(reading: _Reading, place: int, record: Any) -> None:
    """One application and the rows nested in it; a flaw in these is the application's."""
    arrays: dict[str, Any] = {}
    record = flat(reading.names, record)
    if isinstance(record, dict):
        named = {word: reading.names.table_named(word) for word in record}
        arrays = {word: record[word] for word, table in named.items() if table and table.name in _NESTED}
        record = {word: value for word, value in record.items() if word not in arrays}
    application = _add(reading, APPLICATIONS, place, record)
    owner = str(application.get("application_no") or "")
    for word, records in arrays.items():
        table = reading.names.table_named(word)
        assert table is not None
        if not isinstance(records, list):
            application[FLAW] = f"文件“{reading.file}”第{place}份申报的“{table.title}”不是列表，请按约定的结构重新导出"
            continue
        reading.rows.setdefault(table.name, [])
        for row, item in enumerate(records, start=1):
            flaw = _adopt(_add(reading, table, row, item), owner)
            if flaw:
                application[FLAW] = f"文件“{reading.file}”第{place}份申报的“{table.title}”第{row}条{flaw}"


def _adopt(cells: _Cells, owner: str) -> str | None:
    """Puts a nested row under its application; says what is wrong with it, if anything."""
    flaw = "不是正确的对象，请按约定的结构重新导出" if cells[FLAW] else None
    named = str(cells.get("application_no") or "").strip()
    if named and named != owner.strip():
        flaw = "写有另一份申报的编号，请核对"
    cells["application_no"] = owner
    cells[FLAW] = None
    return flaw


def _add(reading: _Reading, table: Table, place: int, record: Any) -> _Cells:
    """One record as cells; what cannot be a cell makes the row flawed, never the file."""
    cells: _Cells = {LINE: place, FLAW: None}
    reading.rows[table.name].append(cells)
    flaw = None
    record = flat(reading.names, record)
    for word, value in record.items() if isinstance(record, dict) else ():
        column = reading.names.column_named(table.name, word)
        if column is None:
            _note_unknown(reading, table.name, word)
        elif column in cells:
            flaw = f"的“{_whole(word)}”与另一列同名，请只保留一个"
        else:
            try:
                cells[column] = value if type(value) is str else cell_text(value)
            except TypeError:
                flaw = f"的“{_whole(word)}”不是文字或数字，请按约定的结构重新导出"
    if not isinstance(record, dict):
        flaw = "不是对象，请按约定的结构重新导出"
    if flaw:
        cells[FLAW] = f"文件“{reading.file}”“{table.title}”第{place}条{flaw}"
    return cells


def _note_unknown(reading: _Reading, table: str, word: str) -> None:
    if not reading.names.is_ignored(table, word):
        reading.unknown[UnknownColumn(reading.file, table, _whole(word))] = None
        limits.check_columns(reading.file, len(reading.unknown))


def _frame(name: str, table: Table, rows: list[_Cells]) -> pl.DataFrame:
    limits.check_rows(name, len(rows))
    schema: dict[str, pl.DataType] = {column: pl.String() for column in (*table.names, FLAW)}
    cells = {column: [row.get(column) for row in rows] for column in schema}
    lines = pl.Series(LINE, [row[LINE] for row in rows], pl.Int64)
    try:
        return pl.DataFrame(cells, schema=schema).with_columns(lines)
    except UnicodeEncodeError:  # half a character, which JSON can spell and no other format can hold
        whole = {name: [None if cell is None else _whole(str(cell)) for cell in row] for name, row in cells.items()}
        return pl.DataFrame(whole, schema=schema).with_columns(lines)


def _whole(text: str) -> str:
    return _LONE_SURROGATE.sub("\ufffd", text)
