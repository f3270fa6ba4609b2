"""What is done on the desk is what the command does, in the name of who signed in; and what is refused writes nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from deployments.desk import acts, cycles
from deployments.desk import applications as applications_page
from deployments.desk import pages as pages_of_desk
from deployments.gate.people import MACHINE, Person, Role
from schemas.policy import in_force
from tasks.desk.closing import withdraw
from tasks.desk.duties import in_words
from tasks.runs.run import begin as begin_run
from tasks.store import applications, dossier, editions, history
from tasks.store.database import reading
from tasks.store.leases import writing
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
    forms = [{**hidden_fields(browser.sees(f"/applications/{HELD}")), **WORDS, "rule": rule} for browser in browsers]
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
    for text in (HELD, "例外审批", in_words(rule, in_force(date(2026, 9, 10))), ("准予", "不予")[loser], "全部"):
        assert text in plain_text(shown), "what is sent again is shown"
    # having seen it, the second may insist: the latest decision counts
    again = browsers[loser].client.post(
        f"/filing/applications/{HELD}/decide",
        data={**forms[loser], **hidden_fields(shown)},
        headers={"Origin": "http://desk.test"},
        follow_redirects=False,
    )
    assert again.status_code == 303
    assert len(decisions()) == 2


def plain_text(page: str) -> str:
    """What people read of a page's facts; hidden fields are none of it."""
    facts = re.search(r'<dl class="facts">(.*?)</dl>', page, re.DOTALL)
    assert facts
    return unescape(re.sub(r"<[^>]*>", "", facts[1]))


def test_what_is_sent_again_is_shown_whole(on_file: str) -> None:
    from tests.registers import COOK

    browser = browser_of("王处长", Role.APPROVER)
    stale = {"token": "of yesterday", "seen": "", "ground": "整改", "document_no": "黄人社函〔2026〕9号"}
    place = f"/institutions/{on_file}"
    shown = browser.sends(f"{place}/adjust", **stale, kind="revoke", occupation=COOK)
    assert shown.status_code == 409
    for text in (on_file, "动态调整", "撤销", COOK):
        assert text in plain_text(shown.text)
    renamed = browser.sends(f"{place}/rename", **stale, institution_type="enterprise", region_code="420281")
    for text in ("变更名称", "企业", "大冶市"):
        assert text in plain_text(renamed.text), renamed.text
    objection = {**WORDS, "token": "of yesterday", "rule": "OBJECTION", "verdict": "refuse", "occupation": COOK}
    assert "异议成立，不予备案" in plain_text(browser.sends(f"/applications/{HELD}/decide", **objection).text)
    posted: dict[str, Any] = {"token": "of yesterday", "what": "served", "on": "2026-09-12", "occasion": ["a", "b"]}
    assert "2 封" in plain_text(browser.sends("/letters/posted", **posted).text)


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


def waiting_edition() -> str:
    """An edition of what is on file that waits for a person."""
    from tasks.store.directory import directory_on
    from tests.registers import run_on

    with run_on(DAY, CYCLE) as run, writing(run) as db:
        return editions.draft(db, directory_on(db, DAY), DAY, run, previous=None, waits_because="减少过多")


def test_an_edition_that_waits_is_approved_beside_its_changes(on_file: str) -> None:
    name = waiting_edition()
    browser = browser_of("王处长", Role.APPROVER)
    page = browser.sees(f"/editions/{name}")
    for text in ("减少过多", on_file, "新增 2", "四级；", "批准发布"):
        assert text in page
    assert name in browser.sees("/", kind="approval")
    viewer = browser_of("访客", Role.OPERATOR)
    assert "/approve" not in viewer.sees(f"/editions/{name}")
    answer = browser.sends(f"/editions/{name}/approve", f"/editions/{name}")
    assert answer.status_code == 303, answer.text
    with reading() as db:
        approved = editions.get(db, name)
    assert approved["approved_by"] == "王处长"
    again = browser.sends(f"/editions/{name}/approve", f"/cycles/{CYCLE}")
    assert again.status_code == 409
    assert "不在等待批准" in again.text


