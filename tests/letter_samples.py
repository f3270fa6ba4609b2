"""What each kind of letter says at its shortest and at its longest, as JSON; the measures of paper are taken from both."""

from typing import Any

from schemas.letter_text import LETTER_KINDS

_INSTITUTION = "湖北新冶钢职业培训学校"
_LONG_NAME = "黄石经济技术开发区铁山区长江中游先进制造与现代服务产业职业技能等级评价服务中心有限责任公司"
_OFFICE: dict[str, Any] = {
    "issuer": "黄石市职业技能鉴定指导中心",
    "printed_by": "黄石市职业技能鉴定指导中心",
    "document": "黄人社函〔2021〕26号",
    "letter_no": "黄职鉴〔2026〕12号",
    "contact": "王芳",
    "phone": "0714-6350000",
}
_FULL_OFFICE: dict[str, Any] = {
    **_OFFICE,
    "issuer": "黄石市人力资源和社会保障局",
    "letter_no": "黄职鉴补〔2026〕1288号",
    "address": "湖北省黄石市黄石港区杭州西路88号市民之家三楼",
    "postcode": "435000",
    "email": "jianding@example.gov.cn",
    "copy_to": [
        "湖北省职业技能鉴定中心",
        "黄石港区人力资源和社会保障局",
        "黄石经济技术开发区·铁山区人力资源和社会保障局",
    ],
    "remedies": "不服本决定的，可自收到之日起六十日内向黄石市人民政府申请行政复议，或者自收到之日起六个月内"
    "向黄石市西塞山区人民法院提起行政诉讼。复议、诉讼期间本决定不停止执行。",
    "voids": [{"title": "不予备案通知书", "letter_no": "黄职鉴备〔2026〕7号", "issued_on": "2026-10-20"}],
}
_SHORT = {**_OFFICE, "institution_name": _INSTITUTION, "uscc": "52420200MJH1234567", "issued_on": "2026-09-12"}
_LONG = {**_FULL_OFFICE, "institution_name": _LONG_NAME, "uscc": "91420200MA4XXXXXXX", "issued_on": "2026-12-31"}
_APPLICATION = {"application_no": "HS202609-0012", "cycle": "2026-09", "kind": "首次备案", "submitted_on": "2026-09-01"}

_ITEM = {"occupation_code": "6-18-02-04", "occupation_name": "焊工", "levels": "五级/初级工"}
_LONG_ITEM = {
    "occupation_code": "6-29-02-06",
    "occupation_name": "建筑幕墙设计与轨道交通装备机械设备安装调试工",
    "work_type": "大型起重装卸机械与电气设备安装工",
    "levels": "五级/初级工、四级/中级工、三级/高级工、二级/技师、一级/高级技师",
}
_FILED = {"filed_on": "2026-10-25", "valid_until": "2029-10-24"}
_REASON = {"reason": "评估不合格", "basis": "三（三）"}
_LONG_REASON = {
    "reason": "该职业已有2家以上机构备案，原则上不再新增；例外审批未予准许",
    "basis": "一（三）",
    "decision_no": "黄职鉴〔2026〕11号",
    "decision_reason": "我市该职业现有评价机构能够满足需要，且申报机构近两年未承担过同类职业的评价工作",
    "remedy": "可改报我市尚无机构备案的职业",
}
_FINDING = {
    "rule": "FORM-2",
    "table": "基本信息",
    "row": 1,
    "field": "统一社会信用代码",
    "value": "52420200MJH1234567",
    "problem": "统一社会信用代码校验不通过",
    "basis": "二（一）",
}
_MENDING = {**_FINDING, "remedy": "请按法人登记证书逐字核对后重新填写"}
_LONG_FINDING = {
    "rule": "MAT-2",
    "table": "申报材料",
    "row": 128,
    "field": "考核规范（6-29-02-06：大型起重装卸机械与电气设备安装工）",
    "value": "大型起重装卸机械与电气设备安装工考核规范（2026年修订第三次征求意见稿）最终版.wps",
    "problem": "附件为空、超限、类型不允许或校验值不符",
    "basis": "三（二）",
}
_LONG_MENDING = {
    **_LONG_FINDING,
    "remedy": "请提交不超过50MB的pdf、jpg、jpeg、png、docx、xlsx或zip文件，并核对文件名与材料清单一致",
}
_ADJUSTMENT = {"ground": "视频资料保存不全", "decided_on": "2026-10-08", "effective_on": "2026-10-10"}
_LONG_ADJUSTMENT = {
    **_ADJUSTMENT,
    "items": [_LONG_ITEM] * 12,
    "ground": "双随机抽查发现考评人员数量不足、理论考试与技能考核视频资料保存不全，且在规定期限内未完成整改" * 2,
    "decision_no": "黄人社函〔2026〕108号",
}

