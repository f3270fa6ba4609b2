"""What must be true of a directory before it is published; how editions are built and compared does not belong here.

Source: contract section 6; Notice, article 3(4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd
import polars as pl

from expectations import identifiers, reading
from schemas.directory import DIRECTORY_COLUMNS, DIRECTORY_KEY, DIRECTORY_TITLES
from schemas.reference_data import Reference, reference
from schemas.submission import INSTITUTION_TYPES

_INSTITUTION_CODE = r"^[YS][0-9]{4}42[0-9]{6}$"
_OCCUPATION_CODE = r"^[0-9]-[0-9]{2}-[0-9]{2}-[0-9]{2}$"
_GIVEN_LATER = "institution_code"
_LEVEL_LISTS = [",".join(str(level) for level in range(5, 0, -1) if mask >> level & 1) for mask in reading.MASKS]
_CAME, _WENT, _STAYED = ("added",), ("expired", "removed"), ("levels_changed", "renewed", "details_changed")
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class _Demand:
    """One thing every row of a directory must be: `broken` is true on a row that is not."""

    says: str
    broken: pl.Expr


def check_directory(
    rows: pd.DataFrame,
    previous: pd.DataFrame,
    changes: pd.DataFrame,
    as_of: date,
    traces: pd.DataFrame | None = None,
) -> list[str]:
    """What keeps a directory from being published, one Chinese sentence a broken expectation; [] when nothing does.

    `rows` and `previous` hold DIRECTORY_COLUMNS as text, `changes` CHANGE_COLUMNS between them; blank cells are blank or
    missing. Expected: every cell filled (the institution code comes later), one row an institution and occupation, valid
    codes, well-formed levels and dates, no row whose validity ended before `as_of`, and changes that account for every row
    that came, went or differs; where `traces` (uscc, occupation_code, level of every filing there was) are given, also
    that each level of every row was filed.
    """
    absent = [f"目录缺少“{DIRECTORY_TITLES[name]}”一栏" for name in DIRECTORY_COLUMNS if name not in rows.columns]
    if absent:
        return absent
    now, before = _text(rows, DIRECTORY_COLUMNS), _text(previous, DIRECTORY_COLUMNS)
    told = _text(changes, [*DIRECTORY_KEY, "change"])
    untraced = [] if traces is None else _untraced(now, _text(traces, [*DIRECTORY_KEY, "level"]))
    return [*_broken_rows(now, as_of), *untraced, *_unaccounted(now, before, told, as_of)]


def _untraced(now: pl.DataFrame, traces: pl.DataFrame) -> Iterator[str]:
    """Rows with a level that no filing accounts for."""
    levels = now.with_columns(pl.col("levels").str.split(",").alias("level")).explode("level")
    found = levels.join(traces, on=[*DIRECTORY_KEY, "level"], how="anti").select(DIRECTORY_KEY).unique()
    if len(found):
        yield f"没有备案记录可以追溯：{_named(found.sort(DIRECTORY_KEY))}"


def _text(frame: pd.DataFrame, columns: list[str]) -> pl.DataFrame:
    there = [name for name in columns if name in frame.columns]
    texts = pl.from_pandas(frame[there].reset_index(drop=True)) if len(frame) and there else pl.DataFrame()
    cells = (
        texts.get_column(name) if name in texts.columns else pl.Series(name, [None] * len(texts)) for name in columns
    )
    return pl.DataFrame([cell.cast(pl.String).fill_null("") for cell in cells])


def _broken_rows(rows: pl.DataFrame, as_of: date) -> Iterator[str]:
    read = rows.join(_dictionary(reference()), on="occupation_code", how="left", maintain_order="left")
    for demand in [*_filled(), *_codes(reference()), *_terms(as_of)]:
        found = read.filter(demand.broken.fill_null(False))
        if len(found):
            yield f"{demand.says}：{_named(found)}"


def _named(rows: pl.DataFrame) -> str:
    """The first rows by their keys, and how many there are."""
    keys = "、".join(f"{uscc} {code}" for uscc, code in rows.select(DIRECTORY_KEY).head(_SHOWN).rows())
    return f"{keys}（共{len(rows)}行）" if len(rows) > _SHOWN else keys


def _dictionary(facts: Reference) -> pl.DataFrame:
    return pl.from_pandas(facts.occupations[["code", "name"]]).rename(
        {"code": "occupation_code", "name": "dictionary_name"}
    )


def _filled() -> list[_Demand]:
    required = (name for name in DIRECTORY_COLUMNS if name != _GIVEN_LATER)
    return [_Demand(f"“{DIRECTORY_TITLES[name]}”不得为空", pl.col(name) == "") for name in required]


def _codes(facts: Reference) -> list[_Demand]:
    code, name = pl.col("occupation_code"), pl.col("occupation_name")
    listed = pl.col("dictionary_name").is_not_null()
    known = listed | name.is_in(facts.later["name"].tolist()) | code.str.contains(_OCCUPATION_CODE)
    region = pl.col("region_code")
    return [
        _Demand("同一机构的同一职业只能有一行", pl.struct(DIRECTORY_KEY).is_duplicated()),
        _Demand("统一社会信用代码校验不通过", (pl.col("uscc") != "") & ~identifiers.is_credit_code(pl.col("uscc"))),
        _Demand(
            "机构类型未知",
            (pl.col("institution_type") != "") & ~pl.col("institution_type").is_in(list(INSTITUTION_TYPES)),
        ),
        _Demand(
            "机构编码格式不正确", (pl.col(_GIVEN_LATER) != "") & ~pl.col(_GIVEN_LATER).str.contains(_INSTITUTION_CODE)
        ),
        _Demand("所属区划未知", (region != "") & ~region.is_in(facts.regions["code"].tolist())),
        _Demand("职业编码未知", (code != "") & ~known),
        _Demand("职业名称与编码不一致", listed & (name != "") & (name != pl.col("dictionary_name"))),
    ]


def _terms(as_of: date) -> list[_Demand]:
    filed, until = (pl.col(name).str.to_date("%Y-%m-%d", strict=False) for name in ("filed_on", "valid_until"))
    unread = [
        _Demand(f"“{DIRECTORY_TITLES[name]}”应写作“2026-09-10”", (pl.col(name) != "") & day.is_null())
        for name, day in (("filed_on", filed), ("valid_until", until))
    ]
    levels = pl.col("levels")
    return [
        _Demand("职业等级应由低到高写作“5,4,3”", (levels != "") & ~levels.is_in(_LEVEL_LISTS)),
        *unread,
        _Demand("有效期不得早于备案日期", until < filed),
        _Demand(f"有效期已在{as_of}之前届满，不得列入目录", until < pl.lit(as_of)),
    ]


def _unaccounted(now: pl.DataFrame, before: pl.DataFrame, told: pl.DataFrame, as_of: date) -> Iterator[str]:
    """Where the changes do not account for the rows that came, went or differ."""
    expected = {
        "新增": (now.join(before, on=DIRECTORY_KEY, how="anti"), _CAME),
        "到期或移出": (before.join(now, on=DIRECTORY_KEY, how="anti"), _WENT),
        "变更": (_differing(now, before), _STAYED),
    }
    for title, (rows, kinds) in expected.items():
        keys = rows.select(DIRECTORY_KEY).unique()
        said = told.filter(pl.col("change").is_in(kinds)).select(DIRECTORY_KEY).unique()
        missing, surplus = keys.join(said, on=DIRECTORY_KEY, how="anti"), said.join(keys, on=DIRECTORY_KEY, how="anti")
        if len(missing) or len(surplus):
            both = pl.concat([missing, surplus]).sort(DIRECTORY_KEY)
            yield f"变更记录与目录不符：{title}{len(keys)}行，记录{len(said)}行：{_named(both)}"
    expired = told.filter(pl.col("change") == "expired").join(before, on=DIRECTORY_KEY, how="inner")
    early = expired.filter(pl.col("valid_until") >= as_of.isoformat())
    if len(early):
        yield f"记为到期失效但有效期未满：{_named(early)}"


def _differing(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Rows of both directories that are not the same in every cell."""
    kept = now.join(before, on=DIRECTORY_KEY, how="semi")
    return kept.join(before, on=DIRECTORY_COLUMNS, how="anti")
