"""Applications: the list, one application's page, and what is done on it: decide, withdraw, close."""

from datetime import date
from typing import Any
from urllib.parse import quote

import pandas as pd
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from deployments.desk.acts import MissingWordsError, back_to, closing_decision, done, sent
from deployments.desk.pages import render_page
from deployments.gate.people import Role
from schemas.item import OPEN
from schemas.law.cycle import cycle_id
from schemas.law.rulings import OBJECTION
from schemas.letter_text import LETTER_KINDS
from schemas.policy import for_cycle
from tasks.desk import closing, rulings
from tasks.desk.dossier import findings_of, questions_of, versions_of
from tasks.runs.today import today
from tasks.store import dossier, frames, history, items, overview, panels, public_notices
from tasks.store.database import reading
from tasks.store.directory import occupation_names

routes = APIRouter(prefix="/applications")
_PER_PAGE = 100
VERDICTS = {"permit": "准予", "refuse": "不予"}
#: The same words of a decision, where it is about an objection to a public notice.
OF_AN_OBJECTION = {"refuse": "异议成立，不予备案", "permit": "异议不成立"}


@routes.get("")
def listed(request: Request, cycle: str = "", status: str = "", words: str = "", page: int = 1) -> HTMLResponse:
    """Applications, newest cycle first, by cycle, status and words."""
    with reading() as db:
        rows, number = dossier.listed(
            db, cycle=cycle, status=status, words=words.strip(), most=_PER_PAGE, after=(page - 1) * _PER_PAGE
        )
        cycles = overview.cycles(db)[::-1]
    pages = max((number + _PER_PAGE - 1) // _PER_PAGE, 1)
    chosen = {"cycle": cycle, "status": status, "words": words}
    return render_page(
        request,
        "applications.html.j2",
        rows=rows.fillna("").to_dict("records"),
        number=number,
        cycles=cycles,
        chosen=chosen,
        page=min(max(page, 1), pages),
        pages=pages,
    )


@routes.get("/{number:path}")
def page(request: Request, number: str) -> HTMLResponse:
    """One application: where it stands, what waits for a person, versions, findings, letters, results, history."""
    return render_page(request, "application.html.j2", **_gather(number, today()))


def _gather(number: str, day: date) -> dict[str, Any]:
    with reading() as db:
        row = dossier.application(db, number)
        if row is None:
            raise HTTPException(404, f"没有申报编号 {number}。")
        policy = for_cycle(cycle_id(row["cycle"]))
        rows = items.of_application(db, number)
        return {
            "row": row,
            "policy": policy,
            "names": occupation_names(db),
            "items": frames.records(rows),
            "open_items": int(rows["status"].isin(OPEN).sum()),
            "questions": questions_of(db, number, day),
            "shown": frames.records(public_notices.running(db, number, day)),
            "versions": versions_of(db, number),
            "findings": findings_of(db, number, policy),
            "decisions": dossier.decisions(db, number).fillna("").to_dict("records"),
            "verdicts": VERDICTS,
            "of_an_objection": OF_AN_OBJECTION,
            "objection": OBJECTION,
            "letters": dossier.letters(db, [number]).to_dict("records"),
            "letter_kinds": LETTER_KINDS,
            "packages": dossier.packages(db, number).to_dict("records"),
            "results": dossier.results(db, number).fillna("").to_dict("records"),
            "draws": panels.of_application(db, number),
            "steps": history.of(db, [number]).to_dict("records"),
            "seen": dossier.last_entry(db, number),
        }


@routes.post("/{number:path}/decide")
async def decide(request: Request, number: str) -> Response:
    """Record a permit or a refusal under a rule, as `filing decide` does."""
    act = await sent(request, Role.APPROVER)
    if act.text("verdict") not in VERDICTS:
        raise MissingWordsError("没有选择“准予”或“不予”：请选择后再提交")
    row = {
        "application_no": number,
        "rule": act.text("rule"),
        "occupation_code": act.text("occupation"),
        "verdict": act.text("verdict"),
        "decided_by": act.person.name,
        "decided_at": act.moment,
        "document_no": act.words("document_no", "文号"),
        "reason": act.words("reason", "理由"),
    }
    await done(lambda: rulings.record_rulings(pd.DataFrame([row]), act.day, seen=act.seen))
    return back_to(f"/applications/{quote(number)}", "decided")


@routes.post("/{number:path}/withdraw")
async def withdraw(request: Request, number: str) -> Response:
    """Take back what is open, at the applicant's wish, as `filing withdraw` does."""
    act = await sent(request, Role.OPERATOR)
    reason = act.words("reason", "理由")
    await done(lambda: closing.withdraw(number, act.person.name, reason, act.day, seen=act.seen))
    return back_to(f"/applications/{quote(number)}", "withdrawn")


@routes.post("/{number:path}/close")
async def close(request: Request, number: str) -> Response:
    """End what is open, with a ground, as `filing close` does."""
    act = await sent(request, Role.APPROVER)
    decision = closing_decision(act)
    await done(lambda: closing.close_application(number, act.text("occupation"), decision, act.day, seen=act.seen))
    return back_to(f"/applications/{quote(number)}", "closed")
