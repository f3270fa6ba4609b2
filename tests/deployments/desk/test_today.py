"""Today: who must do what by when, and the command that tells the same."""

import json
from pathlib import Path

import pytest

from deployments.gate.people import Role
from schemas.duty import Choice, counted
from tasks.desk.duties import duties_on
from tasks.store.database import reading
from tests.commands import Filing
from tests.deployments.desk.conftest import DAY, HELD, RETURNED, SENT, browser_of

pytestmark = pytest.mark.usefixtures("shared", "today_is")


def test_each_kind_names_who_must_do_what_by_when() -> None:
    with reading() as db:
        waiting = duties_on(db, DAY)
    by_subject = {duty.subject: duty for duty in waiting}
    returned, held, sent = by_subject[RETURNED], by_subject[HELD], by_subject[SENT]
    assert (returned.kind, returned.who, returned.due.isoformat(), returned.days) == (
        "correction",
        "申报机构",
        "2026-09-18",
        1,
    )
    assert returned.institution
    assert returned.contact
    assert returned.region
    assert returned.task.endswith(("。", "…")) or "请" in returned.task
    assert (held.kind, held.who) == ("ruling", "中心")
    assert "（CAP-" in held.task or "（DORM-" in held.task or "（WINDOW-" in held.task
    assert sent.kind == "panel"
    assert "组长" in sent.who
    assert sent.due.isoformat() == "2026-10-25"
    assert counted(waiting)["correction"] == 1
    assert [duty.due for duty in waiting if duty.due] == sorted(duty.due for duty in waiting if duty.due)


def test_the_page_shows_the_list_with_counts_and_filters_it() -> None:
    browser = browser_of("李办", Role.VIEWER)
    page = browser.sees("/")
    with reading() as db:
        waiting = duties_on(db, DAY)
    assert f'<span class="count">{len(waiting)}<' in page
    for duty in waiting:
        assert duty.subject in page
    only = browser.sees("/", kind="correction")
    assert RETURNED in only
    assert SENT not in only
    region = next(duty.region for duty in waiting if duty.subject == SENT)
    county = browser.sees("/", region=region)
    assert all(duty.subject in county for duty in Choice(region=region).of(waiting))
    assert "共 0 项" in browser.sees("/", region="000000")
    part = browser.client.get("/filing/", params={"kind": "panel"}, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith("<section")
    assert RETURNED not in part


def test_the_command_tells_the_same_list(
    shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from deployments.commands import showing

    monkeypatch.setattr(showing, "today", lambda: DAY)
    filing = Filing(shared, monkeypatch, capsys)
    rows = json.loads("\n".join(filing.lines("status", "--who", "--json")))
    with reading() as db:
        assert [(row["kind"], row["subject"], row["due"] and row["due"][:10]) for row in rows] == [
            (duty.kind, duty.subject, duty.due and duty.due.isoformat()) for duty in duties_on(db, DAY)
        ]
    assert any(RETURNED in line for line in filing.lines("status", "--who"))


def test_nobody_is_shown_anything_who_has_not_signed_in() -> None:
    browser = browser_of("李办", Role.VIEWER)
    browser.door.person = None
    answer = browser.client.get("/filing/")
    assert answer.status_code == 401
    assert RETURNED not in answer.text
