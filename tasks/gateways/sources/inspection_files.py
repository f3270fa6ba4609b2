"""Lists of inspectors and of inspection outcomes as they come in a file."""

from io import StringIO
from pathlib import Path

import pandas as pd
import polars as pl

from expectations.side_tables import readable
from schemas.errors import FilingError
from schemas.submission import Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.reader import read_table
from tasks.gateways.sources.cells.text import cell_text
from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.formats import plain_files
from tasks.gateways.sources.formats.delimited import decoded
from tasks.gateways.sources.formats.sheets import SheetOpener


class UnreadableListError(FilingError, ValueError):
    """A file that is no such list: one sentence that says how to mend it."""


def read_list(file: Path, table: Table) -> tuple[pd.DataFrame, list[str]]:
    """The readable rows of a CSV or XLSX file under English or Chinese headers, and a sentence for each row left out.

    Raises UnreadableListError for a file of another kind, or without one of the columns.
    """
    rows = _raw(file)
    known = {headers.key(name): column.name for column in table.columns for name in (column.name, column.title)}
    named = rows.rename(columns={name: known.get(headers.key(str(name)), str(name)) for name in rows.columns})
    missing = [column.title for column in table.columns if column.name not in named and not column.optional]
    if missing:
        raise UnreadableListError(f"“{file.name}”缺少“{'、'.join(missing)}”列，请按“{table.title}”的表头补上后重新导入")
    twice = [column.title for column in table.columns if list(named.columns).count(column.name) > 1]
    if twice:
        raise UnreadableListError(f"“{file.name}”的列“{'、'.join(twice)}”出现不止一次，请只保留一列后重新导入")
    cells = named.reindex(columns=table.names).astype("str").dropna(how="all")
    read = read_table(pl.from_pandas(cells.reset_index(drop=True)), table)
    return readable(read.with_row_index("row", 1).to_pandas(), table)


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
        return pd.read_csv(StringIO(decoded(name, data)), dtype="str")
    except pd.errors.ParserError as broken:
        raise UnreadableListError(f"“{name}”的各行列数不一致，请检查逗号和引号后重新导入") from broken
    except pd.errors.EmptyDataError as empty:
        raise UnreadableListError(f"“{name}”是空文件，请填写后重新导入") from empty
