"""Setting aside the rows of a pull that cannot be used, with the reason.

A row that cannot be used is named and left out; the rest goes on. An application of which two versions came, or of
which a row is broken, is set aside whole: half of it would be returned for faults it does not have.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from schemas.policy import all_policies
from schemas.submission import APPLICATIONS, FORM_TABLES, TABLES, WRITTEN
from tasks.gateways.sources.contents import FLAW, LINE, QuarantinedFile
from tasks.gateways.sources.formats.layout import NUMBER

FILE: Final = "file"
CLOSED: Final = "closed"
_NO: Final = "application_no"
_FORM: Final = tuple(table.name for table in FORM_TABLES)
_NAMED_LINES = 10
_NAMED_NUMBERS = 20
_MOST_ROWS = 1000
_LONGEST_NUMBER = 40
_MOST_OF_A_NUMBER = 64
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_PLACE: Final = "place"
#: What tells versions apart: the file that holds all of an application, or the folder of the lists that do together.
_PLACED: Final = pl.when(CLOSED).then(FILE).otherwise(pl.col(FILE).str.replace(r"[^/]*$", ""))

Tables = dict[str, pl.DataFrame]


def usable(tables: Mapping[str, pl.DataFrame]) -> tuple[Tables, list[QuarantinedFile]]:
    """The rows that can be used, still in input order, and what was set aside; tables have file, line, flaw, closed."""
    usable_rows: Tables = {}
    aside: list[QuarantinedFile] = []
    for name, rows in tables.items():
        usable_rows[name], quarantined = _without_flaws(name, rows)
        aside += quarantined
    usable_rows[APPLICATIONS.name], phantoms = _without_phantoms(usable_rows)
    aside += phantoms
    usable_rows, older = _without_older(usable_rows)
    aside += older
    aside += _twice(usable_rows[APPLICATIONS.name])
    numbers = pl.Series(_NO, sorted({file.application_no for file in aside if file.application_no}), pl.String)
    for name in _FORM[1:]:
        applications = usable_rows[APPLICATIONS.name]
        usable_rows[name], orphans = _without_orphans(name, usable_rows[name], applications, numbers)
        aside += orphans
    for name in _FORM:
        usable_rows[name] = usable_rows[name].filter(~pl.col(_NO).is_in(numbers.implode()))
    return usable_rows, aside


def _without_flaws(name: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[QuarantinedFile]]:
    """Leaves out rows that could not be read and rows without a number where the table has one."""
    aside = [
        QuarantinedFile(
            file,
            f"{flaw}；{'整份申报' if number else '该行'}已搁置，请更正后重新提交",
            number or "",
            whole=False,
            sheet=TABLES[name].title,
            row=str(line),
        )
        for file, flaw, number, line in _flawed(name, rows)
    ]
    rows = rows.filter(pl.col(FLAW).is_null())
    if _NO not in rows.columns:
        return rows, aside
    blank = rows.filter(pl.col(_NO).is_null())
    for (file,), group in blank.group_by(FILE, maintain_order=True):
        reason = f"文件“{file}”“{TABLES[name].title}”{_lines(group)}没有申报编号，已搁置，请补填“申报编号”后重新提交"
        title = TABLES[name].title
        aside.append(QuarantinedFile(str(file), reason, whole=False, sheet=title, row=_row(group)))
    return rows.filter(pl.col(_NO).is_not_null()), aside


def _flawed(name: str, rows: pl.DataFrame) -> list[tuple[str, str, str | None, int]]:
    number = pl.col(_NO) if name in _FORM else pl.lit(None, pl.String)
    return rows.filter(pl.col(FLAW).is_not_null()).select(FILE, FLAW, number.alias(_NO), LINE).rows()


def _without_phantoms(tables: Tables) -> tuple[pl.DataFrame, list[QuarantinedFile]]:
    """Leaves out rows of the form that are no application: without a number, or without a code and rows elsewhere."""
    rows = tables[APPLICATIONS.name]
    elsewhere = pl.concat([tables[name][_NO] for name in _FORM[1:]]).unique()
    code = pl.col("uscc").is_not_null() | pl.col(WRITTEN).str.json_path_match("$.uscc").is_not_null()
    numbered = pl.col(_NO).str.contains(NUMBER) & (pl.col(_NO).str.len_chars() <= _MOST_OF_A_NUMBER)
    real = numbered & (code | pl.col(_NO).is_in(elsewhere.implode()))
    aside = [
        QuarantinedFile(
            file,
            f"文件“{file}”“{APPLICATIONS.title}”第{line}{_unit(file)}（“{_short(number)}”）"
            + ("没有统一社会信用代码，也没有其他各表的内容" if is_number else "的申报编号不是编号")
            + "，未作为申报读取，请补正后重新提交",
            whole=False,
            sheet=APPLICATIONS.title,
            row=str(line),
        )
        for file, line, number, is_number in rows.filter(~real)
        .select(FILE, LINE, _NO, numbered.alias("is_number"))
        .rows()
    ]
    return rows.filter(real), aside


def _without_older(tables: Tables) -> tuple[Tables, list[QuarantinedFile]]:
    """Keep only the latest of several versions of one application that lie in different files or folders.

    They are versions if all are of one institution; the latest `submitted_at` counts, and the first file's of equal ones.
    """
    aside: list[QuarantinedFile] = []
    lost: list[tuple[str, str]] = []
    for (number,), group in _versions(tables).group_by(_NO, maintain_order=True):
        files, places = group[FILE].to_list(), group[_PLACE].to_list()
        contents = [_content(tables, str(number), place) for place in places]
        latest = _latest(group, contents)
        if latest is None:
            continue
        for position, file in enumerate(files):
            if position == latest:
                continue
            lost.append((str(number), places[position]))
            if contents[position] != contents[latest]:
                reason = (
                    f"文件“{file}”中的申报“{_short(number)}”另有提交时间更晚的一份（“{files[latest]}”），以后者为准"
                )
                aside.append(QuarantinedFile(file, reason, whole=False))
    return _without(tables, lost) if lost else tables, aside


def _latest(versions: pl.DataFrame, contents: Sequence[str]) -> int | None:
    """The position of the version that counts, None where nobody can say; `contents`: of each version."""
    # of equal versions the first counts, and the others are not reported
    first = {content: position for position, content in reversed(list(enumerate(contents)))}
    moments = {position: _moment(versions["submitted_at"][position]) for position in first.values()}
    known_moments = {moment for moment in moments.values() if moment is not None}
    if versions["uscc"].n_unique() > 1 or (len(first) > 1 and len(known_moments) < len(first)):
        return None
    return max(first.values(), key=lambda position: moments[position] or _NEVER)


def _without(tables: Tables, versions: Sequence[tuple[str, str]]) -> Tables:
    """The tables without these versions, each a number and a place."""
    older_rows = pl.DataFrame(versions, schema={_NO: pl.String(), _PLACE: pl.String()}, orient="row")
    return {
        name: rows.join(older_rows, left_on=[_NO, _PLACED], right_on=[_NO, _PLACE], how="anti", maintain_order="left")
        if name in _FORM
        else rows
        for name, rows in tables.items()
    }


def _versions(tables: Tables) -> pl.DataFrame:
    """Rows of the form with their place, of numbers that came more than once and whose rows can be told apart by it."""
    applications = tables[APPLICATIONS.name].with_columns(_PLACED.alias(_PLACE))
    several = applications.filter(
        (pl.len().over(_NO) > 1) & (pl.col(_PLACE).n_unique().over(_NO) == pl.len().over(_NO))
    )
    if several.is_empty():
        return several
    lists = several.filter(~pl.col(CLOSED)).select(_NO).unique()
    rows = pl.concat([tables[name].select(_NO, _PLACED.alias(_PLACE)) for name in _FORM[1:]])
    # a row elsewhere is of whichever version counts, unless that is a folder of lists: then nobody knows
    unsure = rows.join(lists, on=_NO, how="semi").join(several, on=[_NO, _PLACE], how="anti").select(_NO).unique()
    return several.join(unsure, on=_NO, how="anti", maintain_order="left")


def _content(tables: Tables, number: str, place: str) -> str:
    """The whole content of one version of an application."""
    is_of_form = (pl.col(_NO) == number) & _PLACED.eq(place)
    return "".join(tables[name].filter(is_of_form).drop(FILE, LINE).write_csv() for name in _FORM)


def _moment(text: str | None) -> datetime | None:
    """A moment from canonical text; those without an offset are of one time zone."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(all_policies()[-1].timezone))


