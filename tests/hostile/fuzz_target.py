"""One reader fed by atheris with bytes that steer it into new branches, for some seconds; run as a script.

Arguments: the reader, the seconds, a folder of seeds. The number of inputs tried is in `count` in FUZZ_FOLDER.
"""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import atheris
import polars as pl

with atheris.instrument_imports(include=["tasks.gateways", "schemas.submission"]):
    from schemas.inspection import INSPECTORS_TABLE
    from schemas.submission import READ_TABLES
    from tasks.gateways.sources.cells.reader import read_table
    from tasks.gateways.sources.contents import FileContent, UnreadableError
    from tasks.gateways.sources.doors import UnreadableListError, read_list
    from tasks.gateways.sources.formats.columnar import ColumnOpener, read_columnar
    from tasks.gateways.sources.formats.delimited import read_delimited
    from tasks.gateways.sources.formats.nested_json import read_json
    from tasks.gateways.sources.formats.scoring import read_sheets
    from tasks.gateways.sources.formats.sheets import SheetOpener
    from tasks.gateways.sources.formats.workbooks import read_workbook

_FOLDER = Path(os.environ["FUZZ_FOLDER"])
_SHEETS, _COLUMNS = SheetOpener(), ColumnOpener()
_STAFF = READ_TABLES["staff"]


def _cleaned(read: Callable[[bytes], FileContent]) -> Callable[[bytes], None]:
    """A reader, and the cleaning of what it read."""

    def tried(data: bytes) -> None:
        try:
            content = read(data)
        except UnreadableError:
            return
        for part in content.parts:
            table = READ_TABLES[part.table]
            columns = part.rows.with_columns(
                pl.lit(None, pl.String).alias(name) for name in table.names if name not in part.rows.columns
            )
            read_table(columns, table).write_json()

    return tried


def _scoring(data: bytes) -> None:
    try:
        read_sheets("评分表.xlsx", _SHEETS.open("评分表.xlsx", data))
    except UnreadableError:
        return


def _inspectors(data: bytes) -> None:
    file = _FOLDER / "list.csv"
    file.write_bytes(data)
    try:
        read_list(file, INSPECTORS_TABLE)
    except UnreadableListError:
        return


READERS: dict[str, Callable[[bytes], object]] = {
    "csv": _cleaned(lambda data: read_delimited("f.csv", data, _STAFF)),
    "json": _cleaned(lambda data: read_json("f.json", data, None)),
    "xlsx": _cleaned(lambda data: read_workbook("f.xlsx", _SHEETS.open("f.xlsx", data))),
    "parquet": _cleaned(lambda data: read_columnar("f.parquet", _COLUMNS.open("f.parquet", data), _STAFF)),
    "scoring": _scoring,
    "inspectors": _inspectors,
}


def main() -> None:
    reader, seconds, seeds = sys.argv[1:4]
    logging.disable(logging.CRITICAL)

    done = 0

    def tried(data: bytes) -> None:
        nonlocal done
        READERS[reader](data)
        done += 1
        (_FOLDER / "count").write_text(str(done))

    options = [
        f"-max_total_time={seconds}",
        "-rss_limit_mb=4096",
        "-timeout=30",
        "-verbosity=0",
        "-seed=1",
        "-max_len=20000",
    ]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={_FOLDER}/", seeds], tried)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
