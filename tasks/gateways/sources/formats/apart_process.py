"""The process in which workbooks and Parquet files are opened, run as a script: what a hostile one does ends here.

The workbook library lays a sheet out as a full rectangle from A1 to its last value: one stray value at the far end asks
for hundreds of gigabytes, and an allocation that fails in it aborts the process, which nothing can catch. A Parquet file
of some kilobytes may unfold to as much, and the sizes it declares are only what its writer says. So it is never the
process of the pull, and it has limits of its own. It imports nothing of the program, to start in an instant.
"""

import pickle
import resource
import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO, Final

MEMORY_BYTES: Final = 3 * 1024**3
#: Of processor time, for one file; the largest a reader takes (200 MB unfolded) needs a quarter of it.
SECONDS: Final = 120
#: What a Parquet file may unfold to; the pull holds it twice.
MAX_COLUMNS_BYTES: Final = 1024**3
#: The first day of the year 1 and the last of 9999, counted from 1970.
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
LENGTH_BYTES: Final = 8


def sheets(data: bytes) -> bytes:
    """The pickled worksheets (name, lines of typed cells from A1, merged ranges), or None for what does not open."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum  # noqa: PLC0415  not for Parquet

    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as workbook:
            names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            found = [(name, workbook.get_sheet_by_name(name)) for name in names]
            # plain tuples: the program's classes are not known here
            return pickle.dumps(
                [
                    (name, sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges or [])
                    for name, sheet in found
                ]
            )
    except CalamineError:
        return pickle.dumps(None)


def columns(data: bytes) -> bytes | memoryview:
    """The table as an Arrow stream, nothing for what is no whole Parquet file; too much of it ends the process."""
    import pyarrow as pa  # noqa: PLC0415  not for workbooks
    import pyarrow.compute  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    pa.set_memory_pool(pa.system_memory_pool())  # the others reserve address space by the gigabyte
    try:
        table = pq.ParquetFile(BytesIO(data)).read(use_threads=False)
        # a text that stands in every row as a reference is written out in each: what is small here is all there is
        table = table.cast(pa.schema([field.with_type(_written_out(pa, field.type)) for field in table.schema]))
        _check_days(pa, table)
        table.validate(full=True)  # the frame takes names and text on trust, and panics or worse on bad ones
        if table.nbytes > MAX_COLUMNS_BYTES:
            raise MemoryError
        target = pa.BufferOutputStream()
        with pa.ipc.new_stream(target, table.schema) as stream:
            stream.write_table(table)
        return memoryview(target.getvalue())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowKeyError, OSError, ValueError):
        return b""


def _check_days(pa: Any, table: Any) -> None:
    """Raises ValueError for days no calendar has: asked to write one as text, the frame panics."""
    for column in table.columns:
        if pa.types.is_date32(column.type) and len(column):
            days = pa.compute.min_max(column.cast(pa.int32())).as_py()
            if days["min"] is not None and not FIRST_DAY <= days["min"] <= days["max"] <= LAST_DAY:
                raise ValueError("a day beyond the calendar")


def _written_out(pa: Any, kind: Any) -> Any:
    """The type without dictionaries, views and runs, which let one text stand in millions of rows."""
    of = pa.types
    if of.is_dictionary(kind) or of.is_run_end_encoded(kind):
        return _written_out(pa, kind.value_type)
    if of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind):
        return pa.large_list(_written_out(pa, kind.value_type))
    if of.is_string(kind) or of.is_string_view(kind) or of.is_decimal256(kind):
        return pa.large_string()  # also numbers of more digits than the frame knows
    if of.is_binary_view(kind):
        return pa.large_binary()
    return pa.date32() if of.is_date64(kind) else kind


READERS: Final[dict[str, Callable[[bytes], Any]]] = {"sheets": sheets, "columns": columns}


def serve(read: Callable[[bytes], Any], requests: BinaryIO, replies: BinaryIO) -> None:
    """Answers the bytes of each file with what is read of it, until the requests end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold what applicants handed in
    while length := requests.read(LENGTH_BYTES):
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        reply = read(requests.read(int.from_bytes(length)))
        replies.write(len(reply).to_bytes(LENGTH_BYTES))
        replies.write(reply)
        replies.flush()


if __name__ == "__main__":
    serve(READERS[sys.argv[1]], sys.stdin.buffer, sys.stdout.buffer)