def test_what_is_approved_and_cannot_be_published_is_told_as_approved(
    on_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.stages import publication
    from schemas.run import Counts

    name = waiting_edition()
    monkeypatch.setattr(publication, "fn", lambda *_: Counts(failed={name: "磁盘已满"}))
    browser = browser_of("王处长", Role.APPROVER)
    answer = browser.sends(f"/editions/{name}/approve", f"/editions/{name}")
    assert answer.status_code == 503
    assert "批准已记录" in answer.text
    assert "磁盘已满" in answer.text
    assert "没有写入任何内容" not in answer.text
    with reading() as db:
        assert editions.get(db, name)["approved_by"] == "王处长"


@pytest.fixture
def on_file() -> str:
    """An institution with two occupations on file."""
    from tests.registers import BAKER, COOK, ONE, take_over

    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], date(2025, 1, 10), date(2028, 1, 9), day=date(2026, 9, 11))
    return ONE


GROUND = {"ground": "现场检查发现问题", "document_no": "黄人社函〔2026〕12号"}


def test_an_adjustment_is_carried_out_in_the_name_of_who_signed_in(on_file: str) -> None:
    from tests.registers import COOK

    browser = browser_of("王处长", Role.APPROVER)
    place = f"/institutions/{on_file}"
    suspend = {"kind": "suspend", "occupation": COOK, **GROUND}
    assert browser.sends(f"{place}/adjust", place, **suspend).headers["location"].endswith("done=adjusted")
    assert "暂停" in browser.sees(place)
    with reading() as db:
        assert history.of(db, [on_file]).iloc[-1]["by"] in ("王处长", "filing")
        assert "王处长" in set(history.of(db, [on_file])["by"])
    again = browser.sends(f"{place}/adjust", place, **suspend)
    assert again.headers["location"].endswith("done=unchanged")
    impossible = browser.sends(f"{place}/adjust", place, kind="reinstate", occupation="9-99-99-99", **GROUND)
    assert impossible.status_code == 403
    assert "9-99-99-99" in impossible.text


def test_an_institution_goes_by_another_name_and_a_second_page_has_moved(on_file: str) -> None:
    browser, place = browser_of("王处长", Role.APPROVER), f"/institutions/{on_file}"
    before = hidden_fields(browser.sees(place))
    answer = browser.sends(f"{place}/rename", place, institution_name="磁湖机床厂", **GROUND)
    assert answer.headers["location"].endswith("done=adjusted")
    assert "磁湖机床厂" in browser.sees(place)
    moved = browser.sends(f"{place}/rename", institution_name="另一个名字", **GROUND, **before)
    assert moved.status_code == 409
    assert "另一个名字" in moved.text
    nothing = browser.sends(f"{place}/rename", place, **GROUND)
    assert nothing.status_code == 400


def test_an_institution_gets_another_code_and_goes_into_another(on_file: str) -> None:
    from tests.registers import COOK, THREE, TWO, take_over

    take_over([(THREE, COOK, "3")], date(2025, 3, 1), date(2028, 2, 29), day=date(2026, 9, 11))
    browser, place = browser_of("王处长", Role.APPROVER), f"/institutions/{on_file}"
    assert browser.sends(f"{place}/recode", place, new_uscc="91420200MA40000125", **GROUND).status_code == 403
    recoded = browser.sends(f"{place}/recode", place, new_uscc=TWO, **GROUND)
    assert recoded.headers["location"] == f"/filing/institutions/{TWO}?done=adjusted"
    page = browser.sees(f"/institutions/{TWO}")
    assert "曾用代码" in page
    assert on_file in page
    itself = browser.sends(f"/institutions/{TWO}/merge", f"/institutions/{TWO}", into_uscc=TWO, **GROUND)
    assert itself.status_code == 400
    merged = browser.sends(f"/institutions/{TWO}/merge", f"/institutions/{TWO}", into_uscc=THREE, **GROUND)
    assert merged.headers["location"] == f"/filing/institutions/{THREE}?done=adjusted"
    assert "4-03-02-02" in browser.sees(f"/institutions/{THREE}"), "what the other had on file goes on"
    with reading() as db:
        assert "王处长" in set(history.of(db, [THREE, TWO])["by"])