def _twice(applications: pl.DataFrame) -> list[QuarantinedFile]:
    """Applications of which more than one row came (contract section 4: one pull holds one version)."""
    several = applications.filter(pl.len().over(_NO) > 1)
    aside = []
    for (number,), group in several.group_by(_NO, maintain_order=True):
        named = group.select(FILE, LINE).head(_NAMED_LINES).rows()
        places = "、".join(f"“{file}”第{line}{_unit(file)}" for file, line in named)
        times = f"申报编号“{_short(number)}”在本次提交中出现{len(group)}次（{places}）"
        reason = f"{times}，整份申报已搁置，请只保留一份后重新提交"
        aside.append(QuarantinedFile(group[FILE][0], reason, str(number), whole=False))
    return aside


def _without_orphans(
    name: str, rows: pl.DataFrame, applications: pl.DataFrame, aside: pl.Series
) -> tuple[pl.DataFrame, list[QuarantinedFile]]:
    """Leaves out rows of applications nobody filed; rows of a workbook may only name that workbook's applications."""
    somewhere = pl.col(_NO).is_in(applications[_NO].implode()) | pl.col(_NO).is_in(aside.implode())
    elsewhere = rows.filter(somewhere & pl.col(CLOSED)).join(applications.select(_NO, FILE), on=[_NO, FILE], how="anti")
    elsewhere = elsewhere.filter(~pl.col(_NO).is_in(aside.implode()))
    orphans = pl.concat([rows.filter(~somewhere), elsewhere])
    if orphans.is_empty():
        return rows, []
    quarantined = [
        orphan
        for (file,), group in orphans.group_by(FILE, maintain_order=True)
        for orphan in _orphans_of(str(file), TABLES[name].title, group)
    ]
    place = [FILE, LINE, _NO]
    return rows.join(orphans.select(place), on=place, how="anti", maintain_order="left"), quarantined


