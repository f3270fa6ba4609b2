"""The process in which workbooks are opened, run as a script: what a broken or hostile one does to memory ends here.

The library lays a sheet out as a full rectangle from A1 to its last value. One stray value at the far end asks for
hundreds of gigabytes, and an allocation that fails in it aborts the process, which nothing can catch. So it is never
the process of the pull, and it has limits of its own. It imports nothing of the program, to start in an instant.
"""

import pickle
import resource
import sys
from io import BytesIO
from typing import Any, BinaryIO, Final, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

MEMORY_BYTES: Final = 3 * 1024**3
#: Of processor time, for one workbook; the largest a reader takes (200 MB unfolded) needs a quarter of it.
SECONDS: Final = 120
LENGTH_BYTES: Final = 8


class Sheet(NamedTuple):
    """A sheet from A1: typed cells line by line, and its merged ranges as (top, left), (bottom, right)."""

    name: str
    lines: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answers each workbook with its sheets, or with None where it does not open, until the requests end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold what applicants handed in
    while length := requests.read(LENGTH_BYTES):
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        reply = pickle.dumps(_sheets(requests.read(int.from_bytes(length))))
        replies.write(len(reply).to_bytes(LENGTH_BYTES))
        replies.write(reply)
        replies.flush()


def _sheets(data: bytes) -> list[tuple[Any, ...]] | None:
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as workbook:
            names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            found = [(name, workbook.get_sheet_by_name(name)) for name in names]
            # plain tuples: the pull knows the class under another module's name
            return [
                (name, sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges or []) for name, sheet in found
            ]
    except CalamineError:
        return None


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
