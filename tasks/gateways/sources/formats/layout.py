"""Where the header and the rows of a sheet stand, as people lay tables out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import polars as pl

from schemas.submission import APPLICATIONS, FORM_TABLES, Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.text import cell_text, compared
from tasks.gateways.sources.contents import Part
from tasks.gateways.sources.formats import limits
from tasks.gateways.sources.formats.sheets import Sheet

_NO: Final = "application_no"
#: Lines below a table that say something of it as a whole.
_BELOW: Final = re.compile(
    r"^(?:合计|小计|总计|共计|备注|注[0-9]*[:.、]|注$|说明|填表说明|填报说明|填表人|填报人|制表人|制表|审核人|复核人|经办人|负责人|单位负责人"
    r"|法定代表人签字|联系人签字|签字|签名|盖章|单位盖章|填表日期|填报日期|制表日期|日期[:]|年月日|[(]?(?:公章|盖章|签章)[)]?|以下空白|以下无正文|此表"
    r"|(?:评估)?(?:专家|组长|组员|成员|专家组|督导人?员)(?:组长|组员)?(?:签字|签名|签章)|评[估审](?:日期|时间|意见)[:])"
)
#: Lines under a header that say how it is filled in.
_EXAMPLE: Final = re.compile(r"示例|样例|范例|举例|^例[:：]?|例如")
_INSTRUCTION: Final = re.compile(r"必填|选填|下拉|填写|请填|格式|可填|文本型|请选择|参照|统一填")
_DITTO: Final = frozenset({"同上", "〃", "″", '"', "''", "同前", "同左", '--"--'})
#: A form of labels and values has at least so many labels that are columns.
_LABELS: Final = 4
#: So many columns of a table under their names are surely that table.
_SURE: Final = 4
#: A number is of letters and figures; a label or a note is not.
NUMBER: Final = r"^[0-9A-Z\-_/.〔〕\[\]()第号年批字#]*[0-9A-Z][0-9A-Z\-_/.〔〕\[\]()第号年批字#]*$"


class Head(NamedTuple):
    """A header: what each of its cells says, and its last line (from 0)."""

    names: list[str]
    last: int


@dataclass(frozen=True)
class Body:
    """The lines below a header that are rows, each with the number the sheet shows, and the numbers of hidden ones."""

    lines: list[list[Any]]
    numbers: list[int]
    hidden: list[int]


def head_of(table: Table, sheet: Sheet, names: headers.Names) -> Head | None:
    """The header of one or two lines that names most of the table's columns."""
    texts: list[list[str]] = []
    whole = sum(not column.optional for column in table.columns)
    best, score = None, 0
    for place, line in enumerate(sheet.lines[: headers.SEARCHED_LINES]):
        cells = [cell if type(cell) is str else cell_text(cell) or "" for cell in line]
        texts.append(cells)
        header = headers.header(table, cells, names)
        count = len(header.columns)
        if count >= whole and header.is_one:
            return Head(cells, place)  # nothing below it names more
        if count > score and header.is_one:
            best, score = Head(cells, place), count
    for place in range(len(texts) - 1):
        both = _two_lines(table, texts[place], texts[place + 1], names)
        count = len(headers.header(table, both, names).columns)
        if count > score and _has_none(table, texts[place], texts[place + 1], names):
            best, score = Head(both, place + 1), count
    if best is None and (only := headers.header_line(table, texts, names)) is not None:
        return None if pairs_of(table, sheet, names) else Head(texts[only], only)
    return best


def _two_lines(table: Table, upper: Sequence[str], lower: Sequence[str], names: headers.Names) -> list[str]:
    """The lower names, and the upper ones where a cell covers both lines."""
    width = max(len(upper), len(lower))
    above, below = ([*line, *[""] * (width - len(line))] for line in (upper, lower))
    return [low if low.strip() else up for up, low in zip(above, below, strict=True)]


def _has_none(table: Table, upper: Sequence[str], lower: Sequence[str], names: headers.Names) -> bool:
    """Whether the second line is a header's, and no row of values under a header of one line."""
    first, second = (headers.header(table, line, names) for line in (upper, lower))
    filled = sum(1 for cell in lower if cell.strip())
    both = headers.header(table, _two_lines(table, upper, lower, names), names)
    return (
        both.is_one
        and len(second.columns) > 1
        and len(second.columns) * 2 > filled
        and not set(first.columns) & set(second.columns)
    )


def fit(table: Table, sheet: Sheet, names: headers.Names) -> int:
    """How many of the table's columns the sheet's header names."""
    head = head_of(table, sheet, names)
    return len(headers.header(table, head.names, names).columns) if head else 0


