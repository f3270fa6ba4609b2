"""One text file of cells between commas, tabs and the like, in UTF-8, UTF-16 or GB18030, read into a part of one table."""

import csv
from dataclasses import dataclass
from io import StringIO
from itertools import islice

import polars as pl

from schemas.submission import Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part, UnknownColumn, UnreadableError
from tasks.gateways.sources.formats import limits

#: Far more than a title and a header take, and less than a field may have.
_HEAD = 65_536
#: What stands between cells; where two would do, the first.
_DELIMITERS = ",\t;|，"
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class _Head:
    """Where the header stands: after how many records and how many lines of text, and its cells."""

    delimiter: str
    records: int
    lines: int
    names: list[str]


def read_delimited(name: str, data: bytes, table: Table, names: headers.Names = headers.CONTRACT) -> FileContent:
    """The file's rows of one table; raises UnreadableError with the line where it breaks off."""
    text = decoded(name, data)
    head = _head(name, text, table, names)
    limits.check_columns(name, len(head.names))
    header = headers.header(table, head.names, names)
    if header.repeated:
        titles = "、".join(table.column(column).title for column in header.repeated)
        raise UnreadableError(f"文件“{name}”的表头“{titles}”出现不止一次，请只保留一列后重新提交")
    body = _rows(name, text, head)
    limits.check_rows(name, len(body))
    rows = body.select(
        *(pl.col(f"c{place}").alias(column) for column, place in header.columns.items()),
        (pl.int_range(pl.len()) + head.records + 2).alias(LINE),
        FLAW,
    )
    unknown = [UnknownColumn(name, table.name, column.strip()) for _, column in header.unknown]
    return FileContent([Part(name, table.name, rows)], unknown)


def decoded(name: str, data: bytes) -> str:
    """Bytes as text: by byte order mark, else UTF-8, else GB18030."""
    limits.check_text(name, data)
    encoding = next((coding for bom, coding in _BOMS.items() if data.startswith(bom)), None)
    if encoding is None and b"\x00" in data:
        raise UnreadableError(f"文件“{name}”不是文本文件，请重新导出为CSV（UTF-8）或JSON后提交")
    for candidate in [encoding] if encoding else ["utf-8", "gb18030"]:
        try:
            return data.decode(candidate).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as broken:
            failure = broken
            if candidate == "utf-8" and _is_damaged_utf8(data, broken.start):
                break
    line = data[: failure.start].count(b"\n") + 1
    raise UnreadableError(f"文件“{name}”第{line}行有无法识别的字符编码，请另存为UTF-8编码后重新提交")


def _is_damaged_utf8(data: bytes, place: int) -> bool:
    """Whether the Chinese around a broken byte is right as UTF-8: GB18030 would read it as other characters."""
    around = data[max(place - _HEAD, 0) : place + _HEAD].decode("utf-8", errors="replace")
    broken = around.count("\ufffd")
    return len(around) - len(around.encode("ascii", errors="ignore")) - broken > 2 * broken


def _head(name: str, text: str, table: Table, column_names: headers.Names) -> _Head:
    """The header under the delimiter that makes most sense of it."""
    best: tuple[int, _Head | None] = (0, None)
    for delimiter in (sign for sign in _DELIMITERS if sign in text[:_HEAD] or sign == ","):
        # not strict: under the wrong delimiter a file full of quotation marks looks broken
        reader = csv.reader(StringIO(text[:_HEAD], newline=""), delimiter=delimiter)
        records = [(record, reader.line_num) for record in islice(reader, headers.SEARCHED_LINES)]
        place = headers.header_line(table, [record for record, _ in records], column_names)
        if place is not None:
            names, lines = records[place]
            candidate = (len(headers.header(table, names, column_names).columns), _Head(delimiter, place, lines, names))
            best = max(best, candidate, key=lambda score: score[0])
    if best[1] is None:
        raise UnreadableError(
            f"文件“{name}”没有“{table.title}”表的表头，请在首行写上列名（如“{table.columns[0].title}”）后重新提交",
            foreign=True,
        )
    return best[1]


def _rows(name: str, text: str, head: _Head) -> pl.DataFrame:
    """The records below the header as columns c0, c1 and so on, and the flaw of those that are too long."""
    columns = [f"c{place}" for place in range(len(head.names))]
    body = text.split("\n", head.lines)[head.lines :]
    if not body or not body[0].strip("\n"):
        return pl.DataFrame(schema={**dict.fromkeys(columns, pl.String()), FLAW: pl.String()})
    if head.delimiter.isascii() and _is_regular(body[0], head.delimiter):
        try:
            return _fast(body[0], head.delimiter, columns)
        except pl.exceptions.PolarsError:
            pass  # some line is longer or shorter than the header; reading record by record names it
    return _careful(name, body[0], head, columns)


def _is_regular(text: str, delimiter: str) -> bool:
    """Whether every quotation mark is where it should be, so that no two readers can differ about the fields."""
    cell = f'(?:[^"{delimiter}\n]*|"(?:[^"]|"")*")'
    return '"' not in text or pl.Series([text]).str.contains(rf"\A{cell}(?:[{delimiter}\n]{cell})*\z")[0] is True


def _fast(text: str, delimiter: str, columns: list[str]) -> pl.DataFrame:
    frame = pl.read_csv(
        text.encode(), has_header=False, schema=dict.fromkeys(columns, pl.String()), separator=delimiter
    )
    return frame.with_columns(pl.lit(None, pl.String).alias(FLAW))


def _careful(name: str, text: str, head: _Head, columns: list[str]) -> pl.DataFrame:
    reader = csv.reader(StringIO(text, newline=""), delimiter=head.delimiter, strict=True)
    try:
        records = list(reader)
    except csv.Error as broken:
        line = head.lines + reader.line_num
        raise UnreadableError(
            f"文件“{name}”在第{line}行附近引号或内容有误，无法读下去，请检查双引号是否成对后重新提交"
        ) from broken
    width = len(columns)
    flaws = [
        f"文件“{name}”第{line}行比表头多出内容，请检查是否有未加引号的逗号"
        if any(map(str.strip, record[width:]))
        else None
        for line, record in enumerate(records, start=head.records + 2)
    ]
    filled = [record[:width] + [""] * (width - len(record)) for record in records]
    cells = {column: [record[place] for record in filled] for place, column in enumerate(columns)}
    return pl.DataFrame({**cells, FLAW: flaws}, schema={**dict.fromkeys(columns, pl.String()), FLAW: pl.String()})
