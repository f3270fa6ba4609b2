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
    import pyarrow.parquet as pq  # noqa: PLC0415

    pa.set_memory_pool(pa.system_memory_pool())  # the others reserve address space by the gigabyte
    try:
        table = pq.ParquetFile(BytesIO(data)).read(use_threads=False)
        table.validate(full=True)  # the frame takes names and text on trust, and panics or worse on bad ones
        if table.nbytes > MAX_COLUMNS_BYTES:
            raise MemoryError
        target = pa.BufferOutputStream()
        with pa.ipc.new_stream(target, table.schema) as stream:
            stream.write_table(table)
        return memoryview(target.getvalue())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowKeyError, OSError, ValueError):
        return b""


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
