"""The parts of all files put together into one pull: cleaned, sorted out, numbered, hashed."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd
import polars as pl

from schemas.policy import all_policies
from schemas.submission import (
    APPLICATIONS,
    FORM_TABLES,
    MATERIALS_TABLE,
    PROGRAMMES,
    READ_TABLES,
    WRITTEN,
    Table,
    headers_key,
)
from tasks.gateways.sources import attachments
from tasks.gateways.sources.cells.reader import CODES, read_table
from tasks.gateways.sources.contents import FLAW, LINE, Advice, FileContent, Part, Pull, QuarantinedFile, frame_of
from tasks.gateways.sources.setting_aside import CLOSED, FILE, Tables, usable

_NO: Final = "application_no"
_CELL, _ROW = "\x1f", "\x1e"
#: Column of a part: the unknown headers of its sheet, as they join WRITTEN.
_HEADERS: Final = "headers"


def assemble(
    root: Path,
    contents: Sequence[FileContent],
    refused: Sequence[tuple[QuarantinedFile, bool]],
    unpacked: Mapping[str, Path] = MappingProxyType({}),
    paths: Mapping[str, Path] = MappingProxyType({}),
) -> Pull:
    """One pull of what the files hold; a `refused` file with True is forgotten where a material means it.

    `unpacked`: files of archives by the path shown to people; `paths`: where the other files lie.
    """
    parts = [_with_headers(part, content) for content in contents for part in content.parts]
    supplied = frozenset(part.table for part in parts)
    gathered = {table.name: _gathered(table, parts) for table in READ_TABLES.values() if _is_kept(table, supplied)}
    spoken = _numbers_of(gathered)
    gathered, unsure = _without_unsure(contents, gathered)
    tables, aside = usable(gathered)
    aside += unsure
    hashed = attachments.hash_attachments(root, unpacked, tables[MATERIALS_TABLE.name])
    tables[MATERIALS_TABLE.name] = hashed.materials
    tables = {name: _numbered(rows) for name, rows in tables.items()}
    tables[APPLICATIONS.name] = tables[APPLICATIONS.name].with_columns(_content_hashes(tables))
    aside += [entry for content in contents for entry in content.aside]
    aside += [*(entry for entry, foreign in refused if not (foreign and entry.file in hashed.used))]
    return Pull(
        tables={name: _as_pandas(name, rows) for name, rows in tables.items()},
        supplied=supplied,
        quarantined=sorted(aside, key=lambda entry: (entry.file, entry.application_no, entry.reason)),
        unknown_columns=list(dict.fromkeys(header for content in contents for header in content.unknown_columns)),
        advice=_advice(contents, tables, hashed.unreadable),
        paths=paths,
        origins={name: rows[FILE].to_list() for name, rows in tables.items()},
        attached=hashed.owners,
        numbers=spoken,
    )


def nothing() -> Pull:
    """The pull of a door at which nothing lies: most looks at one."""
    came = _nothing_came()
    return replace(came, tables={name: rows.copy(deep=False) for name, rows in came.tables.items()})


@cache
def _nothing_came() -> Pull:
    return assemble(Path(), [], [])


def _with_headers(part: Part, content: FileContent) -> Part:
    """The part with what its sheet calls its columns where it lacks one that is required: the letter names them."""
    unknown = "、".join(f"“{header.column}”" for header in content.unknown_columns if header.table == part.table)
    required = (column.name for column in READ_TABLES[part.table].columns if not column.optional)
    absent = [name for name in required if name not in part.columns] if unknown and len(part) else []
    if not absent:
        return part
    headers = json.dumps({headers_key(name): unknown for name in absent}, ensure_ascii=False)
    return replace(part, frame=part.rows.with_columns(pl.lit(headers).alias(_HEADERS)))


def _advice(contents: Sequence[FileContent], tables: Tables, unreadable: Sequence[str]) -> list[Advice]:
    return [
        *(advice for content in contents for advice in content.advice),
        *_absent_sheets(contents, tables),
        *(advice for name, rows in tables.items() for advice in _lost_digits(name, rows)),
        *(Advice(path, f"附件“{path}”无法打开，未校验，请检查后重新提交") for path in unreadable),
    ]


def _is_kept(table: Table, supplied: frozenset[str]) -> bool:
    return table in FORM_TABLES or table.name in supplied


def _blank(table: Table) -> pl.DataFrame:
    """A table without rows, before it is cleaned."""
    schema = {**dict.fromkeys(table.names, pl.String()), LINE: pl.Int64(), FLAW: pl.String()}
    return pl.DataFrame(schema={**schema, FILE: pl.String(), CLOSED: pl.Boolean()})


@cache
def _nothing(name: str) -> pl.DataFrame:
    """A table of which nothing came, as reading leaves it: most looks at a door find nothing."""
    return read_table(_blank(READ_TABLES[name]), READ_TABLES[name])


def _gathered(table: Table, parts: Sequence[Part]) -> pl.DataFrame:
    """All rows of one table in input order, cleaned, without blank ones."""
    table_parts = [part for part in parts if part.table == table.name]
    if not table_parts:
        return _nothing(table.name)
    frames = [
        frame
        for of_sheets, group in groupby(table_parts, key=lambda part: part.frame is None)
        for frame in ([_frame_of_sheets(list(group))] if of_sheets else map(_frame_of, group))
    ]
    rows = pl.concat([_blank(table), *frames], how="diagonal").rechunk()
    rows = read_table(rows, table)
    if _HEADERS in rows.columns:
        stands = ~pl.all_horizontal(pl.col(*table.names, WRITTEN).is_null())
        written = rows.select(WRITTEN, pl.when(stands).then(pl.col(_HEADERS)))
        joined = [_joined(*pair) for pair in written.rows()]
        rows = rows.with_columns(pl.Series(WRITTEN, joined, pl.String)).drop(_HEADERS)
    return rows.filter(~pl.all_horizontal(pl.col(*table.names, WRITTEN, FLAW).is_null()))


def _frame_of(part: Part) -> pl.DataFrame:
    return part.rows.with_columns(pl.lit(part.file).alias(FILE), pl.lit(part.closed).alias(CLOSED))


def _frame_of_sheets(parts: Sequence[Part]) -> pl.DataFrame:
    """One frame of many sheets."""
    cells: dict[str, list[str | None]] = {name: [] for part in parts for name in part.columns}
    lines: list[int] = []
    files: list[str] = []
    closed: list[bool] = []
    for part in parts:
        for name in cells:
            cells[name] += part.cells.get(name) or [None] * len(part)
        lines += part.lines
        files += [part.file] * len(part)
        closed += [part.closed] * len(part)
    return frame_of(cells, lines).with_columns(pl.Series(FILE, files, pl.String), pl.Series(CLOSED, closed, pl.Boolean))


def _joined(written: str | None, headers: str | None) -> str | None:
    """What was written in a row's cells, and the unknown headers above it; blank rows stay blank."""
    return (
        json.dumps({**json.loads(written or "{}"), **json.loads(headers)}, ensure_ascii=False) if headers else written
    )


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows counted from 1 within the application, or within the table where rows name none."""
    if _NO not in rows.columns:
        return rows.with_columns((pl.int_range(pl.len(), dtype=pl.Int64) + 1).alias("row"))
    return rows.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).over(_NO).add(1).alias("row"))


def _content_hashes(tables: Tables) -> pl.Series:
    """SHA-256 of each application's rows in all five tables: the cells that are filled, under their names, in order."""
    digests = {number: hashlib.sha256() for number in tables[APPLICATIONS.name][_NO]}
    for table in FORM_TABLES:
        names = [*table.names, WRITTEN, *([attachments.SHA256] if table is MATERIALS_TABLE else [])]
        cells = [pl.when(pl.col(name).is_not_null()).then(pl.lit(f"{name}=") + pl.col(name)) for name in names]
        row = pl.concat_str(cells, separator=_CELL, ignore_nulls=True).alias("cells")
        grouped = tables[table.name].select(_NO, row).group_by(_NO).agg(pl.col("cells").str.join(_ROW))
        for number, text in grouped.iter_rows():
            digests[number].update(f"{_ROW}{table.name}{_ROW}{text}".encode())
    return pl.Series("content_hash", [digest.hexdigest() for digest in digests.values()], pl.String)


