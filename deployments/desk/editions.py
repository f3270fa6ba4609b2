"""Editions: what one changes against the one before and why it waits, and a person's release of it."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from deployments.desk.acts import back_to, done, sent
from deployments.desk.pages import render_page
from deployments.desk.signing import HalfDoneError
from deployments.gate.people import Role
from flows.stages import publication
from schemas.directory import CHANGE_KINDS, change_text
from schemas.directory_changes import changes
from schemas.policy import in_force
from schemas.reference_data import reference
from schemas.run import Counts
from tasks.desk.approval import approve_edition
from tasks.runs.today import today
from tasks.store import dossier, editions, frames, history
from tasks.store.database import reading

routes = APIRouter(prefix="/editions")
_MOST = 1000


@routes.get("/{name}")
def page(request: Request, name: str) -> HTMLResponse:
    """An edition beside its changes."""
    with reading() as db:
        edition = editions.get(db, name)
        if edition is None:
            raise HTTPException(404, f"没有目录 {name}。")
        rows = editions.rows_of(db, name)
        before = editions.rows_of(db, edition["previous"]) if edition["previous"] else rows.iloc[:0]
        changed = changes(before, rows, edition["as_of"], history.causes(db, edition["previous"], name))
        steps = history.of(db, [name]).to_dict("records")
        seen = dossier.last_entry(db, name)
    counted = changed["change"].value_counts()
    return render_page(
        request,
        "edition.html.j2",
        edition=edition,
        rows=len(rows),
        counted={title: int(counted.get(kind, 0)) for kind, title in CHANGE_KINDS.items()},
        changed=[_in_words(row) for row in frames.records(changed.head(_MOST).fillna(""))],
        more=max(len(changed) - _MOST, 0),
        kinds_of_change=CHANGE_KINDS,
        names=reference().occupation_names(),
        steps=steps,
        seen=seen,
    )


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    policy = in_force(today())
    return {**row, **{side: change_text(row[side], policy) for side in ("before", "after")}}


@routes.post("/{name}/approve")
async def approve(request: Request, name: str) -> Response:
    """Release an edition that waits, and publish it, as `filing approve` does."""
    act = await sent(request, Role.APPROVER)

    def release() -> None:
        cycle, day = approve_edition(name, act.person.name, act.day, seen=act.seen)
        published: Counts = publication.fn(cycle, day)
        if published.failed:
            why = "；".join(published.failed.values())
            raise HalfDoneError(f"批准已记录，但发布没有办成（{why}）：处理后再运行该批次，即予发布")

    await done(release)
    return back_to(f"/editions/{name}", "approved")
