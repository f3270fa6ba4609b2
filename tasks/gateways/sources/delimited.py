"""One CSV file, comma or tab, UTF-8, UTF-16 or GB18030, read into a part of one table; not cleaned."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice

import polars as pl

from schemas.submission import Table
from tasks.gateways.sources import headers, limits
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part, UnknownColumn, UnreadableError

#: Far more than a title and a header take, and less than a field may have.
_HEAD = 65_536
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_delimited(name: str, data: bytes, table: Table) -> FileContent:
    """The file's rows of one table; raises UnreadableError with the line where it breaks off."""
    text = decoded(name, data)
    delimiter, start, head = _header(name, text, table)
    body = _rows(name, text, delimiter, start, len(head))
    limits.check_rows(name, len(body))
    found = headers.header(table, head)
    if found.repeated:
        titles = "、".join(table.column(column).title for column in found.repeated)
        raise UnreadableError(f"文件“{name}”的表头“{titles}”出现不止一次，请只保留一列后重新提交")
    rows = body.select(
        *(pl.col(f"c{place}").alias(column) for column, place in found.columns.items()),
        (pl.int_range(pl.len()) + start + 2).alias(LINE),
        FLAW,
    )
    unknown = [UnknownColumn(name, table.name, column.strip()) for _, column in found.unknown]
    return FileContent([Part(name, table.name, rows)], unknown)


def decoded(name: str, data: bytes) -> str:
    """Bytes as text: by byte order mark, else UTF-8, else GB18030."""
    encoding = next((coding for bom, coding in _BOMS.items() if data.startswith(bom)), None)
    if encoding is None and b"\x00" in data:
        raise UnreadableError(f"文件“{name}”不是文本文件，请重新导出为CSV（UTF-8）或JSON后提交")
    for candidate in [encoding] if encoding else ["utf-8", "gb18030"]:
        try:
            return _lines(data.decode(candidate))
        except UnicodeDecodeError as broken:
            failure = broken
            if candidate == "utf-8" and _is_damaged_utf8(data):
                break
    line = data[: failure.start].count(b"\n") + 1
    raise UnreadableError(f"文件“{name}”第{line}行有无法识别的字符编码，请另存为UTF-8编码后重新提交")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether most of the Chinese is right as UTF-8: GB18030 would read a damaged UTF-8 file as other characters."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return len(re.findall(r"[^\x00-\x7f\ufffd]", text)) > 2 * broken


def _header(name: str, text: str, table: Table) -> tuple[str, int, list[str]]:
    """Delimiter, place of the header among the records from 0, its cells."""
    best: tuple[int, str, int, list[str]] = (0, ",", 0, [])
    for delimiter in ",\t":
        # not strict: under the wrong delimiter a file full of quotation marks looks broken
        reader = csv.reader(StringIO(text[:_HEAD], newline=""), delimiter=delimiter)
        records = list(islice(reader, headers.SEARCHED_LINES))
        line = headers.header_line(table, records)
        if line is not None:
            score = len(headers.header(table, records[line]).columns)
            best = max(best, (score, delimiter, line, records[line]), key=lambda found: found[0])
    if best[0] == 0:
        raise UnreadableError(
            f"文件“{name}”没有“{table.title}”表的表头，请在首行写上列名（如“{table.columns[0].title}”）后重新提交",
            foreign=True,
        )
    return best[1:]


def _records(name: str, text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as broken:
        raise UnreadableError(
            f"文件“{name}”在第{reader.line_num}行附近引号或内容有误，无法读下去，请检查双引号是否成对后重新提交"
        ) from broken


def _rows(name: str, text: str, delimiter: str, start: int, width: int) -> pl.DataFrame:
    """The records below the header as columns c0, c1 and so on, and the flaw of those that are too long."""
    columns = [f"c{place}" for place in range(width)]
    if '"' not in text:
        try:
            return _fast(text, delimiter, start, columns)
        except pl.exceptions.PolarsError:
            pass  # some line is longer or shorter than the header; reading record by record names it
    records = list(islice(_records(name, text, delimiter), start + 1, None))
    too_long = [any(cell.strip() for cell in record[width:]) for record in records]
    flaws = [
        f"文件“{name}”第{start + 2 + place}行比表头多出内容，请检查是否有未加引号的逗号" if wrong else None
        for place, wrong in enumerate(too_long)
    ]
    filled = [record[:width] + [""] * (width - len(record)) for record in records]
    cells = {column: [record[place] for record in filled] for place, column in enumerate(columns)}
    return pl.DataFrame({**cells, FLAW: flaws}, schema={**dict.fromkeys(columns, pl.String()), FLAW: pl.String()})


def _fast(text: str, delimiter: str, start: int, columns: list[str]) -> pl.DataFrame:
    body = text.split("\n", start + 1)[start + 1 :]
    if not body or not body[0].strip("\n"):
        return pl.DataFrame(schema={**dict.fromkeys(columns, pl.String()), FLAW: pl.String()})
    frame = pl.read_csv(
        body[0].encode(),
        has_header=False,
        schema=dict.fromkeys(columns, pl.String()),
        separator=delimiter,
        quote_char=None,
    )
    return frame.with_columns(pl.lit(None, pl.String).alias(FLAW))