def _absent_sheets(contents: Sequence[FileContent], tables: Tables) -> list[Advice]:
    """Sheets a workbook lacks whose rows did not come otherwise; only those that teach have programmes."""
    taught = {name for policy in all_policies() for name, kind in policy.institution.items() if kind.programmes}
    lacking = {content.parts[0].file: content.absent for content in contents if content.absent}
    filed = tables[APPLICATIONS.name].filter(pl.col(FILE).is_in(list(lacking)))
    present = {name: set(tables[name][_NO]) for name in {name for names in lacking.values() for name in names}}
    advice = []
    for number, file, kind in filed.select(_NO, FILE, "institution_type").rows():
        for name in lacking[file]:
            if number in present[name] or (name == PROGRAMMES.name and kind not in taught):
                continue
            sentence = (
                f"工作簿“{file}”没有“{READ_TABLES[name].title}”工作表，按未填报处理，如有内容请补上该工作表后重新提交"
            )
            advice.append(Advice(file, sentence, number))
    return advice


def _numbers_of(tables: Mapping[str, pl.DataFrame]) -> dict[str, frozenset[str]]:
    """The application numbers in each file, whatever becomes of them."""
    by_file: dict[str, set[str]] = {}
    for table in FORM_TABLES:
        for file, number in tables[table.name].select(FILE, _NO).drop_nulls().unique().rows():
            by_file.setdefault(file, set()).add(number)
    return {file: frozenset(numbers) for file, numbers in by_file.items()}


