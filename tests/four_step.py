"""A made cycle as a portal with a four-step form exports it: nested JSON page by page, or one workbook; no map is used."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import xlsxwriter

Json = dict[str, Any]

KINDS = {"initial": 1, "addition": 2, "renewal": 3}
TYPES = {"enterprise": 1, "technical_school": 2, "social_organisation": 3}
AFFILIATIONS = {"municipal": 1, "provincial": 2, "central": 3}
AUDIENCES = {"staff": 1, "students": 2, "public": 3}
ROLES = {"full_time": 1, "examiner": 2, "supervisor": 3, "expert": 4}
ID_TYPES = {"resident_id": 1, "other": 9}
FORMS = {"file": 1, "commitment": 2}
DOCUMENTS = {
    name: number
    for number, name in enumerate(
        (
            "application_form",
            "legal_person_certificate",
            "credit_report",
            "social_insurance_proof",
            "financial_rules",
            "work_plan",
            "management_rules",
            "surveillance_description",
            "expert_skill_proof",
            "site_equipment_proof",
            "undertaking",
            "question_bank",
            "assessment_specification",
        ),
        start=1,
    )
}
SHEETS = {
    "基本信息": [
        ("申报编号", "application_no"),
        ("批次", "cycle"),
        ("申报类别", "kind"),
        ("单位全称", "institution_name"),
        ("社会信用代码", "uscc"),
        ("机构类别", "institution_type"),
        ("隶属关系", "affiliation"),
        ("行政区划", "region_code"),
        ("地址", "registered_address"),
        ("法人代表", "legal_representative"),
        ("联系人姓名", "contact_name"),
        ("手机号", "contact_phone"),
        ("电子邮箱", "contact_email"),
        ("提交日期", "submitted_at"),
        ("是否参保", "social_insurance"),
        ("是否无违法失信", "no_violations"),
    ],
    "职业信息": [
        ("申报编号", "application_no"),
        ("职业代码", "occupation_code"),
        ("职业", "occupation_name"),
        ("工种名称", "work_type"),
        ("等级", "levels"),
        ("面向对象", "audience"),
        ("相近职业代码", "neighbour_code"),
    ],
    "专业信息": [
        ("申报编号", "application_no"),
        ("专业编号", "programme_code"),
        ("专业", "programme_name"),
        ("职业代码", "occupation_code"),
        ("最高等级", "highest_level"),
    ],
    "人员队伍信息": [
        ("申报编号", "application_no"),
        ("人员类型", "role"),
        ("人员姓名", "name"),
        ("证件类别", "id_type"),
        ("证件号", "id_number"),
        ("职务或职称", "title"),
        ("证书号", "certificate_no"),
    ],
    "方案和资料": [
        ("申报编号", "application_no"),
        ("资料类型", "material"),
        ("职业代码", "occupation_code"),
        ("提交形式", "form"),
        ("附件名称", "file_name"),
        ("附件大小", "size_bytes"),
        ("附件校验值", "sha256"),
    ],
}
_TABLES = dict(zip(SHEETS, ("applications", "occupations", "programmes", "staff", "materials"), strict=True))
_CODES: dict[str, dict[Any, Any]] = {
    "kind": KINDS,
    "institution_type": TYPES,
    "affiliation": AFFILIATIONS,
    "audience": AUDIENCES,
    "role": ROLES,
    "id_type": ID_TYPES,
    "form": FORMS,
    "material": DOCUMENTS,
    "social_insurance": {True: 1, False: 0},
    "no_violations": {True: 1, False: 0},
}


def ascending(document: Json) -> Json:
    """The document with levels as the portal writes them, "3,4,5"; cells that are none stay."""
    for form in document["applications"]:
        for row in form.get("occupations", []):
            levels = str(row.get("levels", "")).split(",")
            if all(level in "12345" for level in levels):
                row["levels"] = ",".join(sorted(levels))
    return document


def _coded(row: Json) -> Json:
    """Canonical words as the portal's numbers; what is none of them as it is."""
    return {name: _CODES[name].get(value, value) if name in _CODES else value for name, value in row.items()}


