"""The input tables and their columns, as the outside names them.

Source: contract section 4. Every cell is read once, where it comes in, and travels as canonical text; `Kind` says what it
is read as.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "enum", "enums", "boolean", "instant", "date", "integer", "number", "level", "levels", "cycle"]

KINDS = {"initial": "首次备案", "addition": "增项", "renewal": "换证"}
AFFILIATIONS = {"municipal": "市级", "provincial": "省级", "central": "中央"}
AUDIENCES = {"staff": "本企业职工", "students": "在校学生", "public": "社会人员"}
ROLES = {"full_time": "专职人员", "examiner": "考评人员", "supervisor": "质量督导人员", "expert": "专家"}
ID_TYPES = {"resident_id": "身份证", "other": "其他"}
FORMS = {"file": "附件", "commitment": "告知承诺"}
RESULT_VERDICTS = {"pass": "合格", "fail": "不合格"}
DECISION_VERDICTS = {"permit": "准予", "refuse": "不予"}
BOOLEANS = {"true": "是", "false": "否"}
#: Lists of words that the policy holds.
Listed = Literal["", "institution_types", "levels", "materials", "regions"]

WRITTEN = "written"
"""Column beside those of a table: JSON of the cells whose text says more than their value, or has none, by column.

Under `headers_key` of a column that its sheet has not: the headers of the sheet that nobody knows.
"""


def headers_key(column: str) -> str:
    """The key in WRITTEN of a column that is not there."""
    return f"{column}__headers"


@dataclass(frozen=True)
class Column:
    """One column: canonical name, Chinese header, what its text must be readable as, and the words of an enumeration.

    `listed` names the policy's list its words come from (`Policy.column` fills them in); `also` gives further spellings;
    `headers` are further headers it goes by.
    """

    name: str
    title: str
    kind: Kind = "text"
    optional: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    listed: Listed = ""
    also: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[str, ...] = ()

    def spellings(self) -> dict[str, str]:
        """Every spelling of the column's words, with the word: itself, its title, and what else it goes by."""
        titles = {title: word for word, title in self.words.items()}
        return {**self.also, **titles, **{word: word for word in self.words}}


@dataclass(frozen=True)
class Table:
    """One input table; its application's rows are counted from 1 in input order."""

    name: str
    title: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def titles(self) -> dict[str, str]:
        """Canonical name to Chinese header."""
        return {column.name: column.title for column in self.columns}


_NO = Column("application_no", "申报编号")
_USCC = Column("uscc", "统一社会信用代码")
_LEVEL = Column("level", "等级", "level", listed="levels")
_WORK_TYPE = Column("work_type", "工种", optional=True)