def _orphans_of(file: str, title: str, rows: pl.DataFrame) -> list[QuarantinedFile]:
    numbers = rows[_NO].n_unique()
    if numbers > _NAMED_NUMBERS:
        many = f"文件“{file}”“{title}”有{len(rows)}行属于“基本信息”中没有的{numbers}份申报"
        reason = f"{many}，已搁置，请补上基本信息后重新提交"
        return [QuarantinedFile(file, reason, whole=False)]
    where = "该工作簿的“基本信息”" if rows[CLOSED][0] else "“基本信息”"
    quarantined = []
    for (number,), group in rows.group_by(_NO, maintain_order=True):
        lines = f"文件“{file}”“{title}”{_lines(group)}的申报编号“{_short(number)}”不在{where}中"
        reason = f"{lines}，已搁置，请核对编号后重新提交"
        quarantined.append(QuarantinedFile(file, reason, str(number), whole=False, sheet=title, row=_row(group)))
    return quarantined


def _row(rows: pl.DataFrame) -> str:
    return ",".join(str(line) for line in rows[LINE].head(_MOST_ROWS))


def _lines(rows: pl.DataFrame) -> str:
    unit = _unit(rows[FILE][0])
    named = "、".join(str(number) for number in rows[LINE].head(_NAMED_LINES))
    return f"第{named}{unit}" + (f"等{len(rows)}{unit}" if len(rows) > _NAMED_LINES else "")


def _unit(file: object) -> str:
    return "条" if str(file).lower().endswith(".json") else "行"


def _short(number: object) -> str:
    text = str(number)
    return text if len(text) <= _LONGEST_NUMBER else f"{text[:_LONGEST_NUMBER]}…"