def _named(row: Json, names: Iterable[tuple[str, str]]) -> Json:
    """Some cells under the portal's names, dotted ones in objects of their own."""
    tree: Json = {}
    for theirs, ours in names:
        if ours not in row:
            continue
        holder = tree
        *folders, leaf = theirs.split(".")
        for folder in folders:
            holder = holder.setdefault(folder, {})
        holder[leaf] = row[ours]
    return tree


def records(document: Json) -> list[Json]:
    """Each application as the portal's API gives it."""
    return [_record(number, form) for number, form in enumerate(document["applications"], 1)]


def _record(number: int, form: Json) -> Json:
    steps = {
        "occupationInfo": {
            "list": [_named(_coded(row), _OCCUPATION) for row in form.get("occupations", [])],
            "majors": [_named(row, _MAJOR) for row in form.get("programmes", [])],
        },
        "staffInfo": [_named(_coded(row), _PERSON) for row in form.get("staff", [])],
        "planAndMaterials": [_named(_coded(row), _DOCUMENT) for row in form.get("materials", [])],
    }
    return {"id": number, **_named(_coded(form), _BASE), **steps}


_BASE = [
    ("applyNo", "application_no"),
    ("batch", "cycle"),
    ("applyType", "kind"),
    ("submitTime", "submitted_at"),
    ("baseInfo.orgName", "institution_name"),
    ("baseInfo.creditCode", "uscc"),
    ("baseInfo.orgType", "institution_type"),
    ("baseInfo.orgLevel", "affiliation"),
    ("baseInfo.areaCode", "region_code"),
    ("baseInfo.address", "registered_address"),
    ("baseInfo.legalPerson", "legal_representative"),
    ("baseInfo.linkMan.name", "contact_name"),
    ("baseInfo.linkMan.mobile", "contact_phone"),
    ("baseInfo.linkMan.email", "contact_email"),
    ("baseInfo.insured", "social_insurance"),
    ("baseInfo.clean", "no_violations"),
]
_OCCUPATION = [
    ("jobCode", "occupation_code"),
    ("jobName", "occupation_name"),
    ("workType", "work_type"),
    ("levels", "levels"),
    ("target", "audience"),
    ("nearJobCode", "neighbour_code"),
]
_MAJOR = [
    ("majorCode", "programme_code"),
    ("majorName", "programme_name"),
    ("jobCode", "occupation_code"),
    ("topLevel", "highest_level"),
]
_PERSON = [
    ("type", "role"),
    ("personName", "name"),
    ("cardType", "id_type"),
    ("cardNo", "id_number"),
    ("post", "title"),
    ("certNo", "certificate_no"),
]
_DOCUMENT = [
    ("docType", "material"),
    ("jobCode", "occupation_code"),
    ("submitMode", "form"),
    ("file.name", "file_name"),
    ("file.size", "size_bytes"),
    ("file.sha256", "sha256"),
]


def pages(document: Json, size: int = 7) -> list[Json]:
    """Pages as the portal's API sends them, each with its envelope and the number of the next."""
    every = records(document)
    cut = [every[at : at + size] for at in range(0, len(every), size)]
    answers = []
    for number, part in enumerate(cut, 1):
        data: Json = {"total": len(every), "pageSize": size, "records": part}
        if number < len(cut):
            data["nextPage"] = number + 1
        answers.append({"code": 0, "message": "ok", "data": data})
    side = {name: rows for name, rows in document.items() if name != "applications"}
    answers[0] |= side
    return answers


def workbook(document: Json) -> bytes:
    """The portal's workbook: a sheet for each step, a title above each header, numbers as numbers."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    for title, columns in SHEETS.items():
        sheet = book.add_worksheet(title)
        sheet.write(0, 0, f"{title}导出")
        sheet.write_row(1, 0, ["序号", *(name for name, _ in columns)])
        for line, row in enumerate(_rows(document, _TABLES[title]), start=2):
            sheet.write(line, 0, line - 1)
            for place, (_, ours) in enumerate(columns, start=1):
                if row.get(ours) is not None:
                    sheet.write(line, place, row[ours])
    book.close()
    return target.getvalue()


def _rows(document: Json, table: str) -> list[Json]:
    if table == "applications":
        return [_coded(form) for form in document["applications"]]
    return [
        _coded({"application_no": form["application_no"], **row})
        for form in document["applications"]
        for row in form.get(table, [])
    ]