APPLICATIONS = Table(
    "applications",
    "基本信息",
    (
        _NO,
        Column("cycle", "申报批次", "cycle"),
        Column("kind", "申报类型", "enum", words=KINDS),
        Column("institution_name", "机构名称"),
        _USCC,
        Column("institution_type", "机构类型", "enum", listed="institution_types"),
        Column("affiliation", "机构属性", "enum", words=AFFILIATIONS),
        Column("region_code", "所属区划", listed="regions"),
        Column("registered_address", "注册地址"),
        Column("legal_representative", "法定代表人"),
        Column("contact_name", "联系人"),
        Column("contact_phone", "联系电话"),
        Column("contact_email", "邮箱", optional=True),
        Column("submitted_at", "提交时间", "instant"),
        Column("social_insurance", "依法参保", "boolean", words=BOOLEANS),
        Column("no_violations", "无违法违规失信", "boolean", words=BOOLEANS),
        Column("withdrawn", "撤回申报", "boolean", optional=True, words=BOOLEANS),
    ),
)
OCCUPATIONS = Table(
    "occupations",
    "申报职业",
    (
        _NO,
        Column("occupation_code", "职业编码"),
        Column("occupation_name", "职业名称"),
        _WORK_TYPE,
        Column("levels", "申报等级", "levels", listed="levels"),
        Column("audience", "服务对象", "enum", words=AUDIENCES),
        Column("neighbour_code", "相邻职业编码", optional=True),
    ),
)
STAFF = Table(
    "staff",
    "人员队伍",
    (
        _NO,
        Column("role", "人员类别", "enum", words=ROLES),
        Column("name", "姓名"),
        Column("id_type", "证件类型", "enum", words=ID_TYPES),
        Column("id_number", "证件号码"),
        Column("title", "职务职称", optional=True),
        Column("certificate_no", "证书编号", optional=True),
    ),
)
MATERIALS_TABLE = Table(
    "materials",
    "申报材料",
    (
        _NO,
        Column("material", "材料类别", "enum", listed="materials"),
        Column("occupation_code", "职业编码", optional=True),
        _WORK_TYPE,
        Column("form", "提交方式", "enum", words=FORMS),
        Column("file_name", "文件名", optional=True),
        Column("size_bytes", "大小", "integer", optional=True),
        Column("sha256", "校验值", optional=True),
    ),
)
PROGRAMMES = Table(
    "programmes",
    "开设专业",
    (
        _NO,
        Column("programme_code", "专业代码"),
        Column("programme_name", "专业名称"),
        Column("occupation_code", "对应职业编码"),
        Column("highest_level", "培养层次", "level", listed="levels"),
    ),
)
ACTIVITIES = Table(
    "activities",
    "认定活动",
    (
        _USCC,
        Column("occupation_code", "职业编码"),
        _WORK_TYPE,
        _LEVEL,
        Column("held_on", "认定日期", "date"),
        Column("candidates", "参加人数", "integer"),
        Column("passed", "合格人数", "integer"),
    ),
)
RESULTS = Table(
    "results",
    "评估结果",
    (
        _NO,
        Column("occupation_code", "职业编码"),
        _WORK_TYPE,
        _LEVEL,
        Column("verdict", "结论", "enum", words=RESULT_VERDICTS),
        Column("score", "评分", "number"),
        Column("evaluated_on", "评估日期", "date"),
        Column("panel_lead", "评估组长"),
        Column("panel_size", "评估专家人数", "integer"),
        Column("commitments_shown", "承诺材料已提供", "boolean", words=BOOLEANS),
        Column("remarks", "备注", optional=True),
    ),
)
#: Results on their way in: beside what is kept of them, the token of the dispatch they answer.
RETURNED_RESULTS = Table(RESULTS.name, RESULTS.title, (*RESULTS.columns, Column("token", "送评凭证", optional=True)))
#: What is on file when the centre begins; a row may hold all levels of an occupation, as our own directory does.
REGISTER = Table(
    "register",
    "备案名册",
    (
        _USCC,
        Column("institution_name", "机构名称"),
        Column("institution_type", "机构类型", "enum", listed="institution_types"),
        Column("region_code", "所属区划", listed="regions"),
        Column("registered_address", "注册地址", optional=True),
        Column("occupation_code", "职业编码"),
        Column("occupation_name", "职业名称", optional=True),
        _WORK_TYPE,
        Column("level", "等级", "levels", listed="levels", headers=("levels", "职业等级", "申报等级")),
        Column("audience", "服务对象", "enums", optional=True, words=AUDIENCES, headers=("audiences",)),
        Column("filed_on", "备案日期", "date"),
        Column("valid_until", "有效期至", "date"),
        Column("institution_code", "机构编码", optional=True),
    ),
)
DECISIONS = Table(
    "decisions",
    "例外审批",
    (
        _NO,
        Column("rule", "规则"),
        Column("occupation_code", "职业编码", optional=True),
        Column("verdict", "审批结论", "enum", words=DECISION_VERDICTS),
        Column("decided_by", "审批人"),
        Column("decided_at", "审批时间", "instant"),
        Column("document_no", "文号"),
        Column("reason", "理由"),
    ),
)
#: The pool panels are drawn from; `email` is where the lead of a panel gets its packages by mail.
EXPERTS = Table(
    "experts",
    "专家库",
    (
        Column("expert_no", "专家编号"),
        Column("name", "姓名"),
        Column("employer_uscc", "所在单位信用代码", optional=True),
        Column("occupation_prefixes", "可评职业"),
        Column("active", "在库", "boolean", words=BOOLEANS),
        Column("email", "邮箱", optional=True),
    ),
)

#: What the province gives back: the sheet of its name in the report, filled in (contract section 3).
INSTITUTION_CODES = Table(
    "institution_codes",
    "待核发机构编码",
    (
        _USCC,
        Column("institution_name", "机构名称", optional=True),
        Column("institution_code", "机构编码", optional=True),
    ),
)

FORM_TABLES = (APPLICATIONS, OCCUPATIONS, STAFF, MATERIALS_TABLE, PROGRAMMES)
SIDE_TABLES = (ACTIVITIES, RESULTS, REGISTER, DECISIONS, EXPERTS)
TABLES: dict[str, Table] = {table.name: table for table in (*FORM_TABLES, *SIDE_TABLES, INSTITUTION_CODES)}
#: The tables as they are read.
READ_TABLES: dict[str, Table] = {**TABLES, RETURNED_RESULTS.name: RETURNED_RESULTS}
