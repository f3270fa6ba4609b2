"""Each page of the desk shows what is on record, to whoever may read, as text and never as markup."""

import re
from datetime import date

import pytest
from sqlalchemy import insert, update

from deployments.desk import cycles, pages
from deployments.gate.people import Role
from flows.stages import STAGES
from schemas import tables
from schemas.law.cycle import cycle_id
from schemas.law.deciding import Wait
from schemas.policy import for_cycle, instead
from tasks.desk.dossier import versions_of
from tasks.store import dossier, items
from tasks.store.database import begin, reading
from tests.deployments.desk.conftest import CYCLE, HELD, RETURNED, SENT, browser_of

pytestmark = pytest.mark.usefixtures("today_is")


@pytest.mark.usefixtures("shared")
class TestReading:
    """Pages of the played cycle."""

    def test_an_applications_page_tells_its_whole_life(self) -> None:
        page = browser_of("李办", Role.APPROVER).sees(f"/applications/{HELD}")
        with reading() as db:
            rows, letters = items.of_application(db, HELD), dossier.letters(db, [HELD])
        assert "待例外审批" in page
        assert f"/applications/{HELD}/decide" in page
        for code in set(rows["occupation_code"]):
            assert code in page
        for number in letters["number"]:
            assert number in page
        assert "第 1 版" in page
        sent = browser_of("李办", Role.VIEWER).sees(f"/applications/{SENT}")
        assert "专家组：" in sent
        assert "已送评" in sent
        assert "受理通知书" in sent
        assert "/decide" not in sent

    def test_the_history_is_in_words(self) -> None:
        page = browser_of("李办", Role.VIEWER).sees(f"/applications/{SENT}")
        history = page[page.index('id="history"') :]
        assert "出具受理通知书" in history
        assert "acceptance:" not in history
        assert re.search(r"[1-5]级", history) is None
        assert re.search(r"[一二三四五]级 · ", history)
        assert re.search(r"提交 \d{4}-\d\d-\d\d \d\d:\d\d，", page)

    def test_a_returned_ones_page_names_what_is_missing_and_until_when(self) -> None:
        page = browser_of("李办", Role.VIEWER).sees(f"/applications/{RETURNED}")
        assert "2026-09-18" in page
        assert "须补正" in page
        assert "补正通知书" in page

    def test_the_steps_of_a_cycle_cite_the_citys_own_articles(self) -> None:
        policy = for_cycle(cycle_id(CYCLE))
        others = {stage.article: f"第{place}条" for place, stage in enumerate(STAGES, 1)}
        with instead(policy.model_copy(update={"articles": others})):
            page = browser_of("李办", Role.VIEWER).sees(f"/cycles/{CYCLE}")
        for stage in STAGES:
            assert f"{stage.description}（{others[stage.article]}）" in page

    def test_applications_are_found_by_cycle_status_and_words(self) -> None:
        browser = browser_of("李办", Role.VIEWER)
        assert "共 10 件" in browser.sees("/applications", cycle=CYCLE)
        only = browser.sees("/applications", status="returned")
        assert RETURNED in only
        assert SENT not in only
        assert "共 1 件" in browser.sees("/applications", words=SENT[-4:])
        assert "共 0 件" in browser.sees("/applications", words="没有这样的")

    def test_a_cycles_page_has_stages_counts_deadlines(self) -> None:
        page = browser_of("李办", Role.OPERATOR).sees(f"/cycles/{CYCLE}")
        for text in ("2026-09-10", "2026-10-25", "初审", "申报 10 件", "试运行", "全部评分表"):
            assert text in page
        assert CYCLE in browser_of("李办", Role.VIEWER).sees("/cycles")

    @pytest.mark.parametrize(
        "path", ["/applications/NO-1", "/cycles/2026-05", "/institutions/X", "/editions/2026-09.9"]
    )
    def test_what_is_not_there_is_a_sentence(self, path: str) -> None:
        answer = browser_of("李办", Role.VIEWER).client.get(f"/filing{path}")
        assert answer.status_code == 404
        assert "没有" in answer.text

    @pytest.mark.parametrize("path", ["/applications", "/letters"])
    def test_a_page_beyond_the_last_one_is_the_last_one(self, path: str) -> None:
        browser = browser_of("李办", Role.VIEWER)
        for page in ("99999999999999999999", "2", "0", "-3"):
            assert "第 1 / 1 页" in browser.sees(path, page=page)

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/applications?page=abc", 400),
            ("/letters?page=abc", 400),
            ("/letters/file", 400),
            ("/letters/posted", 405),
            (f"/cycles/{CYCLE}/close", 405),
            ("/pauses/sweeps/pause", 405),
            ("/occupations/renumber", 405),
            ("/nothing/at/all", 404),
        ],
    )
    def test_an_address_nobody_can_follow_is_a_sentence(self, path: str, status: int) -> None:
        answer = browser_of("李办", Role.OPERATOR).client.get(f"/filing{path}")
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert 'role="alert"' in answer.text
        assert "Method Not Allowed" not in answer.text

    def test_no_page_asks_another_host_or_runs_words(self) -> None:
        browser = browser_of('<img src=x onerror="1">', Role.VIEWER)
        for path in ("/", "/applications", "/institutions", "/cycles", "/letters", "/doors", f"/applications/{SENT}"):
            page = browser.sees(path)
            assert "<img" not in page
            assert "//" not in page.replace("<!doctype html>", "").replace("data:,", "")
        answer = browser.client.get("/filing/static/htmx.min.js")
        assert answer.status_code == 200
        assert browser.client.get("/filing/static/../house.py").status_code == 404


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("institution", "磁湖厂｜enterprise｜420281｜｜", "磁湖厂，企业，大冶市"),
        ("item", "held", "待例外审批"),
        ("panel", "E1、E2", "E1、E2"),
    ],
)
def test_what_became_is_in_words(kind: str, code: str, words: str) -> None:
    assert pages.in_words(kind, code) == words


