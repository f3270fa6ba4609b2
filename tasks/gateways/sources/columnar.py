"""One Parquet file read into a part of one table; cleaning does not belong here."""

from io import BytesIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.submission import Table
from tasks.gateways.sources import headers, limits
from tasks.gateways.sources.cells import EXACT_BELOW, cell_text
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part, UnknownColumn, UnreadableError

_MAX_UNFOLDED = 4 * limits.MAX_FILE_BYTES


def read_columnar(name: str, data: bytes, table: Table, names: headers.Names = headers.CONTRACT) -> FileContent:
    """The file's rows of one table, whatever types its columns have."""
    try:
        _check(name, data)
        arrow = pq.read_table(BytesIO(data))
        arrow.validate(full=True)  # the frame below takes names and text on trust, and panics or worse on bad ones
        frame = pl.from_arrow(arrow.rename_columns(list(arrow.column_names)))
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as broken:
        raise UnreadableError(f"文件“{name}”不是完整的Parquet文件，可能已损坏，请重新导出后提交") from broken
    if not isinstance(frame, pl.DataFrame):
        raise UnreadableError(f"文件“{name}”不是一张表，请重新导出后提交")
    found = headers.header(table, frame.columns, names)
    if not found.columns:
        raise UnreadableError(f"文件“{name}”没有“{table.title}”表的任何一列，请检查列名后重新提交", foreign=True)
    if found.repeated:
        titles = "、".join(table.column(column).title for column in found.repeated)
        raise UnreadableError(f"文件“{name}”的列“{titles}”出现不止一次，请只保留一列后重新提交")
    cells = [_text(name, frame.to_series(place)).alias(column) for column, place in found.columns.items()]
    rows = pl.DataFrame(cells).with_columns(
        (pl.int_range(pl.len()) + 1).alias(LINE), pl.lit(None, pl.String).alias(FLAW)
    )
    unknown = [UnknownColumn(name, table.name, column) for _, column in found.unknown]
    return FileContent([Part(name, table.name, rows)], unknown)


def _check(name: str, data: bytes) -> None:
    facts = pq.ParquetFile(BytesIO(data)).metadata
    limits.check_rows(name, facts.num_rows)
    if sum(facts.row_group(place).total_byte_size for place in range(facts.num_row_groups)) > _MAX_UNFOLDED:
        raise UnreadableError(f"文件“{name}”展开后过大，请拆分成几个文件后重新提交")


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
    shown = wide.replace_strict(others, [cell_text(value) for value in others], default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(digits, shown)).to_series().alias(cells.name)
