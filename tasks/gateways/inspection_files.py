"""Lists of inspectors and of inspection outcomes as they come in a file; entering them belongs to inspection."""

from pathlib import Path

import pandas as pd
import polars as pl
from python_calamine import CalamineError

from expectations.side_tables import readable
from schemas.submission import Table
from tasks.gateways.sources import cleaning, headers

_ENCODINGS = ("utf-8-sig", "gb18030")


class UnreadableListError(ValueError):
    """A file that is no such list: one sentence that says how to mend it."""


def read_list(file: Path, table: Table, timezone: str) -> tuple[pd.DataFrame, list[str]]:
    """The readable rows of a CSV or XLSX file under English or Chinese headers, and a sentence for each row left out.

    Raises UnreadableListError for a file of another kind, or without one of the columns.
    """
    rows = _raw(file)
    known = {headers.key(name): column.name for column in table.columns for name in (column.name, column.title)}
    named = rows.rename(columns={name: known.get(headers.key(str(name)), str(name)) for name in rows.columns})
    missing = [column.title for column in table.columns if column.name not in named and not column.optional]
    if missing:
        raise UnreadableListError(f"“{file.name}”缺少“{'、'.join(missing)}”列，请按“{table.title}”的表头补上后重新导入")
    cells = named.reindex(columns=table.names).astype("str").dropna(how="all")
    cleaned = cleaning.clean_table(pl.from_pandas(cells.reset_index(drop=True)), table)
    return readable(cleaned.with_row_index("row", 1).to_pandas(), table, timezone)


def _raw(file: Path) -> pd.DataFrame:
    if file.suffix.lower() == ".xlsx":
        try:
            return pd.read_excel(file, dtype="str", engine="calamine")
        except (CalamineError, ValueError) as broken:
            raise UnreadableListError(f"“{file.name}”不是可以打开的工作簿，请重新保存后再导入") from broken
    if file.suffix.lower() != ".csv":
        raise UnreadableListError(f"“{file.name}”不是.csv或.xlsx文件，请另存为其中一种后重新导入")
    for encoding in _ENCODINGS:
        try:
            return pd.read_csv(file, dtype="str", encoding=encoding)
        except UnicodeDecodeError:
            continue  # the next encoding is tried
        except pd.errors.ParserError as broken:
            raise UnreadableListError(f"“{file.name}”的各行列数不一致，请检查逗号和引号后重新导入") from broken
        except pd.errors.EmptyDataError as empty:
            raise UnreadableListError(f"“{file.name}”是空文件，请填写后重新导入") from empty
    raise UnreadableListError(f"“{file.name}”的编码无法识别，请另存为UTF-8编码后重新导入")
