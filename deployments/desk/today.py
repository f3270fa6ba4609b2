"""Today (今日待办): who must do what by when, looked at by county, kind and cycle."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from deployments.desk.pages import render_page, waiting_on
from schemas.duty import Choice, Duty
from schemas.settings import PAGES
from tasks.runs.today import today

routes = APIRouter()
#: Rows of one page; a filter shows the others.
MOST = 300


@dataclass(frozen=True)
class Day:
    """The duties of one last day; `when` is None for what has none."""

    when: date | None
    duties: Sequence[Duty]


@routes.get("/")
def page(request: Request, region: str = "", kind: str = "", cycle: str = "") -> HTMLResponse:
    """Everything that waits, by day."""
    day = today()
    waiting = waiting_on(day)
    choice = Choice(region, kind, cycle)
    chosen = choice.of(waiting)
    # htmx asks for the list alone when a filter changes
    template = "today_list.html.j2" if request.headers.get("HX-Request") else "today.html.j2"
    return render_page(
        request,
        template,
        waiting=waiting,
        choice=choice,
        days=by_day(chosen[:MOST]),
        number=len(chosen),
        most=MOST,
        cycles=sorted({duty.cycle for duty in waiting if duty.cycle}, reverse=True),
        counties=sorted({duty.region for duty in waiting if duty.region}),
        place=place_of,
    )


def by_day(chosen: Sequence[Duty]) -> list[Day]:
    """The duties, which are sorted by day, as one group a day."""
    days: dict[date | None, list[Duty]] = {}
    for duty in chosen:
        days.setdefault(duty.due, []).append(duty)
    return [Day(when, duties) for when, duties in days.items()]


def place_of(duty: Duty) -> str:
    """The page on which a duty is done."""
    subject = quote(duty.subject)
    places = {
        "approval": f"/editions/{subject}",
        "cycle": f"/cycles/{duty.cycle}" if duty.cycle else "/pauses",
        "posting": f"/letters?cycle={duty.cycle}&state=outbox",
        "delivery": f"/cycles/{duty.cycle}#undone",
        "aside": f"/doors?cycle={duty.cycle}",
        "complaint": f"/complaints/{subject}",
    }
    return PAGES + places.get(duty.kind, f"/applications/{subject}")
