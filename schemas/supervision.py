"""Supervision (监管): complaints, and what is open about an institution, as data.

Source: Notice, article 4; contract section 4, complaints. A complaint names no complainant.
"""

from schemas.submission import Column, Table

#: What came of a complaint; `open` is under inquiry.
COMPLAINT_OUTCOMES: dict[str, str] = {
    "open": "办理中",
    "unfounded": "不属实",
    "rectify": "限期整改",
    "suspend": "暂停备案",
    "revoke": "撤销备案",
}
#: Outcomes that leave something to be done about the institution until `closed_on`.
UNSETTLED: dict[str, str] = {"open": "未办结", "rectify": "整改未完成"}

#: Outcomes of an inspection that leave something to be mended.
TO_BE_MENDED = frozenset({"pending"})

COMPLAINTS_TABLE = Table(
    "complaints",
    "举报投诉",
    (
        Column("complaint_no", "举报投诉编号"),
        Column("uscc", "统一社会信用代码"),
        Column("received_on", "收到日期", "date"),
        Column("summary", "反映事项"),
        Column("handled_by", "办理人"),
        Column("outcome", "办理结果", "enum", words=COMPLAINT_OUTCOMES),
        Column("due_on", "整改期限", "date", optional=True),
        Column("closed_on", "办结日期", "date", optional=True),
        Column("document_no", "文号", optional=True),
    ),
)

#: The supervision list (监管清单): one row a matter, with the headers people see.
MATTERS: dict[str, str] = {
    "uscc": "统一社会信用代码",
    "institution_name": "机构名称",
    "occupation_code": "职业编码",
    "occupation_name": "职业名称",
    "work_type": "工种",
    "matter": "事项",
    "details": "情况",
    "since": "起始日期",
    "due_on": "期限",
}
