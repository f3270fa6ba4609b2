"""Whether rows of activities, register and decisions have what they need, and are sound; a row that is not is reported."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
import polars as pl

from expectations.identifiers import holds_number, is_credit_code
from expectations.reading import spellings
from schemas.policy import Policy
from schemas.reference_data import reference
from schemas.submission import REGISTER, WRITTEN, Table

_LINE = "line"


class LeftOut(NamedTuple):
    """A row of a list that is not taken: its `row`, its `line` as the sheet counts it, and one Chinese sentence why."""

    row: int
    line: str
    sentence: str

    @classmethod
    def of(cls, table: Table, row: int, line: object, fault: str) -> "LeftOut":
        """A row of a table, with the sentence that names the table, the line and what is wrong."""
        return cls(row, str(line), f"{table.title}（{table.name}）第{line}行{fault}")


def readable(frame: pd.DataFrame, table: Table, policy: Policy | None = None) -> tuple[pd.DataFrame, list[LeftOut]]:
    """The rows whose every required cell has a value and which are sound, and those that are left out.

    `frame`: the table's columns as canonical text, `written`, `row` and where there is one `line`, the sheet's own number.
    Whole numbers come back as int64. Without a policy nothing but the cells is looked at.
    """
    rows = pl.from_pandas(frame)
    lines = rows[_LINE if _LINE in rows.columns else "row"]
    # an optional cell that is blank is fine; any other null is a cell nobody can read
    broken = rows.select(
        (pl.col(column.name).is_null() & (_stands(column.name) if column.optional else pl.lit(True))).alias(column.name)
        for column in table.columns
    )
    bad = broken.select(pl.any_horizontal(pl.all())).to_series()
    sentences: dict[int, list[str]] = {}
    blank = rows.select((~_stands(column.name)).fill_null(True).alias(column.name) for column in table.columns)
    for column in table.columns:
        for place in broken[column.name].arg_true():
            why = "不得为空" if blank[column.name][place] else f"无法读取：{spellings(column)}"
            sentences.setdefault(place, []).append(f"“{column.title}”{why}")
    for fault, sentence in _faults(table.name, policy) if policy else ():
        faulty = rows.select((fault.fill_null(False) & ~pl.lit(bad)).alias("fault")).to_series()
        for place in faulty.arg_true():
            sentences.setdefault(place, []).append(f"未采用：{sentence}")
        bad |= faulty
    left_out = [
        LeftOut.of(table, rows["row"][place], lines[place], f"{'；'.join(sentences[place])}。")
        for place in sorted(sentences)
    ]
    numbers = [pl.col(column.name).cast(pl.Int64) for column in table.columns if column.kind == "integer"]
    good = rows.filter(~bad).select("row", *table.names).with_columns(numbers)
    return good.to_pandas(), left_out


def _faults(table: str, policy: Policy) -> Iterator[tuple[pl.Expr, str]]:
    """What a row of a list that is taken over may not say, with how to mend it."""
    if table not in ("register", "activities"):
        return
    yield ~is_credit_code(pl.col("uscc")), "统一社会信用代码不正确，请按登记证书核对18位代码"
    names = set(reference().later.loc[reference().later["code_2022"].isna(), "name"])
    occupations = [*reference().occupation_names(), *sorted(names)]
    yield ~pl.col("occupation_code").is_in(occupations), "职业编码不在《职业分类大典》和新职业名录中，请核对"
    if table == "activities":
        passed, candidates = (pl.col(name).cast(pl.Int64) for name in ("passed", "candidates"))
        yield passed > candidates, "合格人数多于参加人数，请核对"
        return
    yield (
        ~pl.col("region_code").is_in(list(policy.region_names)),
        f"所属区划应为：{'、'.join(policy.region_names.values())}",
    )
    for name in ("institution_name", "registered_address", "occupation_name", "work_type"):
        yield (
            holds_number(pl.col(name)),
            f"“{REGISTER.titles()[name]}”将公开，其中有身份证号或电话号码，请删除（FORM-11）",
        )
    yield pl.col("valid_until") < pl.col("filed_on"), "有效期至早于备案日期，请核对"
    pattern = f"^(?:{policy.province.institution_code})$"
    yield ~pl.col("institution_code").str.contains(pattern), "机构编码不合规定的格式，请核对"


def _stands(column: str) -> pl.Expr:
    """Whether something stands in a cell that has no value."""
    return pl.col(WRITTEN).str.json_path_match(f"$.{column}").is_not_null()
