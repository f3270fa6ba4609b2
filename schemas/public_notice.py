"""A public notice (公示): what is to be filed, shown to everybody before it is.

Source: Notice, article 3(4); the number of working days is the policy's.
"""

from datetime import date

from schemas.law.cycle import add_workdays
from schemas.policy import Policy
from schemas.submission import KINDS

#: One row an application, occupation and work type, with the headers people see.
NOTICE_TITLES: dict[str, str] = {
    "application_no": "申报编号",
    "institution_name": "机构名称",
    "institution_type": "机构类型",
    "uscc": "统一社会信用代码",
    "region_code": "所属区划",
    "kind": "申报类型",
    "occupation_code": "职业编码",
    "occupation_name": "职业名称",
    "work_type": "工种",
    "levels": "职业等级",
}
NOTICE_COLUMNS = list(NOTICE_TITLES)


def last_day_of_notice(published_on: date, policy: Policy) -> date:
    """The last day for objections; the day of publication is not counted (Civil Code, article 201).

    Raises UnknownCalendarYearError for a year whose holidays are not known.
    """
    return add_workdays(published_on, policy.publication.public_notice_workdays)


def kind_title(kind: str) -> str:
    """`renewal` as `换证`; a text that is no kind stays as it is."""
    return KINDS.get(kind, kind)
