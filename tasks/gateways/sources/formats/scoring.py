"""What a panel filled into a scoring workbook, as rows of results."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import polars as pl

from schemas.submission import RESULTS, WRITTEN, Table
from tasks.gateways.evaluators import scoring_layout as layout
from tasks.gateways.evaluators.dispatch_tokens import Dispatch, stated_by
from tasks.gateways.sources.cells.reader import read_table
from tasks.gateways.sources.cells.text import cell_text
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part, UnreadableError
from tasks.gateways.sources.formats.layout import fill_merged, is_below
from tasks.gateways.sources.formats.sheets import Sheet

_AS_SENT = "请用原送评的评分表重新填写后报送"
_SEARCHED_ROWS = 20
#: So many altered cells are named.
_NAMED = 10
_OURS = (layout.SCORING, layout.MANIFEST)
_Grid = list[list[Any]]


@dataclass(frozen=True, eq=False)
class Scored:
    """What came back: which package it answers, the token it bears (blank: none), and the rows that were filled in.

    `rows` has the columns of `schemas.submission.RESULTS` as they were typed and LINE, sorted as sent.
    """

    application_no: str
    cycle: str
    revision: int
    token: str
    rows: pl.DataFrame

    @property
    def results(self) -> pd.DataFrame:
        """What was typed, read as any input is (dtype str, NaN = blank), with WRITTEN; an item's keys stay as sent."""
        columns = tuple(RESULTS.column(field.fills) for field in layout.FILLED_FIELDS)
        read = read_table(self.rows, Table(RESULTS.name, RESULTS.title, columns))
        return pd.DataFrame({name: pd.Series(read[name].to_list(), dtype="str") for name in [*RESULTS.names, WRITTEN]})

    def content(self, name: str) -> FileContent:
        """The rows as a part of a pull."""
        token = pl.lit(self.token or None, pl.String).alias("token")
        rows = self.rows.with_columns(token, pl.lit(None, pl.String).alias(FLAW))
        return FileContent([Part(name, RESULTS.name, rows)])


def read_sheets(name: str, sheets: Sequence[Sheet]) -> Scored:
    """Everything a scoring workbook says; rows that are wholly blank are left out. Raises UnreadableError."""
    ours = {sheet.name: sheet for sheet in sheets if sheet.name in _OURS}
    missing = [sheet for sheet in _OURS if sheet not in ours]
    if missing:
        raise UnreadableError(f"“{name}”缺少工作表“{'”“'.join(missing)}”，可能已被删除或改名，{_AS_SENT}")
    head, sent = _manifest(name, ours[layout.MANIFEST].lines)
    columns, body = _table(name, ours[layout.SCORING])
    by_key = _by_key(name, columns, body, {line.key for line in sent})
    _refuse_altered(name, [cell for line in sent for cell in _altered(line, columns, *by_key[line.key])])
    rows = [row for line in sent if (row := _filled(line, columns, *by_key[line.key]))]
    if not rows:
        raise UnreadableError(f"“{name}”的“{layout.SCORING}”一行也未填写，请填写黄底单元格、保存后重新报送")
    schema = {**dict.fromkeys(RESULTS.names, pl.String()), LINE: pl.Int64()}
    return Scored(head.application_no, head.cycle, head.revision, head.token, pl.DataFrame(rows, schema=schema))


def is_scoring_workbook(sheets: Sequence[Sheet]) -> bool:
    """Whether a workbook is one of ours, filled in or spoilt, by the names of its sheets."""
    return any(sheet.name in _OURS for sheet in sheets)


def _manifest(name: str, grid: _Grid) -> tuple[layout.ManifestHead, list[layout.ManifestLine]]:
    texts = [str(row[0]) for row in grid if row and row[0] != ""]
    try:
        head = layout.ManifestHead(**json.loads(texts[0]))
        lines = [layout.ManifestLine.from_json(text) for text in texts[1:]]
    except (IndexError, ValueError, TypeError, KeyError) as changed:
        raise UnreadableError(f"“{name}”的隐藏工作表“{layout.MANIFEST}”已被改动，{_AS_SENT}") from changed
    if head.format != layout.FORMAT or not lines:
        raise UnreadableError(f"“{name}”不是本系统本版本的评分表，{_AS_SENT}")
    if not _agrees(head, lines):
        raise UnreadableError(
            f"“{name}”的隐藏工作表“{layout.MANIFEST}”已被改动，申报编号、申报批次、送评次数与送评凭证不一致，{_AS_SENT}"
        )
    return head, lines


