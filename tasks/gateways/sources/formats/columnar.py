"""One Parquet file, unfolded in a process apart, read into a part of one table."""

from io import BytesIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.submission import Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.text import EXACT_BELOW, cell_text
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part, UnknownColumn, UnreadableError
from tasks.gateways.sources.formats import limits
from tasks.gateways.sources.formats.sandbox import EndedError, Sandbox

#: What a column of a type the frame does not know ends in; it is no Exception.
_PANIC: type[BaseException] = pl.exceptions.PanicException


class ColumnOpener(Sandbox):
    """Unfolds one Parquet file after another."""

    def __init__(self) -> None:
        super().__init__("columns")

    def open(self, name: str, data: bytes) -> pa.Table:
        """The file's table; raises UnreadableError where it does not unfold within the limits."""
        try:
            # what it says of itself need not be true, but a true one is refused without unfolding it
            limits.check_rows(name, pq.ParquetFile(BytesIO(data)).metadata.num_rows)
            reply = self.ask(data)
        except EndedError as ended:
            raise UnreadableError(
                f"文件“{name}”无法在限定的内存和时间内读完，展开后过大或已损坏，请拆分成几个文件后重新提交"
            ) from ended
        except (pa.ArrowException, OSError, ValueError) as broken:
            raise UnreadableError(_broken(name)) from broken
        if not reply:
            raise UnreadableError(_broken(name))
        return pa.ipc.open_stream(reply).read_all()


def _broken(name: str) -> str:
    return f"文件“{name}”不是完整的Parquet文件，可能已损坏，请重新导出后提交"


def read_columnar(name: str, arrow: pa.Table, table: Table, names: headers.Names = headers.CONTRACT) -> FileContent:
    """The file's rows of one table, whatever types its columns have."""
    limits.check_rows(name, arrow.num_rows)
    limits.check_columns(name, arrow.num_columns)
    try:
        return _content(name, pl.from_arrow(arrow.rename_columns(list(arrow.column_names))), table, names)
    except (pl.exceptions.PolarsError, ValueError, TypeError, _PANIC) as broken:
        raise UnreadableError(f"文件“{name}”有无法读取的列类型，请将各列改为文本后重新导出") from broken


def _content(name: str, frame: object, table: Table, names: headers.Names) -> FileContent:
    if not isinstance(frame, pl.DataFrame):
        raise UnreadableError(f"文件“{name}”不是一张表，请重新导出后提交")
    header = headers.header(table, frame.columns, names)
    if not header.columns:
        raise UnreadableError(f"文件“{name}”没有“{table.title}”表的任何一列，请检查列名后重新提交", foreign=True)
    if header.repeated:
        titles = "、".join(table.column(column).title for column in header.repeated)
        raise UnreadableError(f"文件“{name}”的列“{titles}”出现不止一次，请只保留一列后重新提交")
    cells = [_text(name, frame.to_series(place)).alias(column) for column, place in header.columns.items()]
    rows = pl.DataFrame(cells).with_columns(
        (pl.int_range(pl.len()) + 1).alias(LINE), pl.lit(None, pl.String).alias(FLAW)
    )
    unknown = [UnknownColumn(name, table.name, column) for _, column in header.unknown]
    return FileContent([Part(name, table.name, rows)], unknown)


def _text(name: str, cells: pl.Series) -> pl.Series:
    kind = cells.dtype
    if isinstance(kind, pl.List) and not kind.inner.is_nested():
        return cells.cast(pl.List(pl.String)).list.join(",")
    if kind.is_nested() or kind == pl.Object:
        raise UnreadableError(f"文件“{name}”的列“{cells.name}”不是普通单元格，请改为文本后重新提交")
    if isinstance(kind, pl.Datetime):
        return cells.dt.strftime("%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if kind.time_zone else ""))
    if kind.is_float():
        return _floats(cells)
    try:
        return cells.cast(pl.String)
    except pl.exceptions.PolarsError as broken:
        raise UnreadableError(f"文件“{name}”的列“{cells.name}”无法读作文本，请改为文本后重新提交") from broken


def _floats(cells: pl.Series) -> pl.Series:
    wide = cells.cast(pl.Float64).fill_nan(None)
    whole = (wide == wide.round()) & (wide.abs() < EXACT_BELOW)
    digits = wide.set(~whole, None).cast(pl.Int64).cast(pl.String)
    others = wide.filter(~whole).unique().drop_nulls().to_list()
    texts = wide.replace_strict(others, [cell_text(value) for value in others], default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(digits, texts)).to_series().alias(cells.name)