def test_an_occupation_gets_another_code_wherever_it_is_on_file(on_file: str) -> None:
    from tests.registers import BAKER, COOK

    browser, sixth = browser_of("王处长", Role.APPROVER), "6-18-01-01"
    assert "/occupations/renumber" not in browser_of("李办", Role.OPERATOR).sees("/institutions")
    codes = {"old_code": COOK, "new_code": sixth}
    answer = browser.sends("/occupations/renumber", "/institutions", **codes, **GROUND)
    assert answer.headers["location"] == "/filing/institutions?done=adjusted"
    page = browser.sees(f"/institutions/{on_file}")
    assert sixth in page
    assert BAKER in page
    unknown = browser.sends("/occupations/renumber", "/institutions", old_code=BAKER, new_code="9-99-99-99", **GROUND)
    assert unknown.status_code == 400


@pytest.mark.parametrize(
    ("act", "form", "sentence"),
    [
        ("adjust", {"kind": "reinstate", "occupation": "4-03-02-01"}, "没有可以恢复的：91420200MA40000124 的职业"),
        ("rename", {"institution_type": "shop"}, "机构类型“shop”不在办法所列之内：请选 企业"),
        ("rename", {"region_code": "1"}, "所属区划“1”不在办法所列之内"),
        ("rename", {"registered_address": "路 13871234567"}, "注册地址中有身份证号码或电话号码"),
        ("recode", {"new_uscc": "91420200MA40000125"}, "91420200MA40000125 不是有效的统一社会信用代码"),
        ("merge", {"into_uscc": "91420200MA40000124"}, "机构不能并入自己"),
        ("merge", {"into_uscc": "91420202MA40079352"}, "名册上没有统一社会信用代码 91420202MA40079352"),
        ("renumber", {"old_code": "4-03-02-01", "new_code": "y"}, "职业编码 y 不在"),
        ("renumber", {"old_code": "y", "new_code": "4-03-02-01"}, "名册上没有职业编码 y"),
        ("renumber", {"old_code": "y", "new_code": "y"}, "原编码和新编码都是 y"),
    ],
)
def test_why_a_change_is_refused_is_said_in_chinese_with_its_value(
    on_file: str, act: str, form: dict[str, str], sentence: str
) -> None:
    place = "/occupations" if act == "renumber" else f"/institutions/{on_file}"
    page = "/institutions" if act == "renumber" else place
    answer = browser_of("王处长", Role.APPROVER).sends(f"{place}/{act}", page, **form, **GROUND)
    assert answer.status_code in (400, 403)
    alert = re.search(r'role="alert">(.*?)</p>', answer.text)
    assert alert
    assert sentence in alert[1]
    assert "--" not in alert[1]


def test_a_cycle_is_closed_from_its_last_day_on_by_who_may(monkeypatch: pytest.MonkeyPatch) -> None:
    browser, place = browser_of("王处长", Role.APPROVER), f"/cycles/{CYCLE}"
    words = {"reason": "申报机构逾期未补正", "document_no": "黄人社函〔2026〕30号"}
    assert "终止整批" not in browser.sees(place), "it is too early"
    early = browser.sends(f"{place}/close", place, **words)
    assert early.status_code == 409
    later = date(2026, 10, 25)
    for module in (acts, cycles, pages_of_desk):
        monkeypatch.setattr(module, "today", lambda: later)
    assert "终止整批" not in browser_of("李办", Role.OPERATOR).sees(place)
    assert "终止整批" in browser.sees(place)
    assert browser.sends(f"{place}/close", place, **{**words, "reason": " "}).status_code == 400
    answer = browser.sends(f"{place}/close", place, **words)
    assert answer.headers["location"] == f"/filing{place}?done=closed"
    page = browser.sees(place)
    assert "已由 王处长 终止：申报机构逾期未补正" in page
    assert "终止办理告知书" in browser.sees(f"/applications/{RETURNED}")
    assert browser.sends(f"{place}/close", place, **words).status_code == 409, "once is all"
    empty = browser.sends("/cycles/2026-04/close", place, **words)
    assert empty.status_code == 409
    assert "2026-04 批次没有申报" in empty.text


