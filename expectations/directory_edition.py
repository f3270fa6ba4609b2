"""What must be true of a directory before it is published, as demands that `directory_suite` makes expectations.

Source: contract section 6; Notice, article 3(4).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import polars as pl

from expectations import identifiers
from expectations.identifiers import PUBLIC, holds_number
from expectations.levels import Levels
from schemas.directory import CAME, COLUMNS, DIRECTORY_COLUMNS, DIRECTORY_KEY, DIRECTORY_TITLES, GONE, audiences_of
from schemas.finding import hidden
from schemas.policy import Policy
from schemas.reference_data import Reference, reference

_OCCUPATION_CODE = r"^[0-9]-[0-9]{2}-[0-9]{2}-[0-9]{2}$"
_REQUIRED = [column.name for column in COLUMNS if not column.optional]
_STAYED = ("levels_changed", "renewed", "details_changed")
_SHOWN = 3
#: Columns that people write, where somebody's number may stand.
_PUBLIC = [name for name in DIRECTORY_COLUMNS if name in {column for names in PUBLIC.values() for column in names}]


#: What a directory must be: the demands, each with the message for rows that break it, in the order of reporting.
DEMANDS: Mapping[str, str] = {
    "complete": "目录缺少“{title}”一栏",
    **{f"{name}_filled": f"“{DIRECTORY_TITLES[name]}”不得为空" for name in _REQUIRED},
    "one_row_each": "同一机构的同一职业（工种）只能有一行",
    "credit_code": "统一社会信用代码校验不通过",
    "institution_type": "机构类型未知",
    "institution_code": "机构编码格式不正确",
    "region": "所属区划未知",
    "occupation": "职业编码未知",
    "occupation_name": "职业名称与编码不一致",
    "levels": "职业等级应由低到高写作“5,4,3”",
    "audiences": "服务对象应按顺序写作“staff;students”",
    **{column.name: f"“{column.title}”应写作“2026-09-10”" for column in COLUMNS if column.kind == "date"},
    "no_number": "公开的栏目中不得有身份证号或电话号码",
    "term": "有效期不得早于备案日期",
    "in_force": "有效期已在{as_of}之前届满，不得列入目录",
    "traceable": "没有备案记录可以追溯",
    "added_told": "变更记录与目录不符：新增",
    "gone_told": "变更记录与目录不符：到期或移出",
    "changed_told": "变更记录与目录不符：变更",
    "expired_in_time": "记为到期失效但有效期未满",
}


@dataclass(frozen=True, eq=False)
class Edition:
    """A directory about to be published, with what it is held against; frames as `expectations.check_directory` takes them.

    `policies`: every one under which something on file may have been filed.
    """

    rows: pd.DataFrame
    previous: pd.DataFrame
    changes: pd.DataFrame
    as_of: date
    policies: Sequence[Policy]
    traces: pd.DataFrame | None = None


@dataclass(frozen=True)
class Unmet:
    """A demand that is not met: a Chinese sentence for people, and the keys (uscc, TRADE) it is about."""

    demand: str
    sentence: str
    keys: tuple[tuple[str, ...], ...] = ()


def unmet(edition: Edition) -> list[Unmet]:
    """The demands that a directory does not meet, in their order; one without all its columns is judged no further."""
    absent = [title for name, title in DIRECTORY_TITLES.items() if name not in edition.rows.columns]
    if absent:
        return [Unmet("complete", DEMANDS["complete"].format(title=title)) for title in absent]
    now, before = _text(edition.rows, DIRECTORY_COLUMNS), _text(edition.previous, DIRECTORY_COLUMNS)
    listed = _text(edition.changes, [*DIRECTORY_KEY, "change"])
    untraced = [] if edition.traces is None else _untraced(now, _text(edition.traces, [*DIRECTORY_KEY, "level"]))
    return [*_broken_rows(now, edition), *untraced, *_unaccounted(now, before, listed, edition.as_of)]


def unfit(
    rows: pd.DataFrame, as_of: date, policies: Sequence[Policy], traces: pd.DataFrame | None = None
) -> list[Unmet]:
    """The demands that single rows of a directory do not meet, each with the keys of those rows."""
    edition = Edition(rows, rows.iloc[:0], pd.DataFrame(), as_of, policies, traces)
    now = _text(rows, DIRECTORY_COLUMNS)
    untraced = [] if traces is None else _untraced(now, _text(traces, [*DIRECTORY_KEY, "level"]))
    return [*_broken_rows(now, edition), *untraced]


def _unmet(demand: str, rows: pl.DataFrame, more: str = "", **values: object) -> Unmet:
    keys = tuple(rows.select(DIRECTORY_KEY).rows())
    # a work type may be what holds the number
    examples = "、".join(hidden(" ".join(filter(None, key))) for key in keys[:_SHOWN])
    count = f"（共{len(keys)}行）" if len(keys) > _SHOWN else ""
    return Unmet(demand, f"{DEMANDS[demand].format(**values)}{more}：{examples}{count}", keys)


def _untraced(now: pl.DataFrame, traces: pl.DataFrame) -> Iterator[Unmet]:
    """Rows with a level that no filing accounts for."""
    levels = now.with_columns(pl.col("levels").str.split(",").alias("level")).explode("level")
    untraced = levels.join(traces, on=[*DIRECTORY_KEY, "level"], how="anti").select(DIRECTORY_KEY).unique()
    if len(untraced):
        yield _unmet("traceable", untraced.sort(DIRECTORY_KEY))


def _text(frame: pd.DataFrame, columns: list[str]) -> pl.DataFrame:
    names = [name for name in columns if name in frame.columns]
    texts = pl.from_pandas(frame[names].reset_index(drop=True)) if len(frame) and names else pl.DataFrame()
    cells = (
        texts.get_column(name) if name in texts.columns else pl.Series(name, [None] * len(texts)) for name in columns
    )
    return pl.DataFrame([cell.cast(pl.String).fill_null("") for cell in cells])


def _broken_rows(rows: pl.DataFrame, edition: Edition) -> Iterator[Unmet]:
    read = rows.join(_dictionary(reference()), on="occupation_code", how="left", maintain_order="left")
    demands = {**_filled(), **_codes(rows, edition.policies, reference()), **_terms(edition)}
    for demand, broken in demands.items():
        faulty = read.filter(broken.fill_null(False))
        if len(faulty):
            yield _unmet(demand, faulty, as_of=edition.as_of)


def _dictionary(facts: Reference) -> pl.DataFrame:
    return pl.from_pandas(facts.occupations[["code", "name"]]).rename(
        {"code": "occupation_code", "name": "dictionary_name"}
    )


# Each of these is true on a row that is not as demanded.


def _filled() -> dict[str, pl.Expr]:
    return {f"{name}_filled": pl.col(name) == "" for name in _REQUIRED}


def _misshapen(codes: pl.Series, policies: Sequence[Policy]) -> list[str]:
    """Institution codes that have the shape of no policy's province."""
    shapes = [re.compile(policy.province.institution_code) for policy in policies]
    return [code for code in codes.unique() if code and not any(shape.search(code) for shape in shapes)]


