"""Institutions: who is on the register, one institution's page, and what is decided about it and about an occupation's code."""

from datetime import date
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from deployments.desk.acts import Act, MissingWordsError, back_to, done, sent
from deployments.desk.pages import render_page
from deployments.desk.signing import HalfDoneError
from deployments.gate.people import Role
from flows.stages import publication
from schemas.directory import type_titles
from schemas.inspection import OUTCOMES
from schemas.letter_text import LETTER_KINDS
from schemas.policy import in_force, last_cycle_on
from schemas.qualification import ADJUSTMENTS, Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.run import Counts
from schemas.settings import PAGES
from schemas.supervision import COMPLAINT_OUTCOMES
from tasks import adjustment
from tasks.letters.delivery import deliver_letters
from tasks.runs.run import begin
from tasks.runs.today import today
from tasks.store import activities, code_changes, dossier, frames, history
from tasks.store.database import reading
from tasks.store.directory import occupation_names
from tasks.store.dossier import assert_unmoved

routes = APIRouter()
_MOST = 200
#: Codes that a change takes, with the field's title.
FIELDS = {
    "new_uscc": "新的统一社会信用代码",
    "into_uscc": "并入机构的统一社会信用代码",
    "old_code": "原职业编码",
    "new_code": "新职业编码",
}
#: What a renaming may change, with the field's title.
_PARTICULARS = {
    "institution_name": "机构名称",
    "institution_type": "机构类型",
    "region_code": "所属区划",
    "registered_address": "注册地址",
}


@routes.get("/institutions")
def listed(request: Request, words: str = "") -> HTMLResponse:
    """Institutions on the register by name or code; below them, what concerns an occupation wherever it is on file."""
    with reading() as db:
        rows, number = dossier.institutions_like(db, words.strip(), _MOST)
    types = type_titles(in_force(today()))
    return render_page(
        request,
        "institutions.html.j2",
        rows=rows.to_dict("records"),
        number=number,
        most=_MOST,
        words_asked=words,
        types=types,
    )


@routes.get("/complaints/{number:path}")
def complaint(number: str) -> RedirectResponse:
    """The page of the institution a complaint is about; of an inspection to be mended its credit code is the number."""
    with reading() as db:
        code = dossier.complaint_of(db, number) or (number if dossier.institution(db, number) else None)
    if code is None:
        raise HTTPException(404, f"没有举报投诉 {number}。")
    return RedirectResponse(f"{PAGES}/institutions/{code}#complaints", 303)


@routes.get("/institutions/{code}")
def page(request: Request, code: str) -> HTMLResponse:
    """One institution: what is on file, terms, activities, inspections, complaints, applications, letters, history."""
    day = today()
    with reading() as db:
        shown_values = _gather(db, code, day)
    return render_page(request, "institution.html.j2", **shown_values)


def _gather(db: Connection, code: str, day: date) -> dict[str, Any]:
    codes = code_changes.family(db, code)
    present = codes[-1]
    row, filed = dossier.institution(db, present), dossier.applications_of(db, codes)
    if row is None and filed.empty:
        raise HTTPException(404, f"没有统一社会信用代码 {code} 的机构。")
    suspended, marks = dossier.suspended(db, present, day), activities.marks(db)
    dormant = marks[(marks["uscc"] == present) & (marks["state"] == "dormant")]
    held = dossier.held_items(db, present)
    policy = in_force(day)
    return {
        "code": present,
        "former": codes[:-1],
        "row": row,
        "policy": policy,
        "names": occupation_names(db),
        "held": [{**item, "standing": _standing(item, suspended, day)} for item in frames.records(held)],
        "dormant": dormant.to_dict("records"),
        "activities": dossier.activities(db, codes).head(_MOST).to_dict("records"),
        "inspections": dossier.inspections(db, codes).to_dict("records"),
        "inspection_outcomes": OUTCOMES,
        "complaints": dossier.complaints(db, codes).to_dict("records"),
        "complaint_outcomes": COMPLAINT_OUTCOMES,
        "applications": filed.fillna("").to_dict("records"),
        "letters": dossier.letters(db, codes).to_dict("records"),
        "letter_kinds": LETTER_KINDS,
        "steps": history.of(db, codes).to_dict("records"),
        "adjustments": ADJUSTMENTS,
        "seen": dossier.last_entry(db, present),
    }