def test_why_is_in_words() -> None:
    assert pages.because("a" * 64) == "清单 SHA-256 aaaaaaaaaaaaaaaa…"
    assert pages.because("寄出（2026-09-12）：acceptance:HS1:r1") == "寄出（2026-09-12）：受理通知书"
    assert pages.because("CAP-2：经研究准予") == "CAP-2：经研究准予"
    assert (pages.level("2"), pages.level("")) == ("二级", "")


@pytest.mark.parametrize(
    ("wait", "items_open", "words"),
    [
        (Wait(deadline=date(2099, 9, 10)), {}, "截止日 2099-09-10"),
        (Wait(corrections=1, corrected_by=date(2026, 9, 18), results=3), {}, "1 件补正（至 2026-09-18）；3 个评估结果"),
        (Wait(), {"dispatched": 29, "filed": 4}, "等待期限已过，仍有 29 个申报职业等级未办结"),
        (Wait(), {"filed": 4}, ""),
    ],
)
def test_for_what_a_cycle_waits_is_in_words(wait: Wait, items_open: dict[str, int], words: str) -> None:
    assert cycles._in_words(wait, items_open) == words


def test_an_institutions_page_has_terms_activities_and_complaints(home: object) -> None:
    from tests.registers import COOK, ONE, take_over

    take_over([(ONE, COOK, "4")], date(2024, 1, 10), date(2027, 1, 9), day=date(2026, 9, 1))
    with begin() as db:
        complaint = {"complaint_no": "TS-1", "uscc": ONE, "summary": "收费", "handled_by": "周办", "outcome": "open"}
        db.execute(insert(tables.complaint).values(**complaint, received_on=date(2026, 9, 2)))
        sitting = {"uscc": ONE, "occupation_code": COOK, "work_type": "", "level": "4", "candidates": 12, "passed": 9}
        db.execute(insert(tables.activity).values(**sitting, held_on=date(2026, 3, 3)))
    browser = browser_of("李办", Role.APPROVER)
    page = browser.sees(f"/institutions/{ONE}")
    for text in ("2027-01-09", "在册", "TS-1", "周办", "2026-03-03", "12", f"/institutions/{ONE}/adjust"):
        assert text in page
    assert ONE in browser.sees("/institutions", words="机构")
    todo = browser.sees("/", kind="complaint")
    assert "TS-1" in todo
    assert "TS-1" in browser.sees("/complaints/TS-1")


def test_versions_show_what_changed_and_mask_identity_numbers(own_home: object) -> None:
    with begin() as db:
        row = dict(
            db.execute(tables.application_version.select().where(tables.application_version.c.application_no == SENT))
            .mappings()
            .one()
        )
        db.execute(
            insert(tables.application_version).values(
                {**row, "version": 2, "content_hash": "x", "contact_name": "新联系人", "standing": "current"}
            )
        )
        staff = dict(
            db.execute(tables.staff_member.select().where(tables.staff_member.c.application_no == SENT))
            .mappings()
            .all()[0]
        )
        db.execute(
            insert(tables.staff_member).values(
                {**staff, "version": 2, "name": "新来的", "id_number": "420202199001011234"}
            )
        )
        db.execute(update(tables.application).where(tables.application.c.application_no == SENT).values(version=2))
    with reading() as db:
        newest, first = versions_of(db, SENT)
    assert (newest.number, first.number, first.changes) == (2, 1, [])
    changed = {change.place: (change.was, change.became) for change in newest.changes}
    assert changed["基本信息·联系人"] == (row["contact_name"], "新联系人")
    came = [change.became for change in newest.changes if change.place == "人员队伍" and change.became]
    assert len(came) == 1
    assert "新来的" in came[0]
    assert "420202199001011234" not in browser_of("李办", Role.VIEWER).sees(f"/applications/{SENT}")