_SHORTEST: dict[str, dict[str, Any]] = {
    "correction": {**_SHORT, **_APPLICATION, "findings": [_MENDING], "workdays": 5, "due_on": "2026-09-19"},
    "non_acceptance": {**_SHORT, **_APPLICATION, "findings": [{**_FINDING, "rule": "FORM-3", "field": "所属区划"}]},
    "acceptance": {**_SHORT, **_APPLICATION, "items": [_ITEM]},
    "refusal": {**_SHORT, **_APPLICATION, "items": [{**_ITEM, **_REASON}]},
    "filing": {**_SHORT, **_APPLICATION, "items": [{**_ITEM, **_FILED}]},
    "application_withdrawal": {
        **_SHORT,
        **_APPLICATION,
        "items": [_ITEM],
        "asked_on": "2026-09-08",
        "way": "申请",
    },
    "late_version": {
        **_SHORT,
        **_APPLICATION,
        "version": 2,
        "received_on": "2026-09-12",
        "reason": "申报期已于2026年9月10日截止",
    },
    "ending": {**_SHORT, **_APPLICATION, "items": [{**_ITEM, "reason": "逾期未补正"}], "decided_on": "2026-11-02"},
    "institution_code": {**_SHORT, "institution_code": "Y000142000012"},
    "rectification": {
        **_SHORT,
        "occasion": "双随机抽查",
        "problem": "考评人员不足。",
        "due_on": "2026-10-31",
    },
    "expiry_reminder": {
        **_SHORT,
        "items": [_ITEM],
        "valid_until": "2026-12-01",
        "days_left": 90,
        "renewal_cycle": "2026-09",
        "renewal_deadline": "2026-09-10",
    },
    "dormancy": {
        **_SHORT,
        "as_of": "2026-09-10",
        "occupations": [{"occupation_code": "6-18-02-04", "occupation_name": "焊工", "filed_on": "2024-04-01"}],
    },
    "suspension": {**_SHORT, **_ADJUSTMENT, "items": [_ITEM]},
    "reinstatement": {**_SHORT, **_ADJUSTMENT, "items": [_ITEM]},
    "withdrawal": {**_SHORT, **_ADJUSTMENT},
    "revocation": {**_SHORT, **_ADJUSTMENT, "items": [_ITEM]},
    "result_return": {
        **_SHORT,
        "institution_name": "评估专家组",
        "uscc": "",
        "applicant": _INSTITUTION,
        "application_no": "HS202609-0012",
        "cycle": "2026-09",
        "results": [
            {
                "occupation_code": "6-18-02-04",
                "occupation_name": "焊工",
                "level": "四级/中级工",
                "field": "评分",
                "value": "八十五",
                "problem": "评分须为0至100的数字",
                "basis": "三（三）",
            }
        ],
    },
    "package_recall": {
        **_SHORT,
        "institution_name": "评估专家组",
        "uscc": "",
        "applicant": _INSTITUTION,
        "application_no": "HS202609-0012",
        "cycle": "2026-09",
        "dispatched_on": "2026-09-11",
        "items": [_ITEM],
        "reason": "申报机构撤回申报。",
    },
}