def _agrees(head: layout.ManifestHead, lines: list[layout.ManifestLine]) -> bool:
    """Whether head, lines and token speak of one dispatch; who signed the token is asked where it is taken."""
    if any(line.application_no != head.application_no for line in lines):
        return False
    return not head.token or stated_by(head.token) == Dispatch(head.cycle, head.application_no, head.revision)


def _table(name: str, sheet: Sheet) -> tuple[dict[str, int], list[tuple[int, list[Any]]]]:
    """Header to column, and the sheet's rows below the header with their numbers from 1; merged cells are filled down."""
    grid = sheet.lines
    titles = [field.title for field in layout.FIELDS]
    headers = ({_text(cell).rstrip("*"): place for place, cell in enumerate(row)} for row in grid[:_SEARCHED_ROWS])
    start, columns = next(((place, header) for place, header in enumerate(headers) if layout.KEY in header), (0, {}))
    if not columns:
        raise UnreadableError(f"“{name}”的“{layout.SCORING}”找不到表头（隐藏列“{layout.KEY}”），{_AS_SENT}")
    absent = [title for title in titles if title not in columns]
    if absent:
        raise UnreadableError(f"“{name}”的“{layout.SCORING}”缺少列“{'”“'.join(absent)}”，{_AS_SENT}")
    fill_merged(sheet, start)
    return columns, list(enumerate(grid[start + 1 :], start=start + 2))


def _by_key(
    name: str, columns: dict[str, int], body: Sequence[tuple[int, list[Any]]], sent: set[str]
) -> dict[str, tuple[int, list[Any]]]:
    by_key: dict[str, tuple[int, list[Any]]] = {}
    for number, row in body:
        key = _text(row[columns[layout.KEY]])
        if not key:
            if not is_below(row):  # the panel signs below the table
                _refuse_stray(name, number, row, columns)
        elif key not in sent:
            raise UnreadableError(
                f"“{name}”的“{layout.SCORING}”第{number}行不在送评清单内（条目键已被改动），{_AS_SENT}"
            )
        elif key in by_key:
            raise UnreadableError(
                f"“{name}”的“{layout.SCORING}”第{number}行与第{by_key[key][0]}行是同一职业等级，请删去其中一行后重新报送"
            )
        else:
            by_key[key] = number, row
    if sent - set(by_key):
        lost = len(sent) - len(by_key)
        raise UnreadableError(f"“{name}”的“{layout.SCORING}”少了{lost}行送评职业等级，可能已被删除，{_AS_SENT}")
    return by_key


def _refuse_stray(name: str, number: int, row: list[Any], columns: dict[str, int]) -> None:
    for field in layout.FIELDS:
        if _text(row[columns[field.title]]):
            raise UnreadableError(
                f"“{name}”的“{layout.SCORING}”第{number}行“{field.title}”有内容，但该行不是送评职业等级，请清空该行后重新报送"
            )


def _altered(line: layout.ManifestLine, columns: dict[str, int], number: int, row: list[Any]) -> Iterator[str]:
    """Each locked cell of a row that says something else than when it was sent."""
    for field, value in zip(layout.ITEM_FIELDS, line.item_cells, strict=True):
        if _text(row[columns[field.title]]) != value.strip():
            yield f"第{number}行“{field.title}”（送评时为“{value}”）"


def _refuse_altered(name: str, altered: list[str]) -> None:
    if altered:
        more = f"等{len(altered)}处" if len(altered) > _NAMED else ""
        cells = "、".join(altered[:_NAMED])
        raise UnreadableError(f"“{name}”的“{layout.SCORING}”{cells}{more}已被改动，请恢复原值后重新报送")


def _filled(
    line: layout.ManifestLine, columns: dict[str, int], number: int, row: list[Any]
) -> dict[str, str | int | None] | None:
    """The result of one row, None where nothing was filled in."""
    cells = {field.fills: _text(row[columns[field.title]]) for field in layout.FILLED_FIELDS}
    if all(text in {"", line.prefilled.get(column, "")} for column, text in cells.items()):
        return None
    return {
        "application_no": line.application_no,
        "occupation_code": line.occupation_code,
        "work_type": line.work_type,
        "level": line.level,
        **cells,
        LINE: number,
    }


def _text(cell: object) -> str:
    return (cell_text(cell) or "").strip()