def _codes(rows: pl.DataFrame, policies: Sequence[Policy], facts: Reference) -> dict[str, pl.Expr]:
    code, name, region = pl.col("occupation_code"), pl.col("occupation_name"), pl.col("region_code")
    uscc, kind, institution_code = pl.col("uscc"), pl.col("institution_type"), pl.col("institution_code")
    listed = pl.col("dictionary_name").is_not_null()
    is_occupation = listed | name.is_in(facts.later["name"].tolist()) | code.str.contains(_OCCUPATION_CODE)
    return {
        "one_row_each": pl.struct(DIRECTORY_KEY).is_duplicated(),
        "credit_code": (uscc != "") & ~identifiers.is_credit_code(uscc),
        "institution_type": (kind != "") & ~kind.is_in([name for policy in policies for name in policy.institution]),
        "institution_code": institution_code.is_in(_misshapen(rows.get_column("institution_code"), policies)),
        "region": (region != "") & ~region.is_in([code for policy in policies for code in policy.regions.codes]),
        "occupation": (code != "") & ~is_occupation,
        "no_number": pl.any_horizontal(holds_number(pl.col(name)) for name in _PUBLIC),
        "occupation_name": listed & (name != "") & ~_is_named(name, pl.col("dictionary_name")),
    }


def _is_named(name: pl.Expr, listed: pl.Expr) -> pl.Expr:
    """Whether an occupation has its name, alone or with an enterprise's own one in brackets (contract section 5, OCC-3)."""
    return (name == listed) | (name.str.starts_with(listed + "（") & name.str.ends_with("）"))


def _terms(edition: Edition) -> dict[str, pl.Expr]:
    filed, until, levels = _day("filed_on"), _day("valid_until"), pl.col("levels")
    dates = [column.name for column in COLUMNS if column.kind == "date"]
    spellings = [text for policy in edition.policies for text in Levels.of(policy).written()]
    return {
        "levels": (levels != "") & ~levels.is_in(spellings),
        "audiences": pl.col("audiences").is_in(_misordered(edition.rows)),
        **{name: (pl.col(name) != "") & _day(name).is_null() for name in dates},
        "term": until < filed,
        "in_force": until < pl.lit(edition.as_of),
    }


def _misordered(rows: pd.DataFrame) -> list[str]:
    """Audiences that no directory row would say so."""
    return [text for text in rows["audiences"].fillna("").unique() if text != audiences_of([text])]


def _day(name: str) -> pl.Expr:
    return pl.col(name).str.to_date("%Y-%m-%d", strict=False)


def _unaccounted(now: pl.DataFrame, before: pl.DataFrame, listed: pl.DataFrame, as_of: date) -> Iterator[Unmet]:
    """Where the changes do not account for the rows that came, went or differ."""
    expected = {
        "added_told": (now.join(before, on=DIRECTORY_KEY, how="anti"), CAME),
        "gone_told": (before.join(now, on=DIRECTORY_KEY, how="anti"), GONE),
        "changed_told": (_differing(now, before), _STAYED),
    }
    for demand, (rows, kinds) in expected.items():
        keys = rows.select(DIRECTORY_KEY).unique()
        covered = listed.filter(pl.col("change").is_in(kinds)).select(DIRECTORY_KEY).unique()
        missing, surplus = (
            keys.join(covered, on=DIRECTORY_KEY, how="anti"),
            covered.join(keys, on=DIRECTORY_KEY, how="anti"),
        )
        if len(missing) or len(surplus):
            both = pl.concat([missing, surplus]).sort(DIRECTORY_KEY)
            yield _unmet(demand, both, f"{len(keys)}行，记录{len(covered)}行")
    expired = listed.filter(pl.col("change") == "expired").join(before, on=DIRECTORY_KEY, how="inner")
    early = expired.filter(pl.col("valid_until") >= as_of.isoformat())
    if len(early):
        yield _unmet("expired_in_time", early)


def _differing(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Rows of both directories that are not the same in every cell."""
    both = now.join(before, on=DIRECTORY_KEY, how="semi")
    return both.join(before, on=DIRECTORY_COLUMNS, how="anti")