_LONGEST: dict[str, dict[str, Any]] = {
    "correction": {
        **_LONG,
        **_APPLICATION,
        "findings": [_MENDING, _LONG_MENDING] * 30,
        "not_accepted": [_LONG_FINDING] * 3,
        "workdays": 5,
        "due_on": "2027-01-08",
    },
    "non_acceptance": {**_LONG, **_APPLICATION, "findings": [_LONG_FINDING] * 20},
    "acceptance": {
        **_LONG,
        **_APPLICATION,
        "items": [_LONG_ITEM] * 20,
        "held": [{**_LONG_ITEM, **_LONG_REASON}] * 10,
        "commitments": ["专家技术技能水平证明", "场地设备设施资产证明"],
        "decided_by": "2026-10-25",
    },
    "refusal": {**_LONG, **_APPLICATION, "items": [{**_LONG_ITEM, **_LONG_REASON}] * 20},
    "filing": {
        **_LONG,
        **_APPLICATION,
        "kind": "换证",
        "renewed": True,
        "items": [{**_LONG_ITEM, **_FILED, "former_until": "2026-12-01"}] * 30,
        "institution_code": "Y000142000012",
    },
    "application_withdrawal": {
        **_LONG,
        **_APPLICATION,
        "items": [_LONG_ITEM] * 20,
        "asked_on": "2026-09-08",
        "way": "书面申请",
        "ground": "本单位内部机构调整，暂不具备开展职业技能等级认定工作的条件",
        "open_until": "2026-09-10",
    },
    "late_version": {
        **_LONG,
        **_APPLICATION,
        "version": 12,
        "received_on": "2026-09-12",
        "reason": "申报期已于2026年9月10日截止，且本次材料不是对补正通知书的补正",
        "basis": "三（一）",
        "current_on": "2026-09-01",
        "open_for_decision": True,
    },
    "ending": {
        **_LONG,
        **_APPLICATION,
        "items": [{**_LONG_ITEM, **_LONG_REASON, "reason": "例外审批未获准"}] * 12,
        "decided_on": "2026-11-02",
        "decision_no": "黄职鉴〔2026〕99号",
    },
    "institution_code": {**_LONG, "institution_code": "Y000142000012", "former_code": "S000142000012"},
    "rectification": {
        **_LONG,
        "items": [_LONG_ITEM] * 5,
        "occasion": "举报投诉办理",
        "occasion_no": "黄职鉴诉〔2026〕3号",
        "problem": "考评人员数量不足，理论考试与技能考核视频资料保存不全；部分批次未按备案的考核规范组织考核。" * 4,
        "due_on": "2027-01-31",
        "decision_no": "黄职鉴〔2026〕99号",
    },
    "expiry_reminder": {
        **_LONG,
        "items": [_LONG_ITEM] * 12,
        "under_way": [
            {
                **_LONG_ITEM,
                "application_no": "HS202609-0012",
                "state": "已退回补正：请于2026年9月17日前补正全部问题并重新提交，逾期不补正的终止办理",
            }
        ]
        * 8,
        "valid_until": "2026-12-01",
        "days_left": 30,
        "renewal_cycle": "2026-09",
        "renewal_deadline": "2026-09-10",
    },
    "dormancy": {
        **_LONG,
        "as_of": "2026-09-10",
        "occupations": [
            {
                "occupation_code": "6-29-02-06",
                "occupation_name": "建筑幕墙设计与轨道交通装备机械设备安装调试工",
                "work_type": "大型起重装卸机械与电气设备安装工",
                "filed_on": "2024-10-25",
                "last_held_on": "2024-12-31",
            }
        ]
        * 25,
    },
    "suspension": {**_LONG, **_LONG_ADJUSTMENT},
    "reinstatement": {**_LONG, **_LONG_ADJUSTMENT, "is_over": True},
    "withdrawal": {**_LONG, **_LONG_ADJUSTMENT},
    "revocation": {**_LONG, **_LONG_ADJUSTMENT},
    "result_return": {
        **_LONG,
        "institution_name": "评估专家组",
        "uscc": "",
        "applicant": _LONG_NAME,
        "application_no": "HS202609-0012",
        "cycle": "2026-09",
        "results": [
            {
                "occupation_code": "6-29-02-06",
                "occupation_name": "建筑幕墙设计与轨道交通装备机械设备安装调试工",
                "work_type": "大型起重装卸机械与电气设备安装工",
                "level": "一级/高级技师",
                "field": "评估组长",
                "value": "",
                "problem": "评估日期或评估组长缺失，或评估日期晚于收件日期",
                "basis": "三（三）",
            }
        ]
        * 25,
    },
    "package_recall": {
        **_LONG,
        "institution_name": "评估专家组",
        "uscc": "",
        "applicant": _LONG_NAME,
        "application_no": "HS202609-0012",
        "cycle": "2026-09",
        "dispatched_on": "2026-09-11",
        "items": [_LONG_ITEM] * 20,
        "reason": "申报机构在申报期内提交了新的申报材料，原材料不再有效。",
    },
}


def _of_kind(letters: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What letters say without the lines of the office that their kind does not have."""
    return {
        kind: {
            field: value
            for field, value in text.items()
            if field not in _FULL_OFFICE or field in LETTER_KINDS[kind].text.model_fields
        }
        for kind, text in letters.items()
    }


#: Kind to what it says at its shortest: one line of everything it must have.
SHORTEST = _of_kind(_SHORTEST)
#: Kind to what it says at its longest: everything it may have, many times, in long words, with the office's file full.
LONGEST = _of_kind(_LONGEST)