def is_surely(table: Table, sheet: Sheet, names: headers.Names) -> bool:
    """Whether a sheet of another name has this table's header."""
    return fit(table, sheet, names) >= min(_SURE, len(table.names))


def body_of(table: Table, sheet: Sheet, head: Head, columns: dict[str, int]) -> Body:
    """The rows below the header, without hidden ones, notes, sums, signatures and examples."""
    hidden = set(sheet.hidden)
    lines: list[list[Any]] = []
    numbers: list[int] = []
    left_out: list[int] = []
    for place in range(head.last + 1, len(sheet.lines)):
        line = sheet.lines[place]
        if place in hidden:
            if any(cell != "" for cell in line):
                left_out.append(place + 1)
        elif not _is_no_row(line, columns, early=place <= head.last + 3):
            lines.append(line)
            numbers.append(place + 1)
    return Body(lines, numbers, left_out)


def _is_no_row(line: list[Any], columns: dict[str, int], *, early: bool) -> bool:
    """Whether a line is none of the table's rows; an `early` one may be an example or say how to fill the others in."""
    first = next((cell for cell in line if cell != ""), "")
    if type(first) is not str or (not early and first.isascii()):
        return False  # nearly all rows begin with a number
    filled = [cell for cell in line if cell != ""]
    number = line[columns[_NO]] if _NO in columns else first
    if early and type(number) is str and _EXAMPLE.search(compared(number) or compared(first)):
        return True
    if early and sum(1 for cell in filled if type(cell) is str and _INSTRUCTION.search(cell)) * 2 > len(filled):
        return True
    plain = compared(first)
    return bool(_BELOW.match(plain)) and not (type(number) is str and re.match(NUMBER, compared(number).upper() or "-"))


def is_below(line: Sequence[Any]) -> bool:
    """Whether a line says something of the table as a whole: a sum, a note, a signature, a day."""
    first = next((cell for cell in line if cell != ""), "")
    return type(first) is str and bool(_BELOW.match(compared(first)))


def fill_merged(sheet: Sheet, last: int) -> None:
    """A value merged downwards below the header (`last`, from 0) stands in each of its rows: a person reads it there too."""
    budget, lines = limits.MAX_MERGED_CELLS, sheet.lines
    for (top, left), (bottom, _) in sheet.merged:
        end = min(bottom, len(lines) - 1)
        budget -= max(end - top, 0)
        if top <= last or budget < 0:
            continue
        for line in lines[top + 1 : end + 1]:
            line[left] = lines[top][left]


def pairs_of(table: Table, sheet: Sheet, names: headers.Names) -> tuple[dict[str, Any], int] | None:
    """The cells of a printed form by column, and its first line (from 1): a label, and its value to the right."""
    pairs: dict[str, Any] = {}
    first = 0
    for place, line in enumerate(sheet.lines[: 4 * headers.SEARCHED_LINES]):
        label: str | None = None
        for cell in line:
            column = None
            if type(cell) is str:
                column = names.column_named(table.name, cell) or names.column_meant(table.name, cell)
            if column and column not in pairs:
                label = column
                first = first or place + 1
            elif cell != "" and label:
                pairs[label] = cell
                label = None
    return (pairs, first) if len(pairs) >= _LABELS else None


def with_numbers(parts: Sequence[Part]) -> list[Part]:
    """The parts of a workbook of one application with its number in every row that has none, or says `ditto`."""
    numbers = {
        text
        for part in parts
        if part.table == APPLICATIONS.name and _NO in part.columns
        for text in part.column(_NO)
        if text and compared(text) and compared(text) not in _DITTO
    }
    if len(numbers) != 1:
        return list(parts)
    form = {table.name for table in FORM_TABLES}
    return [_numbered(part, next(iter(numbers))) if part.table in form else part for part in parts]


def _numbered(part: Part, number: str) -> Part:
    names = [name for name in part.columns if name != _NO]
    if part.table == APPLICATIONS.name or not names or not len(part):
        return part
    # a frame worked on costs more than its cells looked at: nearly every workbook has its number in every row
    if _NO in part.columns and all(cell and cell.strip() not in _DITTO for cell in part.column(_NO)):
        return part
    rows = part.rows if _NO in part.rows.columns else part.rows.with_columns(pl.lit(None, pl.String).alias(_NO))
    blank = pl.col(_NO).is_null() | pl.col(_NO).str.strip_chars().is_in(["", *_DITTO])
    # another row of the form itself is no row of the application
    filled = pl.any_horizontal(pl.col(name).fill_null("").str.strip_chars() != "" for name in names)
    return replace(
        part, frame=rows.with_columns(pl.when(blank & filled).then(pl.lit(number)).otherwise(_NO).alias(_NO))
    )