def test_an_objection_to_a_public_notice_is_upheld_or_dismissed(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.stages import decision
    from schemas.settings import settings, using
    from tests.policies import write_policy
    from tests.registers import BAKER, COOK, ONE, passed

    folder = write_policy(own_home / "policies", "2026-04-01", public_notice_workdays="5")
    begins = date(2026, 9, 28)
    for module in (acts, applications_page, pages_of_desk):
        monkeypatch.setattr(module, "today", lambda: begins)
    hours = count(1)  # it is that day by the clock too
    monkeypatch.setattr(acts.Act, "moment", property(lambda _: f"{begins}T{next(hours):02d}:00:00+00:00"))
    with using(settings().model_copy(update={"policies": folder})):
        passed("A1", "initial", [(ONE, COOK, "4"), (ONE, BAKER, "4")], cycle="2026-04", name="黄石面点厂")
        browser = browser_of("王处长", Role.APPROVER)
        assert "公示异议" not in browser.sees("/applications/A1"), "nothing is shown to the public yet"
        assert decision.fn("2026-04", begins).done == {"public_notices": 1}
        page = browser.sees("/applications/A1")
        assert "至 2026-10-10" in page
        form = {**WORDS, "rule": "OBJECTION"}
        upheld = browser.sends("/applications/A1/decide", "/applications/A1", **{**form, "verdict": "refuse"})
        assert upheld.status_code == 303
        one = {**form, "verdict": "permit", "occupation": COOK}
        assert browser.sends("/applications/A1/decide", "/applications/A1", **one).status_code == 303
        with reading() as db:
            rows = dossier.decisions(db, "A1").to_dict("records")
        assert [(row["rule"], row["occupation_code"], row["verdict"], row["decided_by"]) for row in rows] == [
            ("OBJECTION", "", "refuse", "王处长"),
            ("OBJECTION", COOK, "permit", "王处长"),
        ]


def test_what_runs_by_itself_is_paused_until_a_day_with_a_reason_and_lifted() -> None:
    browser = browser_of("李办", Role.OPERATOR)
    for subject, place in ((CYCLE, f"/cycles/{CYCLE}"), ("sweeps", "/pauses")):
        pause, resume = f"/pauses/{subject}/pause", f"/pauses/{subject}/resume"
        assert browser.sends(pause, place, reason=" ").status_code == 400
        assert browser.sends(pause, place, reason="等上级批复", until="2026-09-11").status_code == 400
        assert browser.sends(pause, place, reason="等上级批复", until="明天").status_code == 400
        answer = browser.sends(pause, place, reason="等上级批复", until="2026-09-20")
        assert answer.headers["location"] == f"/filing{place}?done=paused"
        page = browser.sees(place)
        assert "已由 李办 暂停，至 2026-09-20：等上级批复" in page
        again = browser.sends(pause, place, reason="再暂停")
        assert again.status_code == 409
        assert "已有人暂停" in again.text
        assert resume not in browser_of("访客", Role.VIEWER).sees(place)
        assert browser.sends(resume, place, reason="批复已到").headers["location"] == f"/filing{place}?done=resumed"
        assert "等上级批复" not in browser.sees(place)
        assert browser.sends(resume, place, reason="批复已到").status_code == 409
    assert browser.sends("/pauses/nothing/pause", "/pauses", reason="试").status_code == 400
    far = browser.sends("/pauses/2099-09/pause", "/pauses", reason="试")
    assert far.status_code == 400
    assert "2099-09 批次到 2099-0" in far.text
    with reading() as db:
        entries = history.of(db, [CYCLE])
    assert [(row["became"], row["by"]) for row in entries.to_dict("records") if row["kind"] == "pause"] == [
        ("paused", "李办"),
        ("lifted", "李办"),
    ]


def test_who_permitted_an_exception_does_not_release_what_follows_from_it(on_file: str, own_home: Path) -> None:
    from schemas.settings import settings, using
    from tests.policies import write_policy

    folder = write_policy(own_home / "policies", "2026-09-01", release='"approved"')
    with using(settings().model_copy(update={"policies": folder})):
        assert decide(browser_of("王处长", Role.APPROVER)).status_code == 303
        name = waiting_edition()
        place = f"/editions/{name}"
        answer = browser_of("王处长", Role.APPROVER).sends(f"{place}/approve", place)
        assert answer.status_code == 403
        assert "须由另一位" in answer.text
        assert browser_of("张局长", Role.APPROVER).sends(f"{place}/approve", place).status_code == 303
