"""The directory (备案目录): its columns as one table, its cells and changes in words, and the names of codes.

Source: contract section 6; Notice, article 3(4).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from schemas.item import TRADE
from schemas.policy import Policy, all_policies
from schemas.submission import AUDIENCES


@dataclass(frozen=True)
class Column:
    """One column: its name, the header people see, how its cells read, and its width in half-width characters.

    `kind`: text as it is; code, text that is never wrapped; type and region, codes shown by their names; levels,
    `5,4,3`; audiences, `staff;students`; date, ISO. `of`: whose it is; one institution's cells are merged over its rows
    and known to the register.
    `page`: its name in the data of `index.html`, blank if the page does not show it. `optional`: may be blank.
    `move`: the kind of change that tells of it alone; blank for what `details_changed` tells.
    """

    name: str
    title: str
    kind: Literal["text", "code", "type", "region", "levels", "audiences", "date"]
    width: float
    of: Literal["institution", "occupation", "filing"]
    page: str = ""
    optional: bool = False
    move: str = ""


#: The columns of a directory row, one institution, occupation and work type, in the order of every output. The register's
#: table of institutions, the rows of editions, `directory.csv`, `.xlsx`, `.json`, the page's data, the checks and
#: docs/tables.md follow from it.
COLUMNS: tuple[Column, ...] = (
    Column("institution_name", "机构名称", "text", 34, "institution", "name"),
    Column("institution_type", "机构类型", "type", 18, "institution", "type"),
    Column("uscc", "统一社会信用代码", "code", 21, "institution", "uscc"),
    Column("institution_code", "机构编码", "code", 15, "institution", "code", optional=True),
    Column("region_code", "所属区划", "region", 20, "institution", "region"),
    Column("registered_address", "注册地址", "text", 30, "institution", "address", optional=True),
    Column("occupation_code", "职业编码", "code", 13, "occupation", "code"),
    Column("occupation_name", "职业名称", "text", 24, "occupation", "name"),
    Column("work_type", "工种", "text", 18, "occupation", "work_type", optional=True),
    Column("levels", "职业等级", "levels", 24, "filing", "levels", move="levels_changed"),
    Column("audiences", "服务对象", "audiences", 16, "filing", "audiences", optional=True),
    Column("filed_on", "备案日期", "date", 12, "filing", "filed"),
    Column("valid_until", "有效期至", "date", 12, "filing", "valid", move="renewed"),
)
DIRECTORY_TITLES: dict[str, str] = {column.name: column.title for column in COLUMNS}
DIRECTORY_COLUMNS = list(DIRECTORY_TITLES)
DIRECTORY_KEY = ["uscc", *TRADE]
OPTIONAL = [column.name for column in COLUMNS if column.optional]

_OF_INSTITUTION = [column.name for column in COLUMNS if column.of == "institution" and column.name not in DIRECTORY_KEY]
#: What one institution shares over all its rows.
INSTITUTION_COLUMNS = ["uscc", *_OF_INSTITUTION]
#: What the register knows of an institution beside its credit code; what may be blank comes last.
INSTITUTION_DETAILS = sorted(_OF_INSTITUTION, key=OPTIONAL.__contains__)
#: What one occupation shares over all its rows.
OCCUPATION_COLUMNS = [column.name for column in COLUMNS if column.of == "occupation"]

CHANGE_KINDS: dict[str, str] = {
    "added": "新增",
    "levels_changed": "等级变更",
    "renewed": "换证延续",
    "expired": "到期失效",
    "suspended": "暂停备案",
    "reinstated": "恢复备案",
    "withdrawn": "注销备案",
    "revoked": "撤销备案",
    "removed": "移出目录",
    "details_changed": "信息变更",
}
#: Kinds of rows that came into the directory, and of rows that are gone from it.
CAME = ("added", "reinstated")
GONE = ("expired", "suspended", "withdrawn", "revoked", "removed")
CHANGE_TITLES: dict[str, str] = {
    "uscc": "统一社会信用代码",
    "institution_name": "机构名称",
    "occupation_code": "职业编码",
    "occupation_name": "职业名称",
    "work_type": "工种",
    "change": "变更类型",
    "before": "变更前",
    "after": "变更后",
    "reason": "事由",
    "document_no": "文号",
}
CHANGE_COLUMNS = list(CHANGE_TITLES)
CHANGE_ORDER = [*DIRECTORY_KEY, "change"]

_EDITION = re.compile(r"20\d{2}-(0[1-9]|1[0-2])\.[1-9]\d*")
_NAMED = "|".join(f"{column.title}：" for column in COLUMNS if column.kind in ("type", "region", "audiences"))
_CODED = re.compile(rf"(?<![^；])({_NAMED})([^；]+)")


def edition_name(text: str) -> str:
    """Read an edition's name, `YYYY-MM.n`; raises ValueError with one sentence for anything else."""
    if not _EDITION.fullmatch(text):
        raise ValueError(f"'{text}' is not an edition: write cycle and number, for example 2026-09.1")
    return text


def levels_text(levels: str, policy: Policy) -> str:
    """`5,4,3` as people read it, `五级、四级、三级`; tokens that are no level stay as they are."""
    return "、".join(policy.level_names(level)[0] for level in levels.split(","))


def levels_of(levels: Iterable[str], policy: Policy) -> str:
    """Single levels as a directory row holds them, `5,4,3`."""
    return ",".join(policy.in_level_order(levels))


def audiences_text(audiences: str) -> str:
    """`staff;students` as people read it, `本企业职工、在校学生`; tokens that are no audience stay as they are."""
    return "、".join(AUDIENCES.get(word, word) for word in audiences.split(";"))


def audiences_shown(audiences: str) -> str:
    """Audiences in words anybody understands: `staff` as `本企业职工（不面向社会）`; blank where nothing is known."""
    if not audiences:
        return ""
    closed = "public" not in audiences.split(";")
    return audiences_text(audiences) + ("（不面向社会）" if closed else "")


def audiences_of(words: Iterable[str]) -> str:
    """Audiences, single ones or joined, as a directory row holds them, `staff;students`; others are left out."""
    present = {audience for word in words for audience in word.split(";")}
    return ";".join(word for word in AUDIENCES if word in present)


def change_text(text: str, policy: Policy) -> str:
    """A `before` or `after` as people read it: levels and audiences in words, institution types and regions by name."""
    first, mark, rest = text.partition("；")
    if set(first.split(",")) <= set(level_titles(policy)):
        first = levels_text(first, policy)
    text = first + mark + rest
    if not _CODED.search(text):  # most name no code, and the titles of all policies take longer to gather
        return text
    names = {**region_titles(policy), **type_titles(policy)}
    return _CODED.sub(lambda match: match[1] + names.get(match[2], audiences_text(match[2])), text)


def region_titles(policy: Policy) -> dict[str, str]:
    """Region code to name: the policy's, then those that only another policy of its city has, as of what is long on file."""
    return _with_others(policy, lambda one: one.region_names)


def type_titles(policy: Policy) -> dict[str, str]:
    """Institution type to title, in the same way."""
    return _with_others(policy, lambda one: one.institution_types)


def level_titles(policy: Policy) -> dict[str, str]:
    """Level code to title, in the same way."""
    return _with_others(policy, lambda one: one.levels)


def _with_others(policy: Policy, names: Callable[[Policy], dict[str, str]]) -> dict[str, str]:
    city = [policy, *(other for other in reversed(all_policies()) if other.name == policy.name)]
    titles: dict[str, str] = {}
    for one in city:
        titles |= {code: title for code, title in names(one).items() if code not in titles}
    return titles