def _standing(item: dict[Any, Any], suspended: set[tuple[str, ...]], day: date) -> str:
    if item["valid_until"] < day.isoformat():
        return {"withdrawn": "注销", "revoked": "撤销"}.get(str(item["ended_by"]), "到期失效")
    unit = (item["occupation_code"], item["work_type"], item["level"])
    return "暂停" if unit in suspended else "在册"


@routes.post("/institutions/{code}/adjust")
async def adjust(request: Request, code: str) -> Response:
    """Suspend, reinstate, withdraw or revoke, as `filing adjust` does, and publish what changed."""
    act = await sent(request, Role.APPROVER)
    if act.text("kind") not in ADJUSTMENTS:
        raise MissingWordsError("没有选择办理的种类：请选择后再提交")
    decided = Adjustment(kind=act.text("kind"), uscc=code, occupation_code=act.text("occupation"), **_words(act))
    return await _decide(decided, act, f"/institutions/{code}")


@routes.post("/institutions/{code}/rename")
async def rename(request: Request, code: str) -> Response:
    """Give an institution other particulars, as `filing adjust rename` does, and publish what changed."""
    act = await sent(request, Role.APPROVER)
    particulars = {name: act.words(name, title) for name, title in _PARTICULARS.items() if act.text(name)}
    if not particulars:
        raise MissingWordsError("没有填写任何变更：请填写名称、类型、区划或地址中的至少一项")
    renaming = Renaming.model_validate({"uscc": code, **particulars, **_words(act)})
    return await _decide(renaming, act, f"/institutions/{code}")


@routes.post("/institutions/{code}/recode")
async def recode(request: Request, code: str) -> Response:
    """Give an institution another credit code, as `filing adjust recode` does."""
    act = await sent(request, Role.APPROVER)
    new = act.words("new_uscc", FIELDS["new_uscc"]).upper()
    recoding = Recoding(old_uscc=code, new_uscc=new, **_words(act))
    return await _decide(recoding, act, f"/institutions/{new}")


@routes.post("/institutions/{code}/merge")
async def merge(request: Request, code: str) -> Response:
    """Let an institution go into another, as `filing adjust merge` does."""
    act = await sent(request, Role.APPROVER)
    into = act.words("into_uscc", FIELDS["into_uscc"]).upper()
    merger = Merger(old_uscc=code, into_uscc=into, **_words(act))
    return await _decide(merger, act, f"/institutions/{into}")


@routes.post("/occupations/renumber")
async def renumber(request: Request) -> Response:
    """Give an occupation another code wherever it is on file, as `filing adjust renumber` does."""
    act = await sent(request, Role.APPROVER)
    old, new = (act.words(name, FIELDS[name]) for name in ("old_code", "new_code"))
    renumbering = Renumbering(old_code=old, new_code=new, **_words(act))
    return await _decide(renumbering, act, "/institutions")


def _words(act: Act) -> dict[str, Any]:
    return {
        "ground": act.words("ground", "事由"),
        "document_no": act.words("document_no", "文号"),
        "decided_by": act.person.name,
        "effective_on": act.day,
    }


async def _decide(decided: Adjustment | adjustment.Change, act: Act, place: str) -> Response:
    """Carry a decision out and lead to the page that shows it."""
    counts = await done(lambda: _carry_out(decided, act))
    return back_to(place, "adjusted" if counts.done else "unchanged")


def _carry_out(decided: Adjustment | adjustment.Change, act: Act) -> Counts:
    """One decision about what is on file, then the edition that shows it."""
    cycle = last_cycle_on(act.day)
    if not isinstance(decided, Adjustment):
        adjustment.assert_sense(decided, act.day)
    with begin(cycle, act.day) as run:
        with reading() as db:
            assert_unmoved(db, _subject(decided), act.seen)
        if isinstance(decided, Adjustment):
            counts = Counts.sum([adjustment.carry_out(run, decided), deliver_letters(run)])
        else:
            counts = adjustment.carry_out_change(run, decided)
    published: Counts = publication.fn(cycle, act.day)
    if failed := counts.failed | published.failed:
        why = "；".join(failed.values())
        raise HalfDoneError(f"决定已记录，但文书没有送出，或新一版目录没有发布（{why}）：处理后再运行批次，即予办理")
    return Counts.sum([counts, published])


def _subject(decided: Adjustment | adjustment.Change) -> str:
    """What the history tells the decision of: a credit code, or an occupation's."""
    match decided:
        case Recoding() | Merger():
            return decided.old_uscc
        case Renumbering():
            return decided.old_code
        case _:
            return decided.uscc
