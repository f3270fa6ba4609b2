"""A form that is shown again (再次提交): what it is about and what it asks for, so that nobody sends it blindly."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from deployments.desk import applications, institutions, letters
from schemas.law.rulings import OBJECTION
from schemas.policy import in_force
from schemas.qualification import ADJUSTMENTS
from schemas.reference_data import reference
from schemas.settings import PAGES
from tasks.desk.duties import in_words
from tasks.runs.today import today

#: Fields in which a person writes, as their form names them.
WRITTEN: Mapping[str, str] = {
    "reason": "理由",
    "document_no": "文号",
    "ground": "事由",
    "institution_name": "机构名称",
    "registered_address": "注册地址",
    **institutions.FIELDS,
}
#: Acts by the last word of their address.
_ACTS: Mapping[str, str] = {
    "decide": "例外审批",
    "withdraw": "撤回申报",
    "close": "终止办理",
    "approve": "批准发布",
    "adjust": "动态调整",
    "rename": "变更名称、类型、区划、地址",
    "recode": "更换统一社会信用代码",
    "merge": "并入另一家机构",
    "renumber": "职业编码变更",
    "run": "运行批次",
    "pause": "暂停自动办理",
    "resume": "恢复自动办理",
    "posted": "登记文书",
}
#: Fields that are chosen, with their titles, in the order in which they are shown.
_CHOSEN: Mapping[str, str] = {
    "rule": "规则",
    "verdict": "决定",
    "kind": "种类",
    "occupation": "职业",
    "institution_type": "机构类型",
    "region_code": "所属区划",
    "trial": "试运行",
    "until": "至哪一日",
    "what": "登记",
    "on": "日期",
}


def facts_of(path: str, fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a form asks for, as titles and words: the act, what it is about, and what was chosen in it.

    `path`: the address it was sent to; `fields`: its names and texts.
    """
    _, *subject, act = path.removeprefix(PAGES).strip("/").split("/")
    sent = dict(fields)
    about = [("事项", _ACTS[act])] if act in _ACTS else []
    if subject:
        about.append(("办理对象", unquote("/".join(subject))))
    if marked := sum(name == "occasion" for name, _ in fields):
        about.append(("文书", f"{marked} 封"))
    chosen = [(title, _chosen(name, sent)) for name, title in _CHOSEN.items() if name in sent]
    return about + [(title, words) for title, words in chosen if words]


def _chosen(name: str, sent: Mapping[str, str]) -> str:
    """What was chosen in a field, in words; blank where nothing was."""
    text, policy, of_objection = sent[name], in_force(today()), sent.get("rule") == OBJECTION
    if name == "rule":
        return "公示异议" if of_objection else in_words(text, policy)
    if name == "occupation":
        return f"{reference().occupation_names().get(text, '')}（{text}）" if text else "全部"
    lists: Mapping[str, Mapping[str, str]] = {
        "verdict": applications.OF_AN_OBJECTION if of_objection else applications.VERDICTS,
        "kind": {kind: entry.title for kind, entry in ADJUSTMENTS.items()},
        "institution_type": policy.institution_types,
        "region_code": policy.region_names,
        "what": letters.POSTED,
        "trial": {"yes": "是"},
    }
    return lists.get(name, {}).get(text, text)
