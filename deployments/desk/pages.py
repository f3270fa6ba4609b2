"""How a page of the desk is made: templates, the words they share, the menu with its counts."""

import re
import time
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache, partial
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from deployments.desk.signing import Tokens, signed_in
from deployments.gate.pages import templates
from deployments.gate.people import Role
from schemas.directory import region_titles, type_titles
from schemas.duty import KINDS, Duty, counted
from schemas.inspection import OUTCOMES
from schemas.item import APPLICATION_STATUSES, AWAITED, NOT_TAKEN_UP
from schemas.item import STATUSES as ITEM_STATUSES
from schemas.letter_text import LETTER_KINDS
from schemas.policy import in_force
from schemas.qualification import STANDINGS
from schemas.settings import PAGES, settings
from schemas.supervision import COMPLAINT_OUTCOMES
from tasks.desk import duties
from tasks.runs.today import today
from tasks.store import history
from tasks.store.database import reading

#: Nobody else may show these pages in a frame, and no proxy keeps them; the browser's own "back" may.
HEADERS = {
    "Cache-Control": "private, no-cache",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


#: The menu: the address of a page, its title, and the kinds of duty that are done there.
_MENU = (
    ("/", "今日待办", tuple(KINDS)),
    ("/applications", "申报", ("ruling", "correction", "panel")),
    ("/institutions", "机构", ("complaint",)),
    ("/cycles", "批次", ("cycle", "approval")),
    ("/letters", "文书", ("posting", "delivery")),
    ("/doors", "收件", ("aside",)),
)
#: So old may the counts of the menu be.
_MENU_SECONDS = 15.0


@cache
def _templates() -> Environment:
    made = templates("desk", trim=True)
    made.globals.update(
        base=PAGES,
        kinds=KINDS,
        item_statuses=ITEM_STATUSES,
        application_statuses={
            **APPLICATION_STATUSES,
            "late": "逾期版本待定",
            NOT_TAKEN_UP: AWAITED[NOT_TAKEN_UP].title,
        },
        Role=Role,
        words=in_words,
        because=because,
        level=level,
        moment=moment,
    )
    return made


def render_page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the desk: the template with what it asks for, the person, the menu's counts and a token for its forms."""
    person = signed_in(request)
    day = today()
    waiting = values.pop("waiting", None) or _lately_waiting(day)
    tokens: Tokens = request.app.state.tokens
    text = (
        _templates()
        .get_template(template)
        .render(
            person=person,
            day=day,
            counts=(counts := counted(waiting)),
            menu=[(address, title, sum(counts.get(kind, 0) for kind in kinds)) for address, title, kinds in _MENU],
            regions=region_names(day),
            token=tokens.make(person),
            path=request.scope["path"],
            done=DONE.get(request.query_params.get("done", ""), ""),
            **values,
        )
    )
    return HTMLResponse(text, status, headers=HEADERS)


def plain(template: str, status: int, **values: Any) -> HTMLResponse:
    """A page for somebody who is not known, or where the database cannot be asked: one sentence, no menu."""
    return HTMLResponse(_templates().get_template(template).render(**values), status, headers=HEADERS)


def waiting_on(day: date) -> list[Duty]:
    """Everything that waits for somebody, as the menu counts it."""
    return duties.waiting_on(settings(), day)


def _lately_waiting(day: date) -> list[Duty]:
    """The same for the menu of other pages: asked anew after every entry of the history, and every few seconds."""
    with reading() as db:
        last = history.last(db)
    return _waiting_at(settings().database, day, last, int(time.monotonic() // _MENU_SECONDS))


@lru_cache(maxsize=4)
def _waiting_at(_database: str, day: date, _last_entry: int, _moment: int) -> list[Duty]:
    return waiting_on(day)


def moment(text: str) -> str:
    """`2026-09-06T17:51:23` as people read it, to the minute: `2026-09-06 17:51`; blank where there is none."""
    return text[:16].replace("T", " ")


def region_names(day: date) -> Mapping[str, str]:
    """Counties by code, of the policy in force."""
    return region_titles(in_force(day))


#: The message on the page that follows an act, by the word in its address.
DONE: dict[str, str] = {
    "decided": "已记录审批决定；该批次下次运行时按此办理。",
    "withdrawn": "已撤回，并出具撤回确认书。",
    "closed": "已终止办理，并出具终止办理告知书。",
    "approved": "已批准，并予发布。",
    "adjusted": "已办理；目录有变化的，已发布新版或等待批准。",
    "unchanged": "这一决定已有记录，无须再办。",
    "started": "已开始运行；进度见本页的运行记录。",
    "posted": "已登记。",
    "paused": "已暂停自动办理；由人启动的照常运行。",
    "resumed": "已恢复自动办理。",
}


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
        names = {**type_titles(policy), **region_titles(policy)}
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
