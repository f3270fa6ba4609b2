"""An entry of the history as people read it: what was and became, because of what, at which level."""

import re
from collections.abc import Mapping
from functools import partial

from schemas.application import STATUSES as APPLICATION_STATUSES
from schemas.inspection import OUTCOMES
from schemas.item import STATUSES as ITEM_STATUSES
from schemas.letter_text import LETTER_KINDS
from schemas.policy import in_force
from schemas.qualification import STANDINGS
from schemas.supervision import COMPLAINT_OUTCOMES
from tasks.runs.today import today

#: What was and became, by the kind of its entries.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "item": ITEM_STATUSES,
    "application": {**APPLICATION_STATUSES, "late": "逾期版本"},
    "qualification": STANDINGS,
    "decision": {"permit": "准予", "refuse": "不予"},
    "notice": {code: kind.title for code, kind in LETTER_KINDS.items()} | {"posted": "已寄出", "served": "已送达"},
    "complaint": COMPLAINT_OUTCOMES,
    "inspection": {"drawn": "抽中", **OUTCOMES},
    "dormancy": {"new": "新备案", "active": "已开展", "dormant": "休眠", "unknown": "不明"},
    "edition": {"building": "制作中", "waiting": "等待批准", "published": "已发布", "discarded": "已取消"},
    "public_notice": {"building": "制作中", "published": "已发布"},
    "cycle": {"closed": "已终止"},
    "import": {},
    "pause": {"paused": "已暂停", "lifted": "已恢复"},
}
#: What keeps the particulars of an institution apart.
_BAR = "｜"
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_OCCASION = re.compile(r"\b([a-z_]+):[^\s：；，]+")


def in_words(kind: str, code: str) -> str:
    """What was or became, in words; the particulars of an institution by their names, without those that are blank."""
    if kind == "institution" and _BAR in code:
        policy = in_force(today())
        names = {**policy.institution_types, **policy.region_names}
        return "，".join(names.get(part, part) for part in code.split(_BAR) if part)
    return _WORDS.get(kind, {}).get(code, code)


def because(text: str) -> str:
    """Why, with a letter's occasion as its title and no more of a digest than tells it from others."""
    short = _DIGEST.sub(lambda digest: f"清单 SHA-256 {digest[0][:16]}…", text)
    return _OCCASION.sub(partial(_letter, text=text), short)


def _letter(occasion: re.Match[str], text: str) -> str:
    if occasion[1] not in LETTER_KINDS:
        return occasion[0]
    title = LETTER_KINDS[occasion[1]].title
    return f"出具{title}" if occasion[0] == text else title


def level(code: str) -> str:
    """A level by its first name, 二级; blank where there is none."""
    return in_force(today()).level_names(code)[0] if code else ""