def _without_unsure(contents: Sequence[FileContent], tables: Tables) -> tuple[Tables, list[QuarantinedFile]]:
    """Leaves out applications without a required sheet beside sheets nobody can place, one of which it may be."""
    unplaced = [content for content in contents if content.absent and content.unplaced]
    aside = [entry for content in unplaced for entry in _unsure(content, tables)]
    for entry in aside:
        others = ~((pl.col(FILE) == entry.file) & (pl.col(_NO) == entry.application_no)).fill_null(False)
        tables = {name: rows.filter(others) if _NO in rows.columns else rows for name, rows in tables.items()}
    return tables, aside


def _unsure(content: FileContent, tables: Tables) -> Iterator[QuarantinedFile]:
    file, sheets = content.parts[0].file, "”“".join(content.unplaced)
    filed = tables[APPLICATIONS.name].filter((pl.col(FILE) == file) & pl.col(_NO).is_not_null())
    for number in filed[_NO].unique().sort():
        missing = [name for name in content.absent if name != PROGRAMMES.name and number not in tables[name][_NO]]
        titles = "、".join(READ_TABLES[name].title for name in missing)
        reason = (
            f"工作簿“{file}”没有“{titles}”工作表，而工作表“{sheets}”看不出是哪张表，整份申报已搁置，"
            "请将该工作表改为表名后重新提交"
        )
        if missing:
            yield QuarantinedFile(file, reason, number, whole=False, sheet=content.unplaced[0])


def _lost_digits(name: str, rows: pl.DataFrame) -> list[Advice]:
    advice = []
    for column in READ_TABLES[name].columns:
        if column.name not in CODES:
            continue
        number = pl.col(_NO) if _NO in rows.columns else pl.lit("")
        lost = rows.filter(pl.col(WRITTEN).str.json_path_match(f"$.{column.name}").is_not_null()).select(
            FILE, LINE, number.alias("number")
        )
        for file, line, application_no in lost.rows():
            sentence = (
                f"文件“{file}”“{READ_TABLES[name].title}”第{line}行的“{column.title}”被电子表格变成了数字，末尾数位已丢失，"
                "请将该列设为文本格式后重新填写"
            )
            advice.append(Advice(file, sentence, application_no))
    return advice


def _as_pandas(name: str, rows: pl.DataFrame) -> pd.DataFrame:
    extra = {APPLICATIONS.name: ["content_hash"], MATERIALS_TABLE.name: [attachments.SHA256]}
    # people find a row of a list by the number its sheet shows
    line = [] if name in {table.name for table in FORM_TABLES} else [LINE]
    return rows.select(*READ_TABLES[name].names, WRITTEN, "row", *line, *extra.get(name, [])).to_pandas()
