"""What is done on the desk is what the command does, in the name of who signed in; and what is refused writes nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deployments.desk import acts
from deployments.gate.people import MACHINE, Person, Role
from tasks.desk.withdrawal import withdraw
from tasks.runs.run import begin as begin_run
from tasks.store import applications, dossier, history
from tasks.store.database import reading
from tests.deployments.desk.conftest import CYCLE, DAY, HELD, RETURNED, SENT, Browser, browser_of, hidden_fields

pytestmark = pytest.mark.usefixtures("own_home", "today_is")
WORDS = {"verdict": "permit", "reason": "经研究准予", "document_no": "黄人社函〔2026〕9号", "occupation": ""}


def the_rule() -> str:
    from tasks.desk.dossier import questions_of

    with reading() as db:
        return questions_of(db, HELD, DAY)[0].rule


def decisions() -> list[Any]:
    with reading() as db:
        return dossier.decisions(db, HELD).to_dict("records")


def decide(browser: Browser, **changed: str) -> Any:
    return browser.sends(
        f"/applications/{HELD}/decide", f"/applications/{HELD}", **{**WORDS, "rule": the_rule(), **changed}
    )


def test_a_decision_is_on_record_under_who_signed_in() -> None:
    browser = browser_of("王处长", Role.APPROVER)
    answer = decide(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/filing/applications/{HELD}?done=decided")
    (row,) = decisions()
    assert (row["decided_by"], row["verdict"], row["rule"]) == ("王处长", "permit", the_rule_of(row))
    with reading() as db:
        last = history.of(db, [HELD]).iloc[-1]
    assert (last["kind"], last["by"]) == ("decision", "王处长")
    assert "经研究准予" in browser.sees(f"/applications/{HELD}")


def the_rule_of(row: dict[str, Any]) -> str:
    return str(row["rule"])


def test_of_two_who_decide_at_once_one_does_and_the_other_is_shown_it() -> None:
    browsers = [browser_of(name, Role.APPROVER) for name in ("王处长", "张处长")]
    rule = the_rule()
    forms = [{**hidden_fields(each.sees(f"/applications/{HELD}")), **WORDS, "rule": rule} for each in browsers]
    forms[1]["verdict"] = "refuse"

    def send(pair: tuple[Browser, dict[str, str]]) -> Any:
        browser, form = pair
        address = f"/filing/applications/{HELD}/decide"
        return browser.client.post(address, data=form, headers={"Origin": "http://desk.test"}, follow_redirects=False)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, zip(browsers, forms, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    (row,) = decisions()
    winner = [answer.status_code for answer in answers].index(303)
    loser = 1 - winner
    assert row["decided_by"] == ("王处长", "张处长")[winner]
    shown = answers[loser].text
    assert row["decided_by"] in shown, "who decided meanwhile"
    assert "经研究准予" in shown, "what was typed is kept"
    # having seen it, the second may insist: the latest decision counts
    again = browsers[loser].client.post(
        f"/filing/applications/{HELD}/decide",
        data={**forms[loser], **hidden_fields(shown)},
        headers={"Origin": "http://desk.test"},
        follow_redirects=False,
    )
    assert again.status_code == 303
    assert len(decisions()) == 2


def test_an_act_on_what_has_just_moved_writes_nothing() -> None:
    browser = browser_of("李办", Role.APPROVER)
    form = {**hidden_fields(browser.sees(f"/applications/{SENT}")), "reason": "久无进展", "document_no": ""}
    withdraw(SENT, "周办", "企业搬迁", DAY)
    answer = browser.sends(f"/applications/{SENT}/close", **form)
    assert answer.status_code == 409
    assert "周办" in answer.text
    with reading() as db:
        assert applications.outcome_of(db, SENT) == "withdrawn"


def test_withdrawing_and_closing_write_letters() -> None:
    browser = browser_of("李办", Role.APPROVER)
    for path, number, title in (("withdraw", SENT, "撤回确认书"), ("close", RETURNED, "终止办理告知书")):
        answer = browser.sends(
            f"/applications/{number}/{path}",
            f"/applications/{number}",
            reason="书面申请",
            document_no="",
            occupation="",
        )
        assert answer.status_code == 303, answer.text
        assert title in browser.sees(f"/applications/{number}")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_may_not_decide_is_told_so(role: Role) -> None:
    approver = browser_of("王处长", Role.APPROVER)
    rule = the_rule()
    form = {**hidden_fields(approver.sees(f"/applications/{HELD}")), **WORDS, "rule": rule}
    approver.door.person = Person("李办", role)
    answer = approver.sends(f"/applications/{HELD}/decide", **form)
    assert answer.status_code == 403
    assert "审批" in answer.text
    approver.door.person = MACHINE
    assert approver.sends(f"/applications/{HELD}/decide", **form).status_code == 403
    assert decisions() == []


def test_a_form_of_elsewhere_or_of_another_person_is_not_taken() -> None:
    browser = browser_of("王处长", Role.APPROVER)
    form = {**hidden_fields(browser.sees(f"/applications/{HELD}")), **WORDS, "rule": the_rule()}
    address = f"/filing/applications/{HELD}/decide"
    for origin in ({}, {"Origin": "https://elsewhere.test"}, {"Origin": "null"}):
        assert browser.client.post(address, data=form, headers=origin).status_code == 403
    without = browser.sends(f"/applications/{HELD}/decide", **{**form, "token": "x"})
    assert without.status_code == 409
    browser.door.person = Person("张处长", Role.APPROVER)
    assert browser.sends(f"/applications/{HELD}/decide", **form).status_code == 409
    assert decisions() == []


def test_a_session_that_ran_out_while_a_form_was_filled_loses_no_words() -> None:
    browser = browser_of("王处长", Role.APPROVER)
    form = {**hidden_fields(browser.sees(f"/applications/{HELD}")), **WORDS, "rule": the_rule()}
    person, browser.door.person = browser.door.person, None
    answer = browser.sends(f"/applications/{HELD}/decide", **form)
    assert answer.status_code == 401
    assert "登录已过期" in answer.text
    assert decisions() == []
    # signed in again; the server was started anew meanwhile, so the form's token is nobody's any more
    browser.door.person = person
    shown = browser.sends(f"/applications/{HELD}/decide", **{**form, "token": "of yesterday"})
    assert shown.status_code == 409
    assert WORDS["reason"] in shown.text
    assert WORDS["document_no"] in shown.text
    again = browser.sends(f"/applications/{HELD}/decide", **{**form, **hidden_fields(shown.text)})
    assert again.status_code == 303
    assert len(decisions()) == 1


@pytest.mark.parametrize("missing", ["reason", "document_no", "verdict"])
def test_a_field_that_is_not_filled_in_is_named(missing: str) -> None:
    answer = decide(browser_of("王处长", Role.APPROVER), **{missing: " "})
    assert answer.status_code == 400
    assert "没有" in answer.text
    assert decisions() == []


def test_a_cycle_that_is_being_worked_on_is_waited_for_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "_PATIENCE_SECONDS", 0.0)
    with begin_run(CYCLE, DAY):
        answer = decide(browser_of("王处长", Role.APPROVER))
    assert answer.status_code == 409
    assert "正在办理" in answer.text
    assert decisions() == []
